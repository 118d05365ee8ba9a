package io.neurojoule.graph;

import java.util.List;
import java.util.stream.Collectors;

/// An input or output of a network.
///
/// @param dtype `float32`, `int64`, …; `unknown` for what is no tensor
/// @param dims  empty for a scalar
public record Port(String name, String dtype, List<Dimension> dims) {
    public Port {
        dims = List.copyOf(dims);
    }

    /// For messages, e.g. `x float32 [N,2,1024]`.
    @Override
    public String toString() {
        return name + " " + dtype + " "
                + dims.stream().map(Dimension::toString).collect(Collectors.joining(",", "[", "]"));
    }
}
