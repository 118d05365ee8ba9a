package io.neurojoule.sensor;

import java.util.List;
import java.util.Optional;

/// What a source found, and what it did not find and why. The caller closes the sensors.
public record Discovery(List<Sensor> sensors, List<Missing> missing) {
    public Discovery {
        sensors = List.copyOf(sensors);
        missing = List.copyOf(missing);
    }

    /// Something that is not there or cannot be read.
    ///
    /// @param code a stable word, e.g. `rapl-permission`; listed in docs/reference/findings.md
    /// @param what e.g. `/sys/class/powercap/intel-rapl:0/energy_uj`
    /// @param why  e.g. `permission denied (mode 0400, owner root)`
    /// @param hint what to do, with the command to type
    /// @param channel what it would have been, if that is known: a sum that wants it has no figure
    public record Missing(String code, String what, String why, String hint, Optional<Channel> channel) {
        public Missing(String code, String what, String why, String hint) {
            this(code, what, why, hint, Optional.empty());
        }

        public Missing of(Channel lost) {
            return new Missing(code, what, why, hint, Optional.of(lost));
        }
    }
}
