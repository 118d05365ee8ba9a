package io.neurojoule.workload;

import java.util.List;

/// What a network gives and does on the prepared inputs.
public record Verified(List<Tensor> outputs, Execution execution) {
    public Verified {
        outputs = List.copyOf(outputs);
    }
}
