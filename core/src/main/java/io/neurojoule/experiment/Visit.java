package io.neurojoule.experiment;

import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import java.util.List;

/// One cell of the sweep, and what the network is asked for it.
public record Visit(Cell cell, LoadRequest load, List<InputSpec> inputs) {
    public Visit {
        inputs = List.copyOf(inputs);
    }

    String cellId() {
        return cell.id();
    }
}
