package io.neurojoule.sensor;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// Where a source looks, and what the user says about it.
///
/// @param sysfs   `/sys`, or the tree given by `--sysfs`
/// @param proc    `/proc`, or a copy of one in tests
/// @param options the source's own settings, e.g. `watts` of `synthetic`
/// @param named   settings of each thing that the user describes and names, e.g. the host of `redfish:bmc1`; by name,
/// in
///                order of name
public record SourceConfig(Path sysfs, Path proc, Map<String, String> options, Map<String, Map<String, String>> named) {
    public SourceConfig {
        options = Map.copyOf(options);
        Map<String, Map<String, String>> copies = new TreeMap<>();
        named.forEach((name, settings) -> copies.put(name, Map.copyOf(settings)));
        named = java.util.Collections.unmodifiableMap(copies);
    }

    public SourceConfig(Path sysfs, Path proc) {
        this(sysfs, proc, Map.of(), Map.of());
    }

    /// This machine, no options.
    public static SourceConfig thisMachine() {
        return new SourceConfig(Path.of("/sys"), Path.of("/proc"));
    }

    /// Whether system calls describe the same machine as the tree: false with `--sysfs` elsewhere, which switches off
    /// whatever needs them (perf, NVML, IPMI).
    public boolean isThisMachine() {
        return sysfs.normalize().equals(Path.of("/sys"));
    }

    public SourceConfig withOptions(Map<String, String> other) {
        return new SourceConfig(sysfs, proc, other, named);
    }

    public SourceConfig withNamed(Map<String, Map<String, String>> other) {
        return new SourceConfig(sysfs, proc, options, other);
    }
}
