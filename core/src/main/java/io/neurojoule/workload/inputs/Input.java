package io.neurojoule.workload.inputs;

import java.nio.ByteBuffer;
import java.util.List;

/// An input of one batch, filled.
///
/// @param data direct, little-endian, row-major; from position 0 to its limit
public record Input(String name, ElementType type, List<Long> shape, ByteBuffer data) {
    public Input {
        shape = List.copyOf(shape);
    }
}
