package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Channel;
import java.lang.invoke.MethodHandle;

/// Where the values of one channel come from.
sealed interface Register {
    Channel channel();

    /// A function of (device, pointer) that fills in an unsigned number.
    ///
    /// @param isLong whether of 64 bits, else of 32
    record Scalar(Channel channel, MethodHandle function, boolean isLong) implements Register {}

    /// A field value, which brings its own time stamp.
    ///
    /// @param scope 0 the GPU, 1 the module that it is part of
    record Field(Channel channel, int id, int scope) implements Register {}
}
