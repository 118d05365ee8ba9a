package io.neurojoule.sensor.ipmi;

/// Puts the time stamps of a controller's own clock onto the run's clock.
///
/// Only differences of the controller's stamps are used. The anchor is a stamp that was new when it was read, so that
/// its age is known; without one it is the first reading. Where the two clocks disagree by more than a stamp can be
/// old, the controller's was set: it is anchored anew. Used by one thread.
final class BmcClock {
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final long oldestNanos;
    private boolean anchored;
    private long anchorMillis;
    private long anchorNanos;
    private long lastMillis;
    private long lastNanos;

    /// @param oldestNanos how old a stamp can be when it is read
    BmcClock(long oldestNanos) {
        this.oldestNanos = oldestNanos;
    }

    /// Says that this stamp was new at that time.
    void anchor(long stampMillis, long nowNanos) {
        anchored = true;
        anchorMillis = stampMillis;
        anchorNanos = nowNanos;
    }

    /// The stamp on the run's clock, never later than now.
    ///
    /// @param nowNanos when it was read
    long toNanos(long stampMillis, long nowNanos) {
        if (!anchored) {
            anchor(stampMillis, nowNanos);
        } else if (stampMillis == lastMillis && lastNanos != 0) {
            return lastNanos; // the same value again, however old it has become
        }
        lastMillis = stampMillis;
        lastNanos = place(stampMillis, nowNanos);
        return lastNanos;
    }

    private long place(long stampMillis, long nowNanos) {
        long nanos = anchorNanos + (stampMillis - anchorMillis) * NANOS_PER_MILLI;
        // A stamp of the future shows that the anchor was late, or that the controller's clock is fast.
        if (nanos > nowNanos || nanos < nowNanos - oldestNanos) {
            anchor(stampMillis, nowNanos);
            return nowNanos;
        }
        return nanos;
    }
}
