package io.neurojoule.sensor;

import java.io.IOException;
import java.time.Duration;

/// Judges the times that a source gives its values: one in the future, one that goes back and one that is too old are
/// no times of a reading. Used by one thread.
public final class Stamps {
    /// A value is too old after so many refreshes; the analysis takes as long a hole in a signal for a hole.
    private static final int OLD_REFRESHES = 5;

    private static final long OLD_NANOS = 500_000_000L;

    private final long oldNanos;
    private final long aheadNanos;
    private long last = Long.MIN_VALUE;

    /// @param ahead how far in the future a time may lie because two clocks never agree
    public Stamps(Duration refresh, Duration ahead) {
        oldNanos = Math.max(OLD_NANOS, OLD_REFRESHES * refresh.toNanos());
        aheadNanos = ahead.toNanos();
    }

    /// Takes the time of a value; the same as before is a repetition and allowed.
    ///
    /// @throws IOException if no value can have this time: a gap
    public void take(long nanos, long nowNanos) throws IOException {
        if (nanos - nowNanos > aheadNanos) {
            throw new IOException("its time lies %.3g s in the future; synchronise the clocks (NTP)"
                    .formatted((nanos - nowNanos) * 1e-9));
        }
        if (last != Long.MIN_VALUE && nanos < last) {
            throw new IOException("its time goes back by %.3g s".formatted((last - nanos) * 1e-9));
        }
        if (isOld(nanos, nowNanos)) {
            throw new IOException("its value is %.3g s old: it stands still, or the clocks differ"
                    .formatted((nowNanos - nanos) * 1e-9));
        }
        last = nanos;
    }

    /// Whether a value of that time says nothing any more.
    public boolean isOld(long nanos, long nowNanos) {
        return nowNanos - nanos > oldNanos;
    }
}
