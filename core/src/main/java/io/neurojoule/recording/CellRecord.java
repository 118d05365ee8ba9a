package io.neurojoule.recording;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What the run found out about a cell beside its windows: `cells/<id>.json`.
///
/// @param status    `measured`, `unsupported` or `failed`
/// @param agreement of its output with the first artefact's; 1 is the same output
/// @param latencies histogram of the latency pass: key 32·e + the next 5 bits, e the bit length of the nanoseconds
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
        Map<String, String> settings) {
    public CellRecord {
        latencies = Map.copyOf(latencies);
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
                settings);
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
                settings);
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
                applied);
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
                all);
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
                settings);
    }
}
