package io.neurojoule.experiment;

import java.time.Duration;

/// How each cell is measured.
///
/// @param idle        length of each idle window, before and after the measured one
/// @param warmupLeast at least so much warm-up
/// @param warmupMost  at most so much, steady or not
/// @param window      length of a measured window
/// @param repeats     how often each cell is visited, >= 1
/// @param latency     length of the pass that times every step; ZERO: none
public record Procedure(
        Duration idle, Duration warmupLeast, Duration warmupMost, Duration window, int repeats, Duration latency) {
    public Procedure {
        if (repeats < 1) {
            throw new IllegalArgumentException("repeats must be >= 1: " + repeats);
        }
        if (window.isZero() || window.isNegative()) {
            throw new IllegalArgumentException("a window must be longer than 0 s: " + window);
        }
    }

    /// How long a visit of a cell takes, apart from loading.
    public Duration visit() {
        return idle.multipliedBy(2).plus(warmupLeast.multipliedBy(2)).plus(window);
    }
}
