package io.neurojoule.workload;

import java.util.List;

/// Where the time of a step goes inside a network, from a pass of its own.
///
/// @param wholeNanos time of the steps of the pass, without the first
/// @param layers     what they consisted of, as the runtime executed it: after fusion
public record Layers(long wholeNanos, List<Layer> layers) {
    public Layers {
        layers = List.copyOf(layers);
    }

    /// One operation.
    ///
    /// @param name     unique in the network
    /// @param operator e.g. `Conv`
    /// @param nanos    over the steps of the pass
    public record Layer(String name, String operator, long nanos) {}
}
