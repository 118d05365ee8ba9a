package io.neurojoule.sensor;

/// The user describes a source in a way that makes no sense: the message says which key of which source, and the
/// remedy.
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public SettingsException(String message) {
        super(message);
    }
}
