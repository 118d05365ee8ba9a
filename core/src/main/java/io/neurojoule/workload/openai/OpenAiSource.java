package io.neurojoule.workload.openai;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkSource;

/// `openai`: requests to a server of language models.
public final class OpenAiSource implements NetworkSource {
    @Override
    public String name() {
        return "openai";
    }

    @Override
    public Network open() {
        return new OpenAiNetwork(Ticker.monotonic(), System.getenv());
    }
}
