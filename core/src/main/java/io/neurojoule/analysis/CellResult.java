package io.neurojoule.analysis;

import io.neurojoule.sensor.Basis;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What is known about a cell beside its energy rows.
///
/// @param status          `measured`, `unsupported`, `failed` or `missing`
/// @param reason          why it is not measured
/// @param agreement       of its output with the first artefact's on the same input: 1 − residual sum of squares /
/// total
///                        sum of squares; 1 is the same output, 0 no better than the mean, below 0 worse
/// @param loadSeconds     time to load and prepare
/// @param firstStepSeconds time of the first step after load
/// @param coldStartJoules energy of load and first step at the headline boundary
/// @param coldStartBoundJoules how far that may be off because of the sources: windows of load and first step are short
/// @param coldStartBasis  how it was obtained; empty if there is none
/// @param peakMemoryBytes of the network's process
/// @param executed        share of run time by data type really executed
/// @param settings        what the runtime says applies
/// @param quality         how well its windows were measured
public record CellResult(
        String cellId,
        String target,
        String precision,
        int batch,
        String status,
        Optional<String> reason,
        OptionalDouble agreement,
        OptionalDouble loadSeconds,
        OptionalDouble firstStepSeconds,
        OptionalDouble coldStartJoules,
        OptionalDouble coldStartBoundJoules,
        Optional<Basis> coldStartBasis,
        OptionalLong peakMemoryBytes,
        Map<String, Double> executed,
        Map<String, String> settings,
        Quality quality) {
    public CellResult {
        executed = Map.copyOf(executed);
        settings = Map.copyOf(settings);
    }
}
