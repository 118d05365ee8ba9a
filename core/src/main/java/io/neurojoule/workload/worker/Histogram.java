package io.neurojoule.workload.worker;

import java.util.Map;
import java.util.TreeMap;

/// Durations by their size, as the workload protocol sends them: the bucket of a duration is 32·e + the next 5 bits, e
/// the bit length of the nanoseconds.
final class Histogram {
    /// There are no more.
    static final int BUCKETS = 64 * 32;

    private Histogram() {}

    static int bucket(long nanos) {
        int e = Long.SIZE - Long.numberOfLeadingZeros(nanos);
        return 32 * e + (int) (nanos >>> Math.max(e - 6, 0) & 31);
    }

    /// The buckets that hold something.
    static Map<Integer, Long> of(long[] buckets) {
        Map<Integer, Long> histogram = new TreeMap<>();
        for (int i = 0; i < buckets.length; i++) {
            if (buckets[i] > 0) {
                histogram.put(i, buckets[i]);
            }
        }
        return histogram;
    }
}
