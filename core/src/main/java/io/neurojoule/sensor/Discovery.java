package io.neurojoule.sensor;

import java.util.List;
import java.util.Optional;

/// What a source found, and what it did not find and why. The caller closes the sensors.
public record Discovery(List<Sensor> sensors, List<Missing> missing) {
    public Discovery {
        sensors = List.copyOf(sensors);
        missing = List.copyOf(missing);
    }

    /// Nothing but one thing that is missing.
    public static Discovery of(Missing missing) {
        return new Discovery(List.of(), List.of(missing));
    }

    /// Why something gives no reading.
    public enum State {
        /// It is there and this user may not read it.
        NOT_PERMITTED("not permitted"),
        /// This machine does not have it, or does not show it.
        ABSENT("absent"),
        /// It is there and does not work.
        BROKEN("broken"),
        /// It is used only where the user describes it: an address, a command.
        NOT_CONFIGURED("not configured");

        private final String words;

        State(String words) {
            this.words = words;
        }

        /// For people, e.g. `not permitted`.
        public String words() {
            return words;
        }
    }

    /// Something that is not there or cannot be read.
    ///
    /// @param code    a stable word, e.g. `rapl-permission`; listed in docs/reference/findings.md
    /// @param what    e.g. `/sys/class/powercap/intel-rapl:0/energy_uj`
    /// @param why     e.g. `permission denied (mode 0400, owner root)`
    /// @param hint    what the user can do, without root where that is possible
    /// @param admin   lines of a shell script for an administrator, run as root; empty where there is nothing to do
    /// @param channel what it would have been, if that is known: a sum that wants it has no figure
    public record Missing(
            State state,
            String code,
            String what,
            String why,
            String hint,
            List<String> admin,
            Optional<Channel> channel) {
        public Missing {
            admin = List.copyOf(admin);
        }

        public static Missing notPermitted(String code, String what, String why, String hint) {
            return of(State.NOT_PERMITTED, code, what, why, hint);
        }

        public static Missing absent(String code, String what, String why, String hint) {
            return of(State.ABSENT, code, what, why, hint);
        }

        public static Missing broken(String code, String what, String why, String hint) {
            return of(State.BROKEN, code, what, why, hint);
        }

        public static Missing notConfigured(String code, String what, String why, String hint) {
            return of(State.NOT_CONFIGURED, code, what, why, hint);
        }

        private static Missing of(State state, String code, String what, String why, String hint) {
            return new Missing(state, code, what, why, hint, List.of(), Optional.empty());
        }

        /// The same, with what an administrator can do.
        public Missing withAdmin(String... lines) {
            return new Missing(state, code, what, why, hint, List.of(lines), channel);
        }

        /// The same, with what it would have been.
        public Missing of(Channel lost) {
            return new Missing(state, code, what, why, hint, admin, Optional.of(lost));
        }
    }
}
