package io.neurojoule.time;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;

/// Turns wall times, by which others stamp their values, into times of the run's clock.
///
/// The wall clock is steered (by at most 500 ppm) and may be set, the run's clock is not: both are compared once a
/// second, and nothing else makes garbage. Used by one thread.
public final class WallClock {
    private static final long KEPT_NANOS = 1_000_000_000L;

    /// Between its two clocks a pair can be interrupted; of a few, one was not.
    private static final int TRIES = 3;

    private final Ticker ticker;
    private final Supplier<ClockPair> pairs;
    private long wallAheadNanos;
    private long comparedNanos;

    public WallClock(Ticker ticker, Supplier<ClockPair> pairs) {
        this.ticker = ticker;
        this.pairs = pairs;
        compare();
    }

    /// The clocks of this machine.
    public static WallClock ofThisMachine() {
        return new WallClock(Ticker.monotonic(), ClockPair::now);
    }

    /// The moment on the run's clock.
    ///
    /// @param unixNanos nanoseconds since 1970
    public long nanosOf(long unixNanos) {
        if (ticker.nanos() - comparedNanos > KEPT_NANOS) {
            compare();
        }
        return unixNanos - wallAheadNanos;
    }

    /// Compares the clocks now: for when a stamp suggests that the wall clock was set.
    ///
    /// An interruption makes wall time look early, so the latest of some is the best.
    public void compare() {
        long ahead = Long.MIN_VALUE;
        for (int i = 0; i < TRIES; i++) {
            ClockPair pair = pairs.get();
            ahead = Math.max(ahead, ChronoUnit.NANOS.between(Instant.EPOCH, pair.wall()) - pair.nanos());
        }
        wallAheadNanos = ahead;
        comparedNanos = ticker.nanos();
    }
}
