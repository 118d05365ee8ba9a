package io.neurojoule.workload.synthetic;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkSource;

/// `synthetic`: a network that only spends time, to try the road without a model.
public final class SyntheticSource implements NetworkSource {
    @Override
    public String name() {
        return "synthetic";
    }

    @Override
    public Network open() {
        return new SyntheticNetwork(Ticker.monotonic());
    }
}
