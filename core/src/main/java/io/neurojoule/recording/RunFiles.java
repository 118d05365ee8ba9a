package io.neurojoule.recording;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
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
    static final String PARTS = "parts.jsonl";
    static final String CELLS = "cells";
    static final String SIGNALS = "signals";
    static final String WORKLOAD = "workload";
    static final String WINDOWS_HEADER = "window_id,cell_id,repeat,kind,t0_ns,t1_ns,iterations,elements,stamped"
            + ",machine_cpu_seconds,network_cpu_seconds,profiler_cpu_seconds,throttle_events,phase_ns,counts";

    /// Columns of `windows.csv` that every run has; the others came later.
    static final int FIRST_WINDOW_COLUMNS = 9;

    static final String SPANS_HEADER = "name,t0_ns,t1_ns";

    static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .changeDefaultPropertyInclusion(include -> include.withValueInclusion(JsonInclude.Include.NON_ABSENT))
            .build();

    private RunFiles() {}

    /// A row of `windows.csv`; what is not known is empty.
    static String row(Window window) {
        Conditions conditions = window.conditions();
        return String.join(
                ",",
                window.id(),
                window.cellId(),
                String.valueOf(window.repeat()),
                window.kind().name().toLowerCase(Locale.ROOT),
                String.valueOf(window.startNanos()),
                String.valueOf(window.endNanos()),
                String.valueOf(window.iterations()),
                String.valueOf(window.elements()),
                String.valueOf(window.stamped()),
                text(conditions.machineCpuSeconds()),
                text(conditions.networkCpuSeconds()),
                text(conditions.profilerCpuSeconds()),
                conditions.throttleEvents().isPresent()
                        ? String.valueOf(conditions.throttleEvents().getAsLong())
                        : "",
                numbers(window.phaseNanos()),
                numbers(window.counts()));
    }

    /// `pack=120000;execute=880000`; what would break the row in a name becomes `_`.
    private static String numbers(Map<String, Long> byName) {
        return new TreeMap<>(byName)
                .entrySet().stream()
                        .map(one -> one.getKey().replaceAll("[,;=\\p{Cntrl}]", "_") + "=" + one.getValue())
                        .collect(Collectors.joining(";"));
    }

    private static Map<String, Long> numbers(String[] fields, int i) {
        Map<String, Long> byName = new TreeMap<>();
        if (i < fields.length && !fields[i].isEmpty()) {
            for (String one : fields[i].split(";", -1)) {
                byName.put(one.substring(0, one.indexOf('=')), Long.parseLong(one.substring(one.indexOf('=') + 1)));
            }
        }
        return byName;
    }

    private static String text(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.3f", value.getAsDouble()) : "";
    }

    /// The window of a row with at least [#FIRST_WINDOW_COLUMNS].
    static Window window(String[] fields) {
        return new Window(
                fields[0],
                fields[1],
                Integer.parseInt(fields[2]),
                Window.Kind.valueOf(fields[3].toUpperCase(Locale.ROOT)),
                Long.parseLong(fields[4]),
                Long.parseLong(fields[5]),
                Long.parseLong(fields[6]),
                Long.parseLong(fields[7]),
                Boolean.parseBoolean(fields[8]),
                new Conditions(number(fields, 9), number(fields, 10), number(fields, 11), whole(fields, 12)),
                numbers(fields, 13),
                numbers(fields, 14));
    }

    private static OptionalDouble number(String[] fields, int i) {
        return i < fields.length && !fields[i].isEmpty()
                ? OptionalDouble.of(Double.parseDouble(fields[i]))
                : OptionalDouble.empty();
    }

    private static OptionalLong whole(String[] fields, int i) {
        return i < fields.length && !fields[i].isEmpty()
                ? OptionalLong.of(Long.parseLong(fields[i]))
                : OptionalLong.empty();
    }

    /// The file of a sensor, below the run directory.
    static String signalFile(String sensorId) {
        return SIGNALS + "/" + sensorId.replaceAll("[^A-Za-z0-9._-]", "_") + ".csv";
    }
}
