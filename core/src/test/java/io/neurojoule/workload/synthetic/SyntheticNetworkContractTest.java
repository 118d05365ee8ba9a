package io.neurojoule.workload.synthetic;

import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.NetworkContract;
import io.neurojoule.workload.NetworkSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// It takes every precision, device and batch.
class SyntheticNetworkContractTest extends NetworkContract {
    @Override
    protected NetworkSource source() {
        return new SyntheticSource();
    }

    @Override
    protected LoadRequest loadable() {
        return new LoadRequest("", "fp32", "cpu", Map.of("step_micros", "10"));
    }

    @Override
    protected Optional<LoadRequest> unsupported() {
        return Optional.empty();
    }

    @Override
    protected Optional<LoadRequest> broken() {
        return Optional.of(new LoadRequest("", "fp32", "cpu", Map.of("step_micros", "soon")));
    }

    @Override
    protected List<InputSpec> inputs(long seed) {
        return List.of();
    }
}
