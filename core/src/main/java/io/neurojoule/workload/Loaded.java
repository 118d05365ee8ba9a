package io.neurojoule.workload;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// What a network says about what it has loaded.
///
/// @param parameters         weights, if counted
/// @param multiplyAccumulates MAC per element, if counted
/// @param bytes              size of the artefact, if known
/// @param settings           what really applies, for the record: threads, spinning, graph optimisation, providers, …
/// @param executed           share of run time by data type that the runtime really executes, e.g. `int8` → 0.91; empty
/// when not known
/// @param notes              what the user should know, one sentence each, e.g. which axis was taken as the batch
public record Loaded(
        OptionalLong parameters,
        OptionalLong multiplyAccumulates,
        OptionalLong bytes,
        Map<String, String> settings,
        Map<String, Double> executed,
        List<String> notes) {
    public Loaded {
        settings = Map.copyOf(settings);
        executed = Map.copyOf(executed);
        notes = List.copyOf(notes);
    }

    /// Nothing said.
    public static Loaded silent() {
        return new Loaded(
                OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), Map.of(), Map.of(), List.of());
    }
}
