package io.neurojoule.analysis;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// Percentiles of a histogram of latencies as the workload protocol sends it.
final class Latency {
    private static final int BUCKETS_PER_OCTAVE = 32;

    private Latency() {}

    /// The latency in seconds below which a share of the steps lies: the middle of its bucket (at most 3.2 % wide).
    static OptionalDouble quantile(Map<Integer, Long> histogram, double share) {
        long total = histogram.values().stream().mapToLong(Long::longValue).sum();
        if (total == 0) {
            return OptionalDouble.empty();
        }
        long rank = Math.max(1, (long) Math.ceil(share * total));
        long seen = 0;
        for (Map.Entry<Integer, Long> bucket : new TreeMap<>(histogram).entrySet()) {
            seen += bucket.getValue();
            if (seen >= rank) {
                return OptionalDouble.of(middleNanos(bucket.getKey()) * 1e-9);
            }
        }
        return OptionalDouble.empty();
    }

    /// Key = 32·e + (nanos >> max(e − 6, 0) & 31), e the bit length of the nanoseconds.
    private static double middleNanos(int key) {
        int e = key / BUCKETS_PER_OCTAVE;
        int next = key % BUCKETS_PER_OCTAVE;
        if (e < 6) {
            return next;
        }
        double width = Math.scalb(1.0, e - 6);
        return (BUCKETS_PER_OCTAVE + next + 0.5) * width;
    }
}
