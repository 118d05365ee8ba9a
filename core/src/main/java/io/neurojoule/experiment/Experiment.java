package io.neurojoule.experiment;

import io.neurojoule.workload.Load;
import io.neurojoule.workload.process.ProgramOptions;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What shall be measured, and how: the experiment file as data.
///
/// The constructors refuse what makes no sense; their messages start with the key of the file that is meant. Maps keep
/// the order of the file. Durations are seconds, shares are fractions (1 % is 0.01).
///
/// @param element what one element is called, e.g. `frame`
/// @param targets    by name; at least one
/// @param thresholds what figures must keep to, or the exit code is 6
public record Experiment(
        int version,
        String name,
        Optional<String> title,
        String element,
        Model model,
        Matrix matrix,
        Map<String, Target> targets,
        Method method,
        Gates gates,
        List<Threshold> thresholds,
        Carbon carbon,
        Output output) {
    /// The only version of the file there is so far.
    public static final int VERSION = 1;

    /// What an element is called unless the file says so.
    public static final String ELEMENT = "element";

    private static final double DAY = 86_400;

    public Experiment {
        check(version == VERSION, "version must be %d: %d".formatted(VERSION, version));
        checkFileName(name);
        check(!element.isBlank(), "element must not be empty");
        thresholds = List.copyOf(thresholds);
        targets = ordered(targets);
        check(!targets.isEmpty(), "targets must name at least one target");
        targets.keySet().forEach(target -> checkName("targets", target));
        for (Map.Entry<String, Target> target : targets.entrySet()) {
            if (target.getValue().workload().adapter().equals(Workload.ONNX)) {
                for (String precision : precisions(model, matrix, target.getValue())) {
                    check(
                            model.artifacts().containsKey(precision),
                            "targets.%s.matrix.precision '%s' has no file; add it to model.artifacts"
                                    .formatted(target.getKey(), precision));
                }
            }
            if (target.getValue().workload().isProgram()) {
                check(
                        precisions(model, matrix, target.getValue()).size() == 1,
                        "targets.%s.matrix.precision must be one name: a program runs as it is, and would be the same under each"
                                .formatted(target.getKey()));
                check(
                        batches(matrix, target.getValue()).equals(List.of(1)),
                        "targets.%s.matrix.batch must be [1]: a program has no batch; how many elements it infers goes into workload.options.elements"
                                .formatted(target.getKey()));
                check(
                        target.getValue().matrix().load().isEmpty()
                                && matrix.load().isEmpty(),
                        "targets.%s.matrix can have no concurrency and no rate: a program runs as it is"
                                .formatted(target.getKey()));
            }
        }
    }

    /// The same experiment with other files for its precisions.
    public Experiment withArtifacts(Map<String, String> artifacts) {
        Model other = new Model(model.name, model.inputs, model.classes, model.work, artifacts);
        return new Experiment(
                version, name, title, element, other, matrix, targets, method, gates, thresholds, carbon, output);
    }

    /// The same experiment with these settings of sources, for all targets: they share the sources.
    public Experiment withSourceOptions(Map<String, Map<String, String>> options) {
        Map<String, Target> others = new LinkedHashMap<>();
        targets.forEach((key, target) -> others.put(
                key,
                new Target(
                        target.label,
                        target.simulated,
                        target.workload,
                        target.matrix,
                        new Sources(target.sources.require, target.sources.want, options),
                        target.boundary,
                        target.place)));
        return new Experiment(
                version, name, title, element, model, matrix, others, method, gates, thresholds, carbon, output);
    }

    /// The precisions of a target: its own, else those of the file, else those that have an artefact, else `default`.
    ///
    /// @throws IllegalArgumentException if there is no such target
    public List<String> precisions(String target) {
        return precisions(model, matrix, target(target));
    }

    /// The batch sizes of a target: its own, else those of the file, else [Matrix#BATCHES].
    ///
    /// @throws IllegalArgumentException if there is no such target
    public List<Integer> batches(String target) {
        return batches(matrix, target(target));
    }

    /// The loads of a target: its own, else those of the file, else one step after another.
    ///
    /// @throws IllegalArgumentException if there is no such target
    public List<Load> loads(String target) {
        List<Load> own = target(target).matrix().load();
        List<Load> shared = matrix.load().isEmpty() ? List.of(Load.BACK_TO_BACK) : matrix.load();
        return own.isEmpty() ? shared : own;
    }

    private static List<Integer> batches(Matrix matrix, Target target) {
        List<Integer> own = target.matrix().batch();
        List<Integer> shared = matrix.batch().isEmpty() ? Matrix.BATCHES : matrix.batch();
        return own.isEmpty() ? shared : own;
    }

    /// @throws IllegalArgumentException if there is no such target
    public Target target(String name) {
        return Optional.ofNullable(targets.get(name))
                .orElseThrow(() -> new IllegalArgumentException("no target '" + name + "'"));
    }

    private static List<String> precisions(Model model, Matrix matrix, Target target) {
        if (!target.matrix().precision().isEmpty()) {
            return target.matrix().precision();
        }
        if (!matrix.precision().isEmpty()) {
            return matrix.precision();
        }
        return model.artifacts().isEmpty()
                ? List.of("default")
                : List.copyOf(model.artifacts().keySet());
    }

    /// The network.
    ///
    /// @param work      what is counted as work, an ONNX file
    /// @param artifacts the file or directory of each precision, as written
    public record Model(
            String name,
            List<Input> inputs,
            OptionalLong classes,
            Optional<String> work,
            Map<String, String> artifacts) {
        public Model {
            checkFileName(name);
            inputs = List.copyOf(inputs);
            check(
                    inputs.size() < 2
                            || inputs.stream().noneMatch(input -> input.name().isEmpty()),
                    "inputs must all have a name if there is more than one");
            check(
                    inputs.stream().map(Input::name).distinct().count() == inputs.size(),
                    "inputs must have different names");
            check(classes.isEmpty() || classes.getAsLong() >= 1, "output.classes must be >= 1");
            artifacts = ordered(artifacts);
            artifacts.keySet().forEach(precision -> checkName("artifacts", precision));
        }
    }

    /// One input of the network.
    ///
    /// @param name   empty for the only input
    /// @param shape  extents without the batch, or with `N` where the batch stands; empty: as in the model
    /// @param source `uniform(LOW, HIGH)`, a number or a `.npy` file
    /// @param seed   of random values
    public record Input(
            String name,
            List<String> shape,
            Optional<String> layout,
            Optional<String> dtype,
            Optional<String> source,
            long seed) {
        public Input {
            shape = List.copyOf(shape);
            for (String extent : shape) {
                check(
                        extent.matches("[1-9]\\d{0,17}|[A-Za-z_]\\w*"),
                        "shape must hold whole numbers >= 1 and names such as N: '%s'".formatted(extent));
            }
        }
    }

    /// The sweep; an empty list means: as one level up.
    ///
    /// @param load closed loops of `concurrency`, then open ones of `rate`
    public record Matrix(List<Integer> batch, List<String> precision, List<Load> load) {
        /// Batch sizes where the file names none.
        public static final List<Integer> BATCHES = List.of(1, 8, 64);

        public static final Matrix EMPTY = new Matrix(List.of(), List.of(), List.of());

        public Matrix {
            batch = List.copyOf(batch);
            batch.forEach(BatchList::check);
            check(
                    batch.stream().distinct().count() == batch.size(),
                    "batch must not name a size twice: %s".formatted(batch));
            precision = List.copyOf(precision);
            precision.forEach(one -> checkName("precision", one));
            check(
                    precision.stream().distinct().count() == precision.size(),
                    "precision must not name one twice: %s".formatted(precision));
            load = List.copyOf(load);
            check(
                    load.stream().distinct().count() == load.size(),
                    "concurrency and rate must not name one twice: %s"
                            .formatted(load.stream().map(Load::label).toList()));
        }
    }

    /// A machine or device under test.
    ///
    /// @param simulated why its sensors are not real; empty for real ones
    /// @param boundary  globs of channels by name of the boundary
    /// @param place     where it runs, kept as written: String, Long, Double, Boolean, List and Map
    public record Target(
            Optional<String> label,
            Optional<String> simulated,
            Workload workload,
            Matrix matrix,
            Sources sources,
            Map<String, List<String>> boundary,
            Map<String, Object> place) {
        public Target {
            check(simulated.isEmpty() || !simulated.get().isBlank(), "simulated must say why");
            Map<String, List<String>> copies = new LinkedHashMap<>();
            boundary.forEach((key, globs) -> copies.put(key, List.copyOf(globs)));
            boundary = Collections.unmodifiableMap(copies);
            boundary.forEach((key, globs) -> check(!globs.isEmpty(), "boundary.%s must name a channel".formatted(key)));
            place = ordered(place);
        }
    }

    /// How the network is run.
    ///
    /// @param command the program and its arguments; empty unless the adapter is `command` or `program`
    /// @param cpus    the only processors that it may use, e.g. `2-7`
    public record Workload(
            String adapter,
            List<String> command,
            Map<String, String> env,
            Optional<String> device,
            Map<String, String> options,
            Optional<String> cpus) {
        /// ONNX Runtime.
        public static final String ONNX = "onnx";

        /// A program that speaks the workload protocol.
        public static final String COMMAND = "command";

        /// Any other program, which is run as a whole.
        public static final String PROGRAM = "program";

        public Workload {
            command = List.copyOf(command);
            env = ordered(env);
            options = ordered(options);
            check(!adapter.isBlank(), "adapter must not be empty");
            if (adapter.equals(COMMAND) || adapter.equals(PROGRAM)) {
                check(
                        !command.isEmpty(),
                        "adapter '%s' needs the program to start; add command: [python3, my_net.py]"
                                .formatted(adapter));
            } else {
                check(
                        command.isEmpty(),
                        "command goes with adapter: command or program, not with '%s'".formatted(adapter));
            }
            if (adapter.equals(PROGRAM)) {
                var unused = ProgramOptions.of(options);
            }
            check(
                    cpus.isEmpty() || cpus.get().matches("\\d{1,6}(-\\d{1,6})?(,\\d{1,6}(-\\d{1,6})?)*"),
                    "cpus must be a list such as 2-7 or 0,2,4: '%s'".formatted(cpus.orElse("")));
        }

        /// Whether a run is a whole program, from its start to its end.
        public boolean isProgram() {
            return adapter.equals(PROGRAM);
        }
    }

    /// Which channels there must be, and which would be good to have.
    ///
    /// @param options settings by name of the source
    public record Sources(List<String> require, List<String> want, Map<String, Map<String, String>> options) {
        public static final Sources EMPTY = new Sources(List.of(), List.of(), Map.of());

        public Sources {
            require = List.copyOf(require);
            want = List.copyOf(want);
            Map<String, Map<String, String>> copies = new LinkedHashMap<>();
            options.forEach((source, settings) -> copies.put(source, ordered(settings)));
            options = Collections.unmodifiableMap(copies);
        }
    }

    /// How each cell is measured. [#DEFAULT] holds every default of the method.
    ///
    /// @param order        `interleaved`: repeats are the outer loop, cells are shuffled in each
    /// @param graceSeconds how much longer than asked a network may take
    /// @param quick        a first look: every figure is marked so
    public record Method(
            Idle idle,
            Warmup warmup,
            Measure measure,
            String order,
            long seed,
            Cooldown cooldown,
            Phases phases,
            Layers layers,
            double latencySeconds,
            double graceSeconds,
            boolean quick) {
        public static final Method DEFAULT = new Method(
                new Idle(5, List.of("start", "end"), List.of("bare", "loaded")),
                new Warmup(1, "steady", 30),
                new Measure(10, 50, 5, OptionalDouble.empty(), 5),
                "interleaved",
                1,
                new Cooldown(0, OptionalDouble.empty()),
                new Phases("off", false),
                Layers.OFF,
                2,
                30,
                false);

        public Method {
            oneOf("order", order, List.of("interleaved"));
            checkSeconds("latency.seconds", latencySeconds, true);
            checkSeconds("grace_seconds", graceSeconds, true);
        }
    }

    /// Windows without load.
    ///
    /// @param when  `start`, `end` or both
    /// @param kinds `bare` (nothing loaded), `loaded` or both; empty: no idle windows
    public record Idle(double seconds, List<String> when, List<String> kinds) {
        public Idle {
            checkSeconds("seconds", seconds, false);
            when = List.copyOf(when);
            kinds = List.copyOf(kinds);
            check(!when.isEmpty(), "when must hold start, end or both");
            some("when", when, List.of("start", "end"));
            some("kinds", kinds, List.of("bare", "loaded"));
        }
    }

    /// Load before a measured window, until the throughput is steady.
    public record Warmup(double minSeconds, String until, double maxSeconds) {
        public Warmup {
            checkSeconds("min_seconds", minSeconds, false);
            oneOf("until", until, List.of("steady"));
            checkSeconds("max_seconds", maxSeconds, false);
            check(
                    maxSeconds >= minSeconds,
                    "max_seconds must not be less than min_seconds: %s < %s".formatted(maxSeconds, minSeconds));
        }
    }

    /// Measured windows.
    ///
    /// @param minUpdates  a window is lengthened until the slowest required sensor has renewed its value so often
    /// @param ciHalfWidth repeat until the 95 % interval is at most so wide to each side, as a share of the mean
    /// @param maxRepeats  never more than so many
    public record Measure(double minSeconds, int minUpdates, int repeats, OptionalDouble ciHalfWidth, int maxRepeats) {
        /// Most repeats of a cell.
        public static final int MOST = 10_000;

        public Measure {
            checkSeconds("min_seconds", minSeconds, false);
            check(minUpdates >= 1, "min_updates must be >= 1: %d".formatted(minUpdates));
            check(repeats >= 1 && repeats <= MOST, "repeats must be from 1 to %d: %d".formatted(MOST, repeats));
            check(
                    ciHalfWidth.isEmpty() || (ciHalfWidth.getAsDouble() > 0 && repeats >= 2),
                    "until.ci_half_width must be more than 0%, and needs at least 2 repeats");
            check(
                    maxRepeats >= repeats && maxRepeats <= MOST,
                    "max_repeats must be from repeats (%d) to %d: %d".formatted(repeats, MOST, maxRepeats));
        }
    }

    /// A pause before a cell.
    ///
    /// @param untilTemperatureBelow in degrees Celsius
    public record Cooldown(double seconds, OptionalDouble untilTemperatureBelow) {
        public Cooldown {
            checkSeconds("seconds", seconds, true);
        }
    }

    /// The pass that splits time and energy over the phases of a batch.
    ///
    /// @param mode    `off` or `sampled`
    /// @param isolate run each phase alone in a loop, too
    public record Phases(String mode, boolean isolate) {
        public Phases {
            oneOf("mode", mode, List.of("off", "sampled"));
        }

        /// Whether there is a window with each phase timed.
        public boolean isSampled() {
            return mode.equals("sampled");
        }
    }

    /// Whether the time of each layer is told, in a pass of its own.
    ///
    /// @param isolate how many of the largest layers also run alone, each in a loop as long as a measured window
    public record Layers(boolean profile, int isolate) {
        public static final Layers OFF = new Layers(false, 0);

        /// Most layers that run alone.
        private static final int MOST = 100;

        public Layers {
            check(isolate >= 0 && isolate <= MOST, "isolate must be from 0 to %d: %d".formatted(MOST, isolate));
            check(profile || isolate == 0, "isolate needs profile: true, which tells the largest layers");
        }
    }

    /// What a cell must keep to; a violated gate marks the cell and never deletes it.
    ///
    /// @param throttled false: the processor must not have been throttled; empty: no such gate
    public record Gates(
            OptionalDouble idleDrift,
            Optional<Boolean> throttled,
            OptionalDouble foreignCpu,
            OptionalDouble repeatCv,
            String onUnsupported,
            String onOutOfMemory) {
        public static final Gates DEFAULT = new Gates(
                OptionalDouble.empty(),
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                "skip",
                "skip_larger_batches");

        public Gates {
            oneOf("on_unsupported", onUnsupported, List.of("skip", "fail"));
            oneOf("on_out_of_memory", onOutOfMemory, List.of("skip_larger_batches", "fail"));
        }
    }

    /// Carbon figures, only from numbers that the user states and names a source for.
    public record Carbon(OptionalDouble intensityGPerKwh, Optional<String> source, OptionalDouble embodiedG) {
        public static final Carbon NONE = new Carbon(OptionalDouble.empty(), Optional.empty(), OptionalDouble.empty());

        public Carbon {
            check(
                    intensityGPerKwh.isEmpty() || intensityGPerKwh.getAsDouble() >= 0,
                    "intensity_g_per_kwh must be >= 0");
            check(embodiedG.isEmpty() || embodiedG.getAsDouble() >= 0, "embodied_g must be >= 0");
            check(
                    source.isPresent() || (intensityGPerKwh.isEmpty() && embodiedG.isEmpty()),
                    "source must say where the carbon figures come from");
        }
    }

    /// What becomes of the results.
    ///
    /// @param dir the run directory; empty: `runs/<UTC>-<name>`
    public record Output(Optional<String> dir, List<String> report, List<String> export) {
        public static final Output DEFAULT = new Output(Optional.empty(), List.of("html", "csv", "json"), List.of());

        public Output {
            check(dir.isEmpty() || !dir.get().isBlank(), "dir must not be empty");
            report = List.copyOf(report);
            export = List.copyOf(export);
        }
    }

    private static void check(boolean good, String message) {
        if (!good) {
            throw new IllegalArgumentException(message);
        }
    }

    /// Names become part of file names and of the keys of overrides.
    private static void checkName(String key, String name) {
        check(
                name.matches("[A-Za-z0-9_][A-Za-z0-9_-]*"),
                "%s must consist of letters, digits, - and _, without spaces or dots: '%s'".formatted(key, name));
    }

    private static void checkFileName(String name) {
        check(
                name.matches("[A-Za-z0-9_][A-Za-z0-9._-]*"),
                "name must consist of letters, digits, dots, - and _, as it becomes part of file names: '%s'"
                        .formatted(name));
    }

    private static void checkSeconds(String key, double seconds, boolean zeroIsGood) {
        check(
                (seconds > 0 || (zeroIsGood && seconds == 0)) && seconds <= DAY,
                "%s must be %s and at most %.0f: %s"
                        .formatted(key, zeroIsGood ? "0 or more" : "more than 0", DAY, seconds));
    }

    private static void oneOf(String key, String value, List<String> allowed) {
        check(allowed.contains(value), "%s must be %s: '%s'".formatted(key, String.join(" or ", allowed), value));
    }

    private static void some(String key, List<String> values, List<String> allowed) {
        values.forEach(value -> oneOf(key, value, allowed));
        check(
                values.stream().distinct().count() == values.size(),
                "%s must not name one twice: %s".formatted(key, values));
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
