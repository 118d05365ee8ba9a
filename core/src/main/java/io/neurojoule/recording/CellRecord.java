package io.neurojoule.recording;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What the run found out about a cell beside its windows: `cells/<id>.json`.
///
/// @param status    `measured`, `unsupported` or `failed`
/// @param agreement of its output with the first artefact's; 1 is the same output
/// @param latencies histogram of the latency pass, or of all measured windows where a load is: key 32·e + the next
///                  5 bits, e the bit length of the nanoseconds
/// @param timings   histograms of what the steps of the measured windows timed, by the names of
///                  [io.neurojoule.workload.Tally]
public record CellRecord(
        String cellId,
        String target,
        String model,
        String precision,
        int batch,
        String status,
        Optional<String> reason,
        OptionalDouble agreement,
        OptionalDouble loadSeconds,
        OptionalDouble firstStepSeconds,
        OptionalLong peakMemoryBytes,
        Map<Integer, Long> latencies,
        Map<String, Double> executed,
        Map<String, String> settings,
        Map<String, Map<Integer, Long>> timings) {
    public CellRecord {
        latencies = Map.copyOf(latencies);
        timings = Objects.requireNonNullElse(timings, Map.of()); // an older run has none
        executed = Map.copyOf(executed);
        settings = Map.copyOf(settings);
    }

    /// A cell of which nothing is known yet.
    public static CellRecord of(String cellId, String target, String model, String precision, int batch) {
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                "measured",
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of());
    }

    public CellRecord withStatus(String other, String why) {
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                other,
                Optional.of(why),
                agreement,
                loadSeconds,
                firstStepSeconds,
                peakMemoryBytes,
                latencies,
                executed,
                settings,
                timings);
    }

    public CellRecord withAgreement(OptionalDouble other) {
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                status,
                reason,
                other,
                loadSeconds,
                firstStepSeconds,
                peakMemoryBytes,
                latencies,
                executed,
                settings,
                timings);
    }

    public CellRecord withLoad(
            double seconds, double firstSeconds, Map<String, Double> dtypes, Map<String, String> applied) {
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                status,
                reason,
                agreement,
                OptionalDouble.of(seconds),
                OptionalDouble.of(firstSeconds),
                peakMemoryBytes,
                latencies,
                dtypes,
                applied,
                timings);
    }

    /// @param dtypes  instead of those known so far; none: they stay
    /// @param applied added to the settings known so far
    public CellRecord withExecuted(Map<String, Double> dtypes, Map<String, String> applied) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(applied);
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                status,
                reason,
                agreement,
                loadSeconds,
                firstStepSeconds,
                peakMemoryBytes,
                latencies,
                dtypes.isEmpty() ? executed : dtypes,
                all,
                timings);
    }

    /// Adds the durations of one measured window to those known so far.
    public CellRecord withDurations(Map<Integer, Long> steps, Map<String, Map<Integer, Long>> others) {
        Map<String, Map<Integer, Long>> all = new HashMap<>(timings);
        others.forEach((what, histogram) -> all.merge(what, histogram, CellRecord::together));
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                status,
                reason,
                agreement,
                loadSeconds,
                firstStepSeconds,
                peakMemoryBytes,
                together(latencies, steps),
                executed,
                settings,
                all);
    }

    private static Map<Integer, Long> together(Map<Integer, Long> one, Map<Integer, Long> other) {
        Map<Integer, Long> sum = new HashMap<>(one);
        other.forEach((bucket, n) -> sum.merge(bucket, n, Long::sum));
        return sum;
    }

    public CellRecord withRun(OptionalLong memoryBytes, Map<Integer, Long> histogram) {
        return new CellRecord(
                cellId,
                target,
                model,
                precision,
                batch,
                status,
                reason,
                agreement,
                loadSeconds,
                firstStepSeconds,
                memoryBytes,
                histogram,
                executed,
                settings,
                timings);
    }
}
