package io.neurojoule.experiment;

import io.neurojoule.workload.Load;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/// The experiment file: YAML 1.2, read strictly.
///
/// A key that is unknown, stands twice or has a wrong value is an error with its line and column, never ignored.
public final class ExperimentFile {
    /// The keys of each level; `*` stands for a name or a place in a list. The JSON Schema has the same.
    static final Map<String, List<String>> KEYS = keys();

    private ExperimentFile() {}

    private static Map<String, List<String>> keys() {
        Map<String, List<String>> keys = new LinkedHashMap<>();
        keys.put(
                "",
                List.of(
                        "version",
                        "name",
                        "title",
                        "element",
                        "model",
                        "matrix",
                        "targets",
                        "method",
                        "gates",
                        "thresholds",
                        "carbon",
                        "output"));
        keys.put("model", List.of("name", "input", "inputs", "output", "work", "artifacts"));
        keys.put("model.input", List.of("name", "shape", "layout", "dtype", "source", "seed"));
        keys.put("model.inputs.*", List.of("name", "shape", "layout", "dtype", "source", "seed"));
        keys.put("model.output", List.of("classes"));
        keys.put("model.work", List.of("onnx"));
        keys.put("matrix", List.of("batch", "precision", "concurrency", "rate"));
        keys.put("targets.*", List.of("label", "simulated", "workload", "matrix", "sources", "boundary", "place"));
        keys.put("targets.*.workload", List.of("adapter", "command", "env", "device", "options", "cpus"));
        keys.put("targets.*.matrix", List.of("batch", "precision", "concurrency", "rate"));
        keys.put("targets.*.sources", List.of("require", "want", "options"));
        keys.put(
                "method",
                List.of(
                        "idle",
                        "warmup",
                        "measure",
                        "order",
                        "seed",
                        "cooldown",
                        "phases",
                        "layers",
                        "latency",
                        "grace_seconds",
                        "quick"));
        keys.put("method.idle", List.of("seconds", "when", "kinds"));
        keys.put("method.warmup", List.of("min_seconds", "until", "max_seconds"));
        keys.put("method.measure", List.of("min_seconds", "min_updates", "repeats", "until", "max_repeats"));
        keys.put("method.measure.until", List.of("ci_half_width"));
        keys.put("method.cooldown", List.of("seconds", "until_temperature_below"));
        keys.put("method.phases", List.of("mode", "isolate"));
        keys.put("method.layers", List.of("profile", "isolate"));
        keys.put("method.latency", List.of("seconds"));
        keys.put(
                "gates",
                List.of("idle_drift", "throttled", "foreign_cpu", "repeat_cv", "on_unsupported", "on_out_of_memory"));
        keys.put("carbon", List.of("intensity_g_per_kwh", "source", "embodied_g"));
        keys.put("output", List.of("dir", "report", "export"));
        return keys;
    }

    /// Reads a file's text.
    ///
    /// @param fileName for messages
    /// @throws ExperimentException `FILE:LINE:COLUMN: what is wrong, and the remedy`
    public static Experiment parse(String text, String fileName) {
        return parse(text, fileName, List.of());
    }

    /// Reads a file's text with other values for some keys.
    ///
    /// @param overrides `key.key=value` each, the value in YAML; an empty one removes the key
    /// @throws ExperimentException as [#parse(String, String)]; if an override is wrong, it stands in front instead of
    /// the place in the file
    public static Experiment parse(String text, String fileName, List<String> overrides) {
        Node root = compose(text, fileName)
                .orElseThrow(() -> new ExperimentException(fileName + ":1:1: the file is empty"));
        return experiment(new ExperimentNode(Overrides.apply(root, overrides, fileName), "", fileName));
    }

    /// The node tree of a text.
    static Optional<Node> compose(String text, String label) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(label)
                .setSchema(new CoreSchema())
                .build();
        try {
            return new Compose(settings).composeString(text);
        } catch (MarkedYamlEngineException e) {
            throw ExperimentNode.error(
                    e.getProblemMark().or(e::getContextMark), label, "not valid YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new ExperimentException(label + ": not valid YAML: " + e.getMessage());
        }
    }

