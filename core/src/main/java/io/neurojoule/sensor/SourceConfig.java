package io.neurojoule.sensor;

import java.nio.file.Path;
import java.util.Map;

/// Where a source looks.
///
/// @param sysfs   `/sys`, or the tree given by `--sysfs`
/// @param proc    `/proc`, or a copy of one in tests
/// @param options the source's own settings, e.g. `watts` of `synthetic`
public record SourceConfig(Path sysfs, Path proc, Map<String, String> options) {
    public SourceConfig {
        options = Map.copyOf(options);
    }

    /// This machine, no options.
    public static SourceConfig thisMachine() {
        return new SourceConfig(Path.of("/sys"), Path.of("/proc"), Map.of());
    }

    /// Whether system calls describe the same machine as the tree: false with `--sysfs` elsewhere, which switches off
    /// whatever needs them (perf, NVML, IPMI).
    public boolean isThisMachine() {
        return sysfs.normalize().equals(Path.of("/sys"));
    }

    public SourceConfig withOptions(Map<String, String> other) {
        return new SourceConfig(sysfs, proc, other);
    }
}
