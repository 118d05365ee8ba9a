package io.neurojoule.sensor;

import java.io.IOException;

/// The sensor has vanished. It may come back, as another one or with a counter that starts anew: it is tried seldom,
/// and what it counted across that is not known.
public final class SensorGoneException extends IOException {
    /// How the reason of a gap begins where a sensor, or a part of it, had vanished.
    public static final String GONE = "gone: ";

    private static final long serialVersionUID = 1;

    public SensorGoneException(String message) {
        super(message);
    }
}