    private static List<String> known(String level) {
        return KEYS.getOrDefault(level, List.of());
    }

    private static Experiment experiment(ExperimentNode root) {
        root.only(known(""));
        int version = root.required("version").small();
        if (version != Experiment.VERSION) {
            throw root.required("version").error("version must be %d: %d".formatted(Experiment.VERSION, version));
        }
        String name = root.required("name").text();
        Experiment.Model model = model(root.required("model").only(known("model")));
        Experiment.Matrix matrix = root.map("matrix", Experiment.Matrix.EMPTY, node -> matrix(node, "matrix"));
        Map<String, Experiment.Target> targets = new LinkedHashMap<>();
        root.required("targets").entries().forEach((key, node) -> targets.put(key, target(node)));
        Experiment.Method method = root.map("method", Experiment.Method.DEFAULT, ExperimentFile::method);
        Experiment.Gates gates = root.map("gates", Experiment.Gates.DEFAULT, ExperimentFile::gates);
        List<Threshold> thresholds = root.get("thresholds")
                .map(list -> list.items().stream()
                        .map(item -> item.make(() -> Threshold.parse(item.text())))
                        .toList())
                .orElse(List.of());
        Experiment.Carbon carbon = root.map("carbon", Experiment.Carbon.NONE, ExperimentFile::carbon);
        Experiment.Output output = root.map("output", Experiment.Output.DEFAULT, ExperimentFile::output);
        return root.make(() -> new Experiment(
                version,
                name,
                root.get("title").map(ExperimentNode::text),
                root.map("element", Experiment.ELEMENT, ExperimentNode::text),
                model,
                matrix,
                targets,
                method,
                gates,
                thresholds,
                carbon,
                output));
    }

    private static Experiment.Model model(ExperimentNode node) {
        if (node.get("input").isPresent() && node.get("inputs").isPresent()) {
            throw node.required("inputs").error("model has input and inputs; keep one");
        }
        List<Experiment.Input> inputs = node.get("input")
                .map(input -> List.of(input(input, "model.input")))
                .or(() -> node.get("inputs")
                        .map(list -> list.items().stream()
                                .map(input -> input(input, "model.inputs.*"))
                                .toList()))
                .orElse(List.of());
        Optional<ExperimentNode> classes = node.get("output")
                .flatMap(output -> output.only(known("model.output")).get("classes"));
        Optional<String> work = node.get("work")
                .flatMap(counted -> counted.only(known("model.work")).get("onnx"))
                .map(ExperimentNode::text);
        return node.make(() -> new Experiment.Model(
                node.required("name").text(),
                inputs,
                classes.isPresent() ? OptionalLong.of(classes.get().whole()) : OptionalLong.empty(),
                work,
                node.map("artifacts", Map.of(), ExperimentNode::textMap)));
    }

    private static Experiment.Input input(ExperimentNode node, String level) {
        node.only(known(level));
        return node.make(() -> new Experiment.Input(
                node.map("name", "", ExperimentNode::text),
                node.map("shape", List.of(), ExperimentNode::texts),
                node.get("layout").map(ExperimentNode::text),
                node.get("dtype").map(ExperimentNode::text),
                node.get("source").map(ExperimentNode::text),
                node.map("seed", 0L, ExperimentNode::whole)));
    }

    private static Experiment.Matrix matrix(ExperimentNode node, String level) {
        node.only(known(level));
        return node.make(() -> new Experiment.Matrix(
                node.map("batch", List.of(), ExperimentFile::batches),
                node.map("precision", List.of(), ExperimentNode::texts),
                loads(node)));
    }

    private static List<Load> loads(ExperimentNode node) {
        List<Load> loads = new ArrayList<>();
        for (int concurrency : node.map("concurrency", List.<Integer>of(), ExperimentFile::batches)) {
            loads.add(node.required("concurrency").make(() -> new Load.Closed(concurrency)));
        }
        node.get("rate")
                .ifPresent(rate -> (rate.isList() ? rate.items() : List.of(rate))
                        .forEach(item -> loads.add(
                                item.make(() -> new Load.Open(item.number("steps per second, e.g. 4 or 0.5"))))));
        return loads;
    }

