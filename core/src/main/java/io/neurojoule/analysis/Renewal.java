package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Quantity;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/// How often a channel brought a new value over a whole recording.
///
/// @param median   time from one new value to the next; no less than between two readings
/// @param shortest the same, the least
record Renewal(Duration median, Duration shortest) {
    /// Fewer new values tell nothing.
    private static final int LEAST_CHANGES = 10;

    /// Empty if the value changed too seldom, or mostly by one step: then the step, not the refresh, keeps it still. Of
    /// a power only changes within a window count, as a power that stays the same until the load changes may have been
    /// renewed all the time.
    static Optional<Renewal> of(Signal signal, List<Window> windows) {
        boolean counter = signal.channel().quantity() == Quantity.ENERGY;
        long[] edges = windows.stream()
                .flatMapToLong(window -> LongStream.of(window.startNanos(), window.endNanos()))
                .sorted()
                .toArray();
        long[] t = signal.timeNanos();
        long[] raw = signal.raw();
        long[] between = new long[t.length];
        long[] steps = new long[t.length];
        int n = 0;
        int changed = 0; // the first reading is no change
        for (int i = 1; i < t.length; i++) {
            if (raw[i] != raw[i - 1]) {
                if (changed > 0 && (counter || !isBetween(edges, t[changed], t[i]))) {
                    between[n] = t[i] - t[changed];
                    steps[n++] = Math.abs(raw[i] - raw[i - 1]);
                }
                changed = i;
            }
        }
        if (n < LEAST_CHANGES || (counter && median(steps, n) <= 1)) {
            return Optional.empty();
        }
        Duration median = Duration.ofNanos(median(between, n));
        Duration shortest = Duration.ofNanos(Arrays.stream(between, 0, n).min().orElseThrow());
        return Optional.of(new Renewal(median, shortest));
    }

    /// Median time between two readings; empty below two.
    static Optional<Duration> reading(Signal signal) {
        long[] t = signal.timeNanos();
        long[] between = new long[Math.max(0, t.length - 1)];
        Arrays.setAll(between, i -> t[i + 1] - t[i]);
        return between.length == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(median(between, between.length)));
    }

    private static boolean isBetween(long[] edges, long from, long to) {
        int at = Arrays.binarySearch(edges, from);
        int next = at >= 0 ? at : -at - 1;
        return next < edges.length && edges[next] <= to;
    }

    private static long median(long[] values, int n) {
        long[] sorted = Arrays.copyOf(values, n);
        Arrays.sort(sorted);
        return sorted[n / 2];
    }
}
