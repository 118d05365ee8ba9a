package io.neurojoule.workload;

import java.util.Map;

/// Which artefact to load, and how.
///
/// @param model     absolute path of the artefact, or empty when the adapter knows its own
/// @param precision an open name: `fp32`, `int8`, `w4a4`, `default`
/// @param device    as the workload understands it, e.g. `cpu`, `cuda:0`
/// @param options   settings of the runtime, e.g. `threads` → `2`
public record LoadRequest(String model, String precision, String device, Map<String, String> options) {
    public LoadRequest {
        options = Map.copyOf(options);
    }
}