    private static List<Integer> batches(ExperimentNode node) {
        if (!node.isList()) {
            return node.make(() -> BatchList.parse(node.text()));
        }
        List<Integer> batches = new ArrayList<>();
        for (ExperimentNode item : node.items()) {
            batches.add(item.make(() -> {
                long batch = item.whole();
                BatchList.check(batch);
                return (int) batch;
            }));
        }
        return batches;
    }

    private static Experiment.Target target(ExperimentNode node) {
        node.only(known("targets.*"));
        Experiment.Workload workload = workload(node.required("workload"));
        Experiment.Matrix matrix =
                node.map("matrix", Experiment.Matrix.EMPTY, child -> matrix(child, "targets.*.matrix"));
        Experiment.Sources sources = node.map("sources", Experiment.Sources.EMPTY, ExperimentFile::sources);
        Map<String, List<String>> boundary = new LinkedHashMap<>();
        node.get("boundary")
                .ifPresent(map -> map.entries().forEach((name, globs) -> boundary.put(name, globs.texts())));
        Map<String, Object> place = new LinkedHashMap<>();
        node.get("place").ifPresent(map -> map.entries().forEach((key, value) -> place.put(key, value.plain())));
        return node.make(() -> new Experiment.Target(
                node.get("label").map(ExperimentNode::text),
                node.get("simulated").map(ExperimentNode::text),
                workload,
                matrix,
                sources,
                boundary,
                place));
    }

    private static Experiment.Workload workload(ExperimentNode node) {
        node.only(known("targets.*.workload"));
        return node.make(() -> new Experiment.Workload(
                node.required("adapter").text(),
                node.map("command", List.of(), ExperimentNode::texts),
                node.map("env", Map.of(), ExperimentNode::textMap),
                node.get("device").map(ExperimentNode::text),
                node.map("options", Map.of(), ExperimentNode::textMap),
                node.get("cpus").map(ExperimentNode::text)));
    }

    private static Experiment.Sources sources(ExperimentNode node) {
        node.only(known("targets.*.sources"));
        Map<String, Map<String, String>> options = new LinkedHashMap<>();
        node.get("options")
                .ifPresent(map -> map.entries().forEach((source, set) -> options.put(source, set.textMap())));
        return new Experiment.Sources(
                node.map("require", List.of(), ExperimentNode::texts),
                node.map("want", List.of(), ExperimentNode::texts),
                options);
    }

    private static Experiment.Method method(ExperimentNode node) {
        node.only(known("method"));
        Experiment.Method usual = Experiment.Method.DEFAULT;
        Experiment.Idle idle = node.map("idle", usual.idle(), ExperimentFile::idle);
        Experiment.Warmup warmup = node.map("warmup", usual.warmup(), ExperimentFile::warmup);
        Experiment.Measure measure = node.map("measure", usual.measure(), ExperimentFile::measure);
        Experiment.Cooldown cooldown = node.map("cooldown", usual.cooldown(), ExperimentFile::cooldown);
        Experiment.Phases phases = node.map("phases", usual.phases(), ExperimentFile::phases);
        Experiment.Layers layers = node.map("layers", usual.layers(), ExperimentFile::layers);
        double latency = node.map(
                "latency",
                usual.latencySeconds(),
                child -> child.only(known("method.latency"))
                        .map("seconds", usual.latencySeconds(), ExperimentNode::seconds));
        return node.make(() -> new Experiment.Method(
                idle,
                warmup,
                measure,
                node.map("order", usual.order(), ExperimentNode::text),
                node.map("seed", usual.seed(), ExperimentNode::whole),
                cooldown,
                phases,
                layers,
                latency,
                node.map("grace_seconds", usual.graceSeconds(), ExperimentNode::seconds),
                node.map("quick", usual.quick(), ExperimentNode::truth)));
    }

