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
        Draft draft = new Draft(this);
        draft.status = other;
        draft.reason = Optional.of(why);
        return draft.record(this);
    }

    public CellRecord withAgreement(OptionalDouble other) {
        Draft draft = new Draft(this);
        draft.agreement = other;
        return draft.record(this);
    }

    public CellRecord withLoad(
            double seconds, double firstSeconds, Map<String, Double> dtypes, Map<String, String> applied) {
        Draft draft = new Draft(this);
        draft.loadSeconds = OptionalDouble.of(seconds);
        draft.firstStepSeconds = OptionalDouble.of(firstSeconds);
        draft.executed = dtypes;
        draft.settings = applied;
        return draft.record(this);
    }

    /// @param dtypes  instead of those known so far; none: they stay
    /// @param applied added to the settings known so far
    public CellRecord withExecuted(Map<String, Double> dtypes, Map<String, String> applied) {
        Draft draft = new Draft(this);
        draft.executed = dtypes.isEmpty() ? executed : dtypes;
        draft.settings = new HashMap<>(settings);
        draft.settings.putAll(applied);
        return draft.record(this);
    }

    /// Adds the durations of one measured window to those known so far.
    public CellRecord withDurations(Map<Integer, Long> steps, Map<String, Map<Integer, Long>> others) {
        Draft draft = new Draft(this);
        draft.latencies = together(latencies, steps);
        draft.timings = new HashMap<>(timings);
        for (Map.Entry<String, Map<Integer, Long>> other : others.entrySet()) {
            draft.timings.merge(other.getKey(), other.getValue(), CellRecord::together);
        }
        return draft.record(this);
    }

    private static Map<Integer, Long> together(Map<Integer, Long> one, Map<Integer, Long> other) {
        Map<Integer, Long> sum = new HashMap<>(one);
        other.forEach((bucket, n) -> sum.merge(bucket, n, Long::sum));
        return sum;
    }

    public CellRecord withRun(OptionalLong memoryBytes, Map<Integer, Long> histogram) {
        Draft draft = new Draft(this);
        draft.peakMemoryBytes = memoryBytes;
        draft.latencies = histogram;
        return draft.record(this);
    }

    /// What may change of a record.
    private static final class Draft {
        private String status;
        private Optional<String> reason;
        private OptionalDouble agreement;
        private OptionalDouble loadSeconds;
        private OptionalDouble firstStepSeconds;
        private OptionalLong peakMemoryBytes;
        private Map<Integer, Long> latencies;
        private Map<String, Double> executed;
        private Map<String, String> settings;
        private Map<String, Map<Integer, Long>> timings;

        private Draft(CellRecord record) {
            status = record.status;
            reason = record.reason;
            agreement = record.agreement;
            loadSeconds = record.loadSeconds;
            firstStepSeconds = record.firstStepSeconds;
            peakMemoryBytes = record.peakMemoryBytes;
            latencies = record.latencies;
            executed = record.executed;
            settings = record.settings;
            timings = record.timings;
        }

        private CellRecord record(CellRecord of) {
            return new CellRecord(
                    of.cellId,
                    of.target,
                    of.model,
                    of.precision,
                    of.batch,
                    status,
                    reason,
                    agreement,
                    loadSeconds,
                    firstStepSeconds,
                    peakMemoryBytes,
                    latencies,
                    executed,
                    settings,
                    timings);
        }
    }
}
