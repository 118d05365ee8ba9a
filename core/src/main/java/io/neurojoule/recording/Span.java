package io.neurojoule.recording;

/// A name for a stretch of time on the run's clock.
public record Span(String name, long startNanos, long endNanos) {
    public double seconds() {
        return (endNanos - startNanos) * 1e-9;
    }
}