    private static Experiment.Idle idle(ExperimentNode node) {
        node.only(known("method.idle"));
        Experiment.Idle usual = Experiment.Method.DEFAULT.idle();
        return node.make(() -> new Experiment.Idle(
                node.map("seconds", usual.seconds(), ExperimentNode::seconds),
                node.map("when", usual.when(), ExperimentNode::texts),
                node.map("kinds", usual.kinds(), ExperimentNode::texts)));
    }

    /// `max_seconds` follows a longer `min_seconds` unless it is written.
    private static Experiment.Warmup warmup(ExperimentNode node) {
        node.only(known("method.warmup"));
        Experiment.Warmup usual = Experiment.Method.DEFAULT.warmup();
        double least = node.map("min_seconds", usual.minSeconds(), ExperimentNode::seconds);
        return node.make(() -> new Experiment.Warmup(
                least,
                node.map("until", usual.until(), ExperimentNode::text),
                node.map("max_seconds", Math.max(least, usual.maxSeconds()), ExperimentNode::seconds)));
    }

    private static Experiment.Measure measure(ExperimentNode node) {
        node.only(known("method.measure"));
        Experiment.Measure usual = Experiment.Method.DEFAULT.measure();
        int repeats = node.map("repeats", usual.repeats(), ExperimentNode::small);
        OptionalDouble halfWidth = ExperimentNode.optional(node.get("until")
                .flatMap(until -> until.only(known("method.measure.until")).get("ci_half_width"))
                .map(ExperimentNode::percent));
        return node.make(() -> new Experiment.Measure(
                node.map("min_seconds", usual.minSeconds(), ExperimentNode::seconds),
                node.map("min_updates", usual.minUpdates(), ExperimentNode::small),
                repeats,
                halfWidth,
                node.map("max_repeats", repeats, ExperimentNode::small)));
    }

    private static Experiment.Cooldown cooldown(ExperimentNode node) {
        node.only(known("method.cooldown"));
        return node.make(() -> new Experiment.Cooldown(
                node.map("seconds", Experiment.Method.DEFAULT.cooldown().seconds(), ExperimentNode::seconds),
                ExperimentNode.optional(
                        node.get("until_temperature_below").map(at -> at.number("degrees Celsius, e.g. 50")))));
    }

    private static Experiment.Phases phases(ExperimentNode node) {
        node.only(known("method.phases"));
        Experiment.Phases usual = Experiment.Method.DEFAULT.phases();
        return node.make(() -> new Experiment.Phases(
                node.map("mode", usual.mode(), ExperimentNode::text),
                node.map("isolate", usual.isolate(), ExperimentNode::truth)));
    }

    private static Experiment.Layers layers(ExperimentNode node) {
        node.only(known("method.layers"));
        Experiment.Layers usual = Experiment.Method.DEFAULT.layers();
        return node.make(() -> new Experiment.Layers(
                node.map("profile", usual.profile(), ExperimentNode::truth),
                node.map("isolate", usual.isolate(), ExperimentNode::small)));
    }

    private static Experiment.Gates gates(ExperimentNode node) {
        node.only(known("gates"));
        Experiment.Gates usual = Experiment.Gates.DEFAULT;
        return node.make(() -> new Experiment.Gates(
                ExperimentNode.optional(node.get("idle_drift").map(ExperimentNode::percent)),
                node.get("throttled").map(ExperimentNode::truth),
                ExperimentNode.optional(node.get("foreign_cpu").map(ExperimentNode::percent)),
                ExperimentNode.optional(node.get("repeat_cv").map(ExperimentNode::percent)),
                node.map("on_unsupported", usual.onUnsupported(), ExperimentNode::text),
                node.map("on_out_of_memory", usual.onOutOfMemory(), ExperimentNode::text)));
    }

