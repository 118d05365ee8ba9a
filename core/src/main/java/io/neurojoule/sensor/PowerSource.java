package io.neurojoule.sensor;

/// A family of sensors that are found and read in the same way: a plug-in, named in META-INF/services.
public interface PowerSource {
    /// The first part of its channels' ids, e.g. `rapl`.
    String name();

    /// Looks for sensors and opens them. Never throws for what is absent: that is a [Discovery.Missing] with a hint.
    Discovery discover(SourceConfig config);
}
