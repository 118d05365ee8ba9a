package io.neurojoule.recording;

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
}