    private static Experiment.Carbon carbon(ExperimentNode node) {
        node.only(known("carbon"));
        return node.make(() -> new Experiment.Carbon(
                ExperimentNode.optional(node.get("intensity_g_per_kwh").map(at -> at.number("grams per kWh"))),
                node.get("source").map(ExperimentNode::text),
                ExperimentNode.optional(node.get("embodied_g").map(at -> at.number("grams")))));
    }

    private static Experiment.Output output(ExperimentNode node) {
        node.only(known("output"));
        Experiment.Output usual = Experiment.Output.DEFAULT;
        return node.make(() -> new Experiment.Output(
                node.get("dir").map(ExperimentNode::text),
                node.map("report", usual.report(), ExperimentNode::texts),
                node.map("export", usual.export(), ExperimentNode::texts)));
    }

    /// The experiment as a file, with every default written out; reading it gives an equal experiment.
    public static String write(Experiment experiment) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("version", experiment.version());
        root.put("name", experiment.name());
        experiment.title().ifPresent(title -> root.put("title", title));
        root.put("element", experiment.element());
        root.put("model", written(experiment.model()));
        put(root, "matrix", written(experiment.matrix()));
        Map<String, Object> targets = new LinkedHashMap<>();
        experiment.targets().forEach((name, target) -> targets.put(name, written(target)));
        root.put("targets", targets);
        root.put("method", written(experiment.method()));
        root.put("gates", written(experiment.gates()));
        put(
                root,
                "thresholds",
                experiment.thresholds().stream().map(Threshold::text).toList());
        put(root, "carbon", written(experiment.carbon()));
        Map<String, Object> output = new LinkedHashMap<>();
        experiment.output().dir().ifPresent(dir -> output.put("dir", dir));
        output.put("report", experiment.output().report());
        output.put("export", experiment.output().export());
        root.put("output", output);
        DumpSettings settings = DumpSettings.builder()
                .setSchema(new CoreSchema())
                .setDefaultFlowStyle(FlowStyle.AUTO)
                .setDereferenceAliases(true)
                .setWidth(120)
                .build();
        return new Dump(settings).dumpToString(root);
    }

    private static Map<String, Object> written(Experiment.Model model) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", model.name());
        List<Map<String, Object>> inputs =
                model.inputs().stream().map(ExperimentFile::written).toList();
        if (inputs.size() == 1) {
            map.put("input", inputs.getFirst());
        } else {
            put(map, "inputs", inputs);
        }
        model.classes().ifPresent(classes -> map.put("output", Map.of("classes", classes)));
        model.work().ifPresent(work -> map.put("work", Map.of("onnx", work)));
        put(map, "artifacts", model.artifacts());
        return map;
    }

    private static Map<String, Object> written(Experiment.Input input) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (!input.name().isEmpty()) {
            map.put("name", input.name());
        }
        put(
                map,
                "shape",
                input.shape().stream()
                        .map(extent -> extent.matches("\\d+") ? (Object) Long.valueOf(extent) : extent)
                        .toList());
        input.layout().ifPresent(layout -> map.put("layout", layout));
        input.dtype().ifPresent(dtype -> map.put("dtype", dtype));
        input.source().ifPresent(source -> map.put("source", source));
        map.put("seed", input.seed());
        return map;
    }

    private static Map<String, Object> written(Experiment.Matrix matrix) {
        Map<String, Object> map = new LinkedHashMap<>();
        put(map, "batch", matrix.batch());
        put(map, "precision", matrix.precision());
        put(
                map,
                "concurrency",
                matrix.load().stream()
                        .filter(Load.Closed.class::isInstance)
                        .map(load -> ((Load.Closed) load).concurrency())
                        .toList());
        put(
                map,
                "rate",
                matrix.load().stream()
                        .filter(Load.Open.class::isInstance)
                        .map(load -> ((Load.Open) load).perSecond())
                        .toList());
        return map;
    }

    private static Map<String, Object> written(Experiment.Target target) {
        Map<String, Object> map = new LinkedHashMap<>();
        target.label().ifPresent(label -> map.put("label", label));
        target.simulated().ifPresent(why -> map.put("simulated", why));
        Map<String, Object> workload = new LinkedHashMap<>();
        workload.put("adapter", target.workload().adapter());
        put(workload, "command", target.workload().command());
        put(workload, "env", target.workload().env());
        target.workload().device().ifPresent(device -> workload.put("device", device));
        put(workload, "options", target.workload().options());
        target.workload().cpus().ifPresent(cpus -> workload.put("cpus", cpus));
        map.put("workload", workload);
        put(map, "matrix", written(target.matrix()));
        Map<String, Object> sources = new LinkedHashMap<>();
        put(sources, "require", target.sources().require());
        put(sources, "want", target.sources().want());
        put(sources, "options", target.sources().options());
        put(map, "sources", sources);
        put(map, "boundary", target.boundary());
        put(map, "place", target.place());
        return map;
    }

    private static Map<String, Object> written(Experiment.Method method) {
        Map<String, Object> idle = new LinkedHashMap<>();
        idle.put("seconds", method.idle().seconds());
        idle.put("when", method.idle().when());
        idle.put("kinds", method.idle().kinds());
        Map<String, Object> warmup = new LinkedHashMap<>();
        warmup.put("min_seconds", method.warmup().minSeconds());
        warmup.put("until", method.warmup().until());
        warmup.put("max_seconds", method.warmup().maxSeconds());
        Map<String, Object> measure = new LinkedHashMap<>();
        measure.put("min_seconds", method.measure().minSeconds());
        measure.put("min_updates", method.measure().minUpdates());
        measure.put("repeats", method.measure().repeats());
        method.measure()
                .ciHalfWidth()
                .ifPresent(width -> measure.put("until", Map.of("ci_half_width", percent(width))));
        measure.put("max_repeats", method.measure().maxRepeats());
        Map<String, Object> cooldown = new LinkedHashMap<>();
        cooldown.put("seconds", method.cooldown().seconds());
        method.cooldown()
                .untilTemperatureBelow()
                .ifPresent(degrees -> cooldown.put("until_temperature_below", degrees));
        Map<String, Object> phases = new LinkedHashMap<>();
        phases.put("mode", method.phases().mode());
        phases.put("isolate", method.phases().isolate());
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("idle", idle);
        map.put("warmup", warmup);
        map.put("measure", measure);
        map.put("order", method.order());
        map.put("seed", method.seed());
        map.put("cooldown", cooldown);
        map.put("phases", phases);
        map.put(
                "layers",
                Map.of(
                        "profile",
                        method.layers().profile(),
                        "isolate",
                        method.layers().isolate()));
        map.put("latency", Map.of("seconds", method.latencySeconds()));
        map.put("grace_seconds", method.graceSeconds());
        map.put("quick", method.quick());
        return map;
    }

    private static Map<String, Object> written(Experiment.Gates gates) {
        Map<String, Object> map = new LinkedHashMap<>();
        gates.idleDrift().ifPresent(share -> map.put("idle_drift", percent(share)));
        gates.throttled().ifPresent(allowed -> map.put("throttled", allowed));
        gates.foreignCpu().ifPresent(share -> map.put("foreign_cpu", percent(share)));
        gates.repeatCv().ifPresent(share -> map.put("repeat_cv", percent(share)));
        map.put("on_unsupported", gates.onUnsupported());
        map.put("on_out_of_memory", gates.onOutOfMemory());
        return map;
    }

    private static Map<String, Object> written(Experiment.Carbon carbon) {
        Map<String, Object> map = new LinkedHashMap<>();
        carbon.intensityGPerKwh().ifPresent(grams -> map.put("intensity_g_per_kwh", grams));
        carbon.source().ifPresent(source -> map.put("source", source));
        carbon.embodiedG().ifPresent(grams -> map.put("embodied_g", grams));
        return map;
    }

    private static void put(Map<String, Object> map, String key, Map<String, ?> value) {
        if (!value.isEmpty()) {
            map.put(key, value);
        }
    }

    private static void put(Map<String, Object> map, String key, List<?> value) {
        if (!value.isEmpty()) {
            map.put(key, value);
        }
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(share).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }
}
