package io.neurojoule.sensor;

import java.io.IOException;

/// The sensor has vanished: reading it again is no use.
public final class SensorGoneException extends IOException {
    private static final long serialVersionUID = 1;

    public SensorGoneException(String message) {
        super(message);
    }
}
