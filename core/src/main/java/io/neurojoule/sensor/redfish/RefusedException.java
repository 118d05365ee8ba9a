package io.neurojoule.sensor.redfish;

import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Discovery.State;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// The controller cannot be asked, or does not answer what was asked; with what the user can do about it.
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private final State state;
    private final String code;
    private final String hint;

    RefusedException(State state, String code, String message, String hint) {
        super(message);
        this.state = state;
        this.code = code;
        this.hint = hint;
    }

    boolean isAbsent() {
        return state == State.ABSENT;
    }

    Missing toMissing(String what) {
        return new Missing(state, code, what, String.valueOf(getMessage()), hint, List.of(), Optional.empty());
    }
}
