package io.neurojoule.time;

import java.time.Instant;

/// One moment on both clocks: wall time for people, monotonic time for everything else. Taken once per run.
///
/// @param nanos the same moment on [Ticker#monotonic()]
public record ClockPair(Instant wall, long nanos) {
    /// Now, on both clocks.
    public static ClockPair now() {
        return new ClockPair(Instant.now(), System.nanoTime());
    }
}
