package io.neurojoule.recording;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.SensorGoneException;
import java.time.Duration;
import java.util.List;

/// All values of one channel over a run, as read: parallel arrays, times ascending.
///
/// @param timeNanos when each value was true: the source's own stamp where it has one, else the middle of the read
/// @param readNanos how long each read took
/// @param raw       `raw * scale` is in the channel's unit
/// @param gaps      reads that gave no value, in order of time
public record Signal(Channel channel, long[] timeNanos, long[] readNanos, long[] raw, List<Gap> gaps) {
    public Signal {
        if (timeNanos.length != raw.length || readNanos.length != raw.length) {
            throw new IllegalArgumentException("%s: %d times, %d read times, %d values"
                    .formatted(channel.id(), timeNanos.length, readNanos.length, raw.length));
        }
        gaps = List.copyOf(gaps);
    }

    /// A read that gave no value.
    public record Gap(long atNanos, String why) {
        /// Whether the sensor had vanished, so that what comes later may be another one, or begin anew.
        public boolean isGone() {
            return why.startsWith(SensorGoneException.GONE);
        }
    }

    /// The same values with another basis.
    public Signal withBasis(Basis basis) {
        return new Signal(channel.withBasis(basis), timeNanos, readNanos, raw, gaps);
    }

    /// The same values, renewed as often as given.
    public Signal withRefresh(Duration refresh) {
        return new Signal(channel.withRefresh(refresh), timeNanos, readNanos, raw, gaps);
    }

    /// The least time, in nanoseconds, between two values: each was true at some time of its read.
    public long leastBetween(int earlier, int later) {
        return timeNanos[later] - timeNanos[earlier] - (readNanos[earlier] + readNanos[later]) / 2;
    }

    public int size() {
        return raw.length;
    }
}
