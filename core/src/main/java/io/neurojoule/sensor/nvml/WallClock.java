package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Reading;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.Ticker;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.function.Supplier;

/// Puts the driver's wall-clock stamps on the run's clock; makes no garbage but for one look at both clocks a second.
///
/// Used by one thread at a time.
final class WallClock {
    /// Wall time may be set or slewed (at most 500 ppm by adjtime) while a run lasts.
    private static final long KEPT_NANOS = 1_000_000_000L;

    /// Between its two clocks a pair can be interrupted; of a few, one was not.
    private static final int LOOKS = 3;

    /// A stamp this far ahead of its read is none: two looks at the clocks do not differ by so much.
    private static final long AHEAD_NANOS = 1_000_000L;

    private static final long LARGEST_MICROS = Long.MAX_VALUE / 1000;

    private final Ticker ticker;
    private final Supplier<ClockPair> clocks;
    private long[] newestMicros = new long[16];
    private long offsetNanos;
    private long lookedNanos;

    WallClock(Ticker ticker, Supplier<ClockPair> clocks) {
        this.ticker = ticker;
        this.clocks = clocks;
        look();
    }

    /// Gives channel `i` of a reading that was just taken its own time; not if the stamp is 0 or cannot be one.
    ///
    /// @param unixMicros since 1970
    void stamp(Reading out, int i, long unixMicros) {
        if (unixMicros <= 0 || unixMicros > LARGEST_MICROS) {
            return;
        }
        long now = ticker.nanos();
        if (now - lookedNanos > KEPT_NANOS) {
            look();
        }
        long nanos = unixMicros * 1000 - offsetNanos;
        boolean wentBack = wentBack(i, unixMicros);
        if (wentBack || nanos > now || now - nanos > KEPT_NANOS) {
            look(); // the wall clock may have been set since the last look
            nanos = unixMicros * 1000 - offsetNanos;
        }
        if (nanos <= now + AHEAD_NANOS) {
            out.at(i, Math.min(nanos, now));
        }
    }

    /// A register's stamps only grow, unless the wall clock was set back.
    private boolean wentBack(int i, long unixMicros) {
        if (i >= newestMicros.length) {
            newestMicros = Arrays.copyOf(newestMicros, 2 * i + 1);
        }
        long before = newestMicros[i];
        newestMicros[i] = unixMicros;
        return unixMicros < before;
    }

    /// An interruption makes wall time look early, so the latest of some is the best.
    private void look() {
        long best = Long.MIN_VALUE;
        for (int i = 0; i < LOOKS; i++) {
            ClockPair pair = clocks.get();
            long wallNanos = ChronoUnit.NANOS.between(Instant.EPOCH, pair.wall());
            best = Math.max(best, wallNanos - pair.nanos());
        }
        offsetNanos = best;
        lookedNanos = ticker.nanos();
    }
}
