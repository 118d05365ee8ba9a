package io.neurojoule.experiment;

/// An experiment that cannot be run as written; the message names the place, the reason and the remedy.
public final class ExperimentException extends RuntimeException {
    public ExperimentException(String message) {
        super(message);
    }
}
