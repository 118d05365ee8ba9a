package io.neurojoule.workload;

import java.util.List;

/// An output, for comparing: values in row-major order, whatever the type was in the network.
///
/// @param shape product of its extents = length of `values`
public record Tensor(String name, List<Long> shape, double[] values) {
    public Tensor {
        shape = List.copyOf(shape);
    }
}
