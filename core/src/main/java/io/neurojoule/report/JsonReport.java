package io.neurojoule.report;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.CounterCheck;
import io.neurojoule.analysis.DerivedFigure;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.LayerResult;
import io.neurojoule.analysis.Observed;
import io.neurojoule.analysis.PhaseRow;
import io.neurojoule.analysis.ResultRow;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `results.json`: the whole result for other programs, in snake_case; an absent value is left out.
///
/// The JSON Schema is the resource `results.schema.json` of this package.
public final class JsonReport implements ReportFormat {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final JsonMapper COMPACT = JsonMapper.builder().build();

    @Override
    public String name() {
        return "json";
    }

    @Override
    public String fileName() {
        return "results.json";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        write(report.result(), out);
    }

    /// Writes one JSON object, indented, with a line end.
    public static void write(ExperimentResult result, Appendable out) throws IOException {
        out.append(MAPPER.writeValueAsString(tree(result))).append('\n');
    }

    /// The same object on one line.
    static String compact(ExperimentResult result) {
        return COMPACT.writeValueAsString(tree(result));
    }

    private static Map<String, Object> tree(ExperimentResult result) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("format", result.format());
        tree.put("tool", result.tool());
        tree.put("run", run(result.run()));
        tree.put("boundaries", result.boundaries());
        tree.put("rows", result.rows().stream().map(JsonReport::row).toList());
        tree.put("cells", result.cells().stream().map(JsonReport::cell).toList());
        tree.put("phases", result.phases().stream().map(JsonReport::phase).toList());
        if (!result.layers().isEmpty()) {
            tree.put("layers", result.layers().stream().map(JsonReport::layer).toList());
        }
        if (!result.derived().isEmpty()) {
            tree.put(
                    "derived",
                    result.derived().stream().map(JsonReport::derived).toList());
        }
        tree.put("findings", result.findings().stream().map(JsonReport::finding).toList());
        tree.put("missing_windows", List.copyOf(result.missingWindows()));
        tree.put(
                "channels", result.observed().stream().map(JsonReport::observed).toList());
        tree.put(
                "counter_checks",
                result.counterChecks().stream().map(JsonReport::counterCheck).toList());
        return tree;
    }

    private static Map<String, Object> run(ExperimentResult.RunSummary run) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", run.name());
        tree.put("started_at", run.startedAt());
        putText(tree, "host", run.host());
        putText(tree, "user", run.user());
        putText(tree, "cpu", run.cpu());
        tree.put("element", run.element());
        tree.put("quick", run.quick());
        tree.put("headline", run.headline());
        putText(tree, "simulated", run.simulated());
        tree.put("labels", new TreeMap<>(run.labels()));
        tree.put("environment", new TreeMap<>(run.environment()));
        return tree;
    }

    private static Map<String, Object> row(ResultRow row) {
        Map<String, Object> tree = new LinkedHashMap<>();
        RowField.ALL.forEach(field -> put(tree, field.name(), field.value().apply(row)));
        return tree;
    }

    private static Map<String, Object> phase(PhaseRow row) {
        Map<String, Object> tree = new LinkedHashMap<>();
        RowField.PHASES.forEach(field -> put(tree, field.name(), field.value().apply(row)));
        return tree;
    }

    private static Map<String, Object> cell(CellResult cell) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("cell_id", cell.cellId());
        tree.put("target", cell.target());
        tree.put("precision", cell.precision());
        tree.put("batch", cell.batch());
        tree.put("status", cell.status());
        put(tree, "reason", cell.reason());
        put(tree, "agreement", cell.agreement());
        put(tree, "load_seconds", cell.loadSeconds());
        put(tree, "first_step_seconds", cell.firstStepSeconds());
        put(tree, "cold_start_joules", cell.coldStartJoules());
        put(tree, "cold_start_bound_joules", cell.coldStartBoundJoules());
        cell.coldStartBasis().ifPresent(basis -> tree.put("cold_start_basis", basis.name()));
        cell.peakMemoryBytes().ifPresent(bytes -> tree.put("peak_memory_bytes", bytes));
        tree.put("executed", new TreeMap<>(cell.executed()));
        tree.put("settings", new TreeMap<>(cell.settings()));
        put(tree, "idle_drift", cell.quality().idleDrift());
        put(tree, "foreign_cpu", cell.quality().foreignCpu());
        put(tree, "profiler_cpu", cell.quality().profilerCpu());
        put(tree, "repeat_cv", cell.quality().repeatCv());
        cell.quality().throttleEvents().ifPresent(events -> tree.put("throttle_events", events));
        return tree;
    }

    private static Map<String, Object> layer(LayerResult layer) {
        Map<String, Object> tree = new LinkedHashMap<>();
        List<Optional<Object>> values = LayersReport.values(layer);
        for (int i = 0; i < values.size(); i++) {
            put(tree, LayersReport.COLUMNS.get(i), values.get(i));
        }
        return tree;
    }

    private static Map<String, Object> derived(DerivedFigure figure) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("cell_id", figure.cellId());
        tree.put("name", figure.name());
        put(tree, "value", figure.value());
        put(tree, "bound", figure.bound());
        tree.put("unit", figure.unit());
        tree.put("basis", figure.basis().name());
        put(tree, "reason", figure.reason());
        return tree;
    }

    private static Map<String, Object> finding(Finding finding) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("code", finding.code());
        tree.put("severity", finding.severity().name());
        tree.put("message", finding.message());
        put(tree, "cell_id", finding.cellId());
        put(tree, "channel", finding.channel());
        put(tree, "window_id", finding.windowId());
        return tree;
    }

    private static Map<String, Object> observed(Observed one) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("channel", one.channel().id());
        putSeconds(
                tree,
                "refresh_declared_seconds",
                Optional.of(one.channel().refresh()).filter(refresh -> !refresh.isZero()));
        putSeconds(tree, "refresh_at_start_seconds", one.startRefresh());
        putSeconds(tree, "refresh_seconds", one.refresh());
        putSeconds(tree, "reading_seconds", one.reading());
        put(tree, "delay_seconds", one.delay().seconds());
        put(tree, "delay_reason", one.delay().reason());
        put(tree, "seen_share", one.channel().seenShare());
        return tree;
    }

    private static Map<String, Object> counterCheck(CounterCheck check) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("counter", check.counter());
        tree.put("power", check.power());
        tree.put("windows", check.windows());
        tree.put("apart", check.apart());
        put(tree, "power_over_counter", check.powerOverCounter());
        return tree;
    }

    private static void putSeconds(Map<String, Object> tree, String name, Optional<Duration> value) {
        value.ifPresent(duration -> tree.put(name, duration.toNanos() / 1e9));
    }

    private static void put(Map<String, Object> tree, String name, Optional<?> value) {
        value.ifPresent(present -> tree.put(name, present));
    }

    private static void put(Map<String, Object> tree, String name, OptionalDouble value) {
        value.ifPresent(present -> tree.put(name, present));
    }

    private static void putText(Map<String, Object> tree, String name, String text) {
        if (!text.isEmpty()) {
            tree.put(name, text);
        }
    }
}
