package io.neurojoule.workload;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a runtime really executes, whatever the artefact is called.
///
/// @param shares   share of run time by data type, e.g. `int8` → 0.91; empty when not known
/// @param settings what applies and was not known when it was loaded, e.g. `threads` → `2`
/// @param notes    what the user should know, one sentence each, e.g. that a precision fell back
/// @param layers   where the time goes, if the runtime can tell
public record Execution(
        Map<String, Double> shares, Map<String, String> settings, List<String> notes, Optional<Layers> layers) {
    /// Nobody knows.
    public static final Execution UNKNOWN = new Execution(Map.of(), Map.of(), List.of(), Optional.empty());

    public Execution {
        shares = Map.copyOf(shares);
        settings = Map.copyOf(settings);
        notes = List.copyOf(notes);
    }
}
