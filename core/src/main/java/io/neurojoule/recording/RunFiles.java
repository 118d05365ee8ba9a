package io.neurojoule.recording;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/// Names and encodings of the run directory, shared by [Recorder] and [Recording].
final class RunFiles {
    static final String RUN = "run.json";
    static final String PLAN = "plan.json";
    static final String EXPERIMENT = "experiment.yaml";
    static final String WINDOWS = "windows.csv";
    static final String SPANS = "spans.csv";
    static final String FINDINGS = "findings.jsonl";
    static final String CELLS = "cells";
    static final String SIGNALS = "signals";
    static final String WORKLOAD = "workload";
    static final String WINDOWS_HEADER = "window_id,cell_id,repeat,kind,t0_ns,t1_ns,iterations,elements,stamped";
    static final String SPANS_HEADER = "name,t0_ns,t1_ns";

    static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .changeDefaultPropertyInclusion(include -> include.withValueInclusion(JsonInclude.Include.NON_ABSENT))
            .build();

    private RunFiles() {}

    /// The file of a sensor, below the run directory.
    static String signalFile(String sensorId) {
        return SIGNALS + "/" + sensorId.replaceAll("[^A-Za-z0-9._-]", "_") + ".csv";
    }
}
