package io.neurojoule.graph;

/// A file that cannot be read as a network; the message is one sentence for a person.
public final class ModelException extends Exception {
    private static final long serialVersionUID = 1;

    public ModelException(String message) {
        super(message);
    }

    public ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
