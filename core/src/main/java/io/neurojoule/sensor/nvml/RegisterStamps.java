package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Reading;
import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.util.Arrays;

/// Puts the driver's wall-clock stamps on the run's clock.
///
/// Used by one thread at a time.
final class RegisterStamps {
    /// A stamp this old is none, or the wall clock was set.
    private static final long OLD_NANOS = 1_000_000_000L;

    /// A stamp this far ahead of its read is none: two looks at the clocks do not differ by so much.
    private static final long AHEAD_NANOS = 1_000_000L;

    private static final long LARGEST_MICROS = Long.MAX_VALUE / 1000;

    private final Ticker ticker;
    private final WallClock wall;
    private long[] newestMicros = new long[16];

    RegisterStamps(Ticker ticker, WallClock wall) {
        this.ticker = ticker;
        this.wall = wall;
    }

    /// Gives channel `i` of a reading that was just taken its own time; not if the stamp is 0 or cannot be one.
    ///
    /// @param unixMicros since 1970
    void stamp(Reading out, int i, long unixMicros) {
        if (unixMicros <= 0 || unixMicros > LARGEST_MICROS) {
            return;
        }
        long now = ticker.nanos();
        long nanos = wall.nanosOf(unixMicros * 1000);
        boolean wentBack = wentBack(i, unixMicros);
        if (wentBack || nanos > now || now - nanos > OLD_NANOS) {
            wall.compare(); // it may have been set
            nanos = wall.nanosOf(unixMicros * 1000);
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
}
