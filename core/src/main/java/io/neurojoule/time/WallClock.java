package io.neurojoule.time;

import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/// Turns wall times, by which others stamp their values, into times of the run's clock.
///
/// The wall clock is steered and may be set, the run's clock is not: the pair of both is taken anew every 10 s. Used by
/// one thread.
public final class WallClock {
    private static final long RENEW_NANOS = 10_000_000_000L;

    /// A pair may be torn by a pause between its two readings; of some, the one that was taken fastest is kept.
    private static final int TRIES = 3;

    private final Ticker ticker;
    private final Supplier<ClockPair> pairs;
    private ClockPair pair;
    private long takenNanos;

    public WallClock(Ticker ticker, Supplier<ClockPair> pairs) {
        this.ticker = ticker;
        this.pairs = pairs;
        takenNanos = ticker.nanos();
        pair = tightest();
    }

    /// The clocks of this machine.
    public static WallClock ofThisMachine() {
        return new WallClock(Ticker.monotonic(), ClockPair::now);
    }

    /// The moment on the run's clock.
    ///
    /// @param unixNanos nanoseconds since 1970
    public long nanosOf(long unixNanos) {
        long now = ticker.nanos();
        if (now - takenNanos > RENEW_NANOS) {
            pair = tightest();
            takenNanos = now;
        }
        long wallNanos = Duration.between(Instant.EPOCH, pair.wall()).toNanos();
        return pair.nanos() + (unixNanos - wallNanos);
    }

    private ClockPair tightest() {
        ClockPair best = pairs.get();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < TRIES; i++) {
            long before = ticker.nanos();
            ClockPair one = pairs.get();
            long took = ticker.nanos() - before;
            if (took < least) {
                least = took;
                best = one;
            }
        }
        return best;
    }
}
