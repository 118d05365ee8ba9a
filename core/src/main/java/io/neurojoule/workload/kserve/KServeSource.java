package io.neurojoule.workload.kserve;

import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkSource;

/// `kserve`: a model on a server of the Open Inference Protocol.
public final class KServeSource implements NetworkSource {
    @Override
    public String name() {
        return "kserve";
    }

    @Override
    public Network open() {
        return new KServeNetwork();
    }
}
