package io.neurojoule.workload;

import java.util.Map;
import java.util.stream.Collectors;

/// What a loop did.
///
/// @param startNanos   first step's start on the run's clock: the network's own stamp, or `sentNanos`
/// @param endNanos     last step's end: the network's own stamp, or `receivedNanos`
/// @param stamped      whether both are the network's own
/// @param sentNanos    when the request left the profiler
/// @param receivedNanos when the answer had come
/// @param phaseNanos   time in each phase; empty unless asked
/// @param phaseCounts  how often each phase was entered; empty unless told
/// @param histogram    latencies: key 32·e + the next 5 bits, e the bit length of the nanoseconds; empty unless asked
/// @param counts       what the steps counted, by the names of [Tally]; empty when nothing
/// @param timings      histograms of what the steps timed, as `histogram`, by the names of [Tally]
public record RunAnswer(
        long iterations,
        long elements,
        long startNanos,
        long endNanos,
        boolean stamped,
        long sentNanos,
        long receivedNanos,
        Map<String, Long> phaseNanos,
        Map<String, Long> phaseCounts,
        Map<Integer, Long> histogram,
        Map<String, Long> counts,
        Map<String, Map<Integer, Long>> timings) {
    public RunAnswer {
        phaseNanos = Map.copyOf(phaseNanos);
        phaseCounts = Map.copyOf(phaseCounts);
        histogram = Map.copyOf(histogram);
        counts = Map.copyOf(counts);
        timings = timings.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, timing -> Map.copyOf(timing.getValue())));
    }

    /// Of steps that counted and timed nothing.
    public RunAnswer(
            long iterations,
            long elements,
            long startNanos,
            long endNanos,
            boolean stamped,
            long sentNanos,
            long receivedNanos,
            Map<String, Long> phaseNanos,
            Map<String, Long> phaseCounts,
            Map<Integer, Long> histogram) {
        this(
                iterations,
                elements,
                startNanos,
                endNanos,
                stamped,
                sentNanos,
                receivedNanos,
                phaseNanos,
                phaseCounts,
                histogram,
                Map.of(),
                Map.of());
    }

    public double seconds() {
        return (endNanos - startNanos) * 1e-9;
    }
}
