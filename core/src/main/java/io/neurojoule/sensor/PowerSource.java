package io.neurojoule.sensor;

import java.util.Map;
import java.util.Optional;

/// A family of sensors that are found and read in the same way: a plug-in, named in META-INF/services.
public interface PowerSource {
    /// The first part of its channels' ids, e.g. `rapl`.
    String name();

    /// Looks for sensors and opens them. Never throws for what is absent: that is a [Discovery.Missing] with a hint.
    ///
    /// @throws SettingsException if the user describes something that it cannot use
    Discovery discover(SourceConfig config);

    /// The channels that a short name means, e.g. `nvml:0000:41:00.0/energy` for `nvml:gpu0/energy`; empty if it is
    /// none of this source's.
    default Optional<String> resolve(String shortName) {
        return Optional.empty();
    }

    /// The id of the component that a network calls its device, e.g. `gpu-0000:41:00.0` for `cuda:0`; empty if this
    /// source knows no device of that name.
    ///
    /// @param environment of the network's process
    /// @throws SettingsException if it cannot be told which one is meant; the message says how to name it
    default Optional<String> component(String device, Map<String, String> environment) {
        return Optional.empty();
    }
}
