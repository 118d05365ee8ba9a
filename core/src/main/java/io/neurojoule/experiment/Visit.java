package io.neurojoule.experiment;

import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import java.util.List;

/// One cell of the sweep, and what the network is asked for it.
public record Visit(String cellId, String target, String model, LoadRequest load, int batch, List<InputSpec> inputs) {
    public Visit {
        if (batch < 1) {
            throw new IllegalArgumentException("batch must be >= 1: " + batch);
        }
        inputs = List.copyOf(inputs);
    }
}
