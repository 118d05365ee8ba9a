package io.neurojoule.workload;

import java.util.List;

/// What the user said about one input of the network.
///
/// @param name   as in the model; empty for the only input
/// @param shape  extents; `N` stands for the batch; empty when not said
/// @param dtype  e.g. `float32`, `int64`; empty: as in the model
/// @param source `uniform(LOW, HIGH)`, a number, or the absolute path of a `.npy` file; empty: floats uniform in
///               [0, 1), integers 0
/// @param seed   of the random values
public record InputSpec(String name, List<String> shape, String dtype, String source, long seed) {
    public InputSpec {
        shape = List.copyOf(shape);
    }
}
