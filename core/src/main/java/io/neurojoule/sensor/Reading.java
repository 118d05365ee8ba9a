package io.neurojoule.sensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The values of one read of a sensor, one place per channel; made once and reused, so that a read makes no garbage.
///
/// Used by one thread at a time.
public final class Reading {
    private final long[] raw;
    private final long[] sourceNanos;
    private final boolean[] stamped;
    private final boolean[] set;
    private final @Nullable String[] failure;

    /// @param channels how many channels the sensor has, >= 1
    public Reading(int channels) {
        raw = new long[channels];
        sourceNanos = new long[channels];
        stamped = new boolean[channels];
        set = new boolean[channels];
        failure = new @Nullable String[channels];
    }

    /// Forgets the last read.
    public void clear() {
        Arrays.fill(stamped, false);
        Arrays.fill(set, false);
        Arrays.fill(failure, null);
    }

    /// The value of channel `i`, as the hardware gave it.
    public void set(int i, long value) {
        raw[i] = value;
        set[i] = true;
    }

    /// The time of channel `i`'s value on the run's clock, where the source stamps its own.
    public void at(int i, long nanos) {
        sourceNanos[i] = nanos;
        stamped[i] = true;
    }

    /// A gap in channel `i` only.
    public void fail(int i, String why) {
        failure[i] = why;
        set[i] = false;
    }

    public int size() {
        return raw.length;
    }

    public boolean isSet(int i) {
        return set[i];
    }

    /// @throws IllegalStateException if channel `i` has no value
    public long raw(int i) {
        if (!set[i]) {
            throw new IllegalStateException("channel " + i + " has no value");
        }
        return raw[i];
    }

    public boolean isStamped(int i) {
        return stamped[i];
    }

    public long sourceNanos(int i) {
        return sourceNanos[i];
    }

    /// Why channel `i` has no value; null if it has one, or if the sensor said nothing.
    public @Nullable String failure(int i) {
        return failure[i];
    }
}
