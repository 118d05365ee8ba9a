package io.neurojoule.cli;

import io.neurojoule.experiment.BatchList;
import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.Plan;
import io.neurojoule.experiment.Selection;
import io.neurojoule.graph.ModelException;
import io.neurojoule.graph.OnnxModel;
import io.neurojoule.graph.RadioMlVgg10;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Profiles one network now.
@Command(
        name = "profile",
        description = "Measure joules per element and throughput of a network over batch size and precision.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ProfileCommand implements Callable<Integer> {
    private static final String BUNDLED_NAME = "radioml-vgg10";
    private static final long BUNDLED_SEED = 1;

    /// Two loops of it at least; the first look is to take three minutes, on a slow machine too.
    private static final double BUNDLED_WARMUP_SECONDS = 0.5;

    private static final double BUNDLED_LATENCY_SECONDS = 1;

    /// With `--ci`, a cell is repeated at most so many times as often as asked.
    private static final int MORE_REPEATS = 4;

    /// With `--layers`.
    private static final int LAYERS_ALONE = 3;

    /// Windows shorter than the default are a first look.
    private static final double QUICK_BELOW_SECONDS = 10;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..*",
            paramLabel = "MODEL | -- CMD [ARG]",
            description =
                    "The artefact of the one requested precision; or any program, which is run unchanged and measured as a whole (docs/how-to/any-command.md).")
    private List<String> positional = List.of();

    private Optional<Path> model = Optional.empty();
    private List<String> program = List.of();

    @Option(
            names = "--elements",
            paramLabel = "N",
            description = "With -- CMD: elements that one run, or one region, infers (default: an element is a run).")
    private Optional<Long> elements = Optional.empty();

    @Option(
            names = "--roi",
            arity = "2",
            paramLabel = "REGEX",
            description = "With -- CMD: measure from a line that it prints to another: --roi START END.")
    private List<String> region = List.of();

    @Option(names = "--artifact", paramLabel = "PRECISION=FILE", description = "The file of one precision; repeat it.")
    private Map<String, Path> artifacts = new LinkedHashMap<>();

    @Option(names = "--adapter", paramLabel = "CMD", description = "A program that speaks the workload protocol.")
    private Optional<String> adapter = Optional.empty();

    @Option(names = "--batch", paramLabel = "LIST", description = "1,8,64 or 1:1024:x2 or 8:64:+8 (default: 1,8,64).")
    private String batch = "1,8,64";

    @Option(names = "--precision", paramLabel = "LIST", split = ",", description = "Names of precisions.")
    private List<String> precisions = List.of();

    @Option(
            names = "--shape",
            paramLabel = "INPUT=DIMS",
            description = "Shape of an input, N for the batch: x=N,3,320,320.")
    private Map<String, String> shapes = new LinkedHashMap<>();

    @Option(
            names = "--input",
            paramLabel = "INPUT=VALUE",
            description = "A number, uniform(a, b) or FILE.npy: sr=16000.")
    private Map<String, String> values = new LinkedHashMap<>();

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the runtime (default: all).")
    private Optional<Integer> threads = Optional.empty();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description =
                    "What the network runs on: cpu, cuda:0, or the PCI address of a card; its energy is counted, too.")
    private Optional<String> device = Optional.empty();

    @Option(names = "--cpus", paramLabel = "LIST", description = "The only processors the network may use, e.g. 2-7.")
    private Optional<String> cpus = Optional.empty();

    @Option(names = "--seconds", paramLabel = "S", description = "Length of a window (default: ${DEFAULT-VALUE}).")
    private double seconds = 10;

    @Option(names = "--repeats", paramLabel = "N", description = "Windows per cell (default: ${DEFAULT-VALUE}).")
    private int repeats = 5;

    @Option(
            names = "--ci",
            paramLabel = "PERCENT",
            description = "Repeat up to four times as often until the 95 %% interval is this narrow, e.g. 1%%.")
    private Optional<String> halfWidth = Optional.empty();

    @Option(
            names = "--phases",
            description = "Also where the energy goes inside a step, by each method that the network allows.")
    private boolean phases;

    @Option(names = "--idle", paramLabel = "S", description = "Length of an idle window (default: ${DEFAULT-VALUE}).")
    private double idle = 2;

    @Option(
            names = "--boundary",
            paramLabel = "NAME=GLOBS",
            description = "What a figure sums, e.g. memory=rapl:dram* (default: compute, the CPU packages).")
    private Map<String, String> boundaries = new LinkedHashMap<>();

    @Option(
            names = "--layers",
            description = "Split energy over the layers by their time, and run the largest three alone (ONNX models).")
    private boolean layers;

    @Option(names = "--element", paramLabel = "NAME", description = "What one element is (default: ${DEFAULT-VALUE}).")
    private String element = "element";

    @Option(names = "--seed", paramLabel = "N", description = "Of the order of cells (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--grace", hidden = true, description = "Seconds a network may take longer than asked.")
    private double grace = 30;

    @Option(names = "--require", paramLabel = "measured", description = "Exit 3 unless every figure would be measured.")
    private Optional<String> require = Optional.empty();

    @Option(names = "--strict", description = "Exit 5 instead of starting where `neurojoule doctor` warns.")
    private boolean strict;

    @Option(
            names = "--simulated",
            paramLabel = "WHY",
            description = "Say that the sensors are emulated: every figure is labelled SIMULATED.")
    private Optional<String> simulated = Optional.empty();

    @Mixin
    private LoadFlags load = new LoadFlags();

    @Mixin
    private SourceFlags sources = new SourceFlags();

    @Option(names = "-o", paramLabel = "DIR", description = "The run directory: absent or empty (default: runs/…).")
    private Optional<Path> output = Optional.empty();

    private boolean isBundled;

    @Override
    public Integer call() throws IOException {
        sortPositional();
        load.requireServer();
        if (program.isEmpty() && !load.isServer() && model.isEmpty() && artifacts.isEmpty() && adapter.isEmpty()) {
            isBundled = true;
            bundled();
        }
        var given = spec.commandLine().getParseResult();
        batch = load.batch(given.hasMatchedOption("--batch")).orElse(batch);
        if (!given.hasMatchedOption("--element")) {
            element = load.element().orElse(element);
        }
        Experiment experiment = experiment();
        return new Session(spec, sources, require, strict, output).run(experiment, Plan.of(experiment, Selection.ALL));
    }

    /// What stands behind `--` is a program; before it stands a model.
    private void sortPositional() {
        List<String> given = spec.commandLine().getParseResult().originalArgs();
        int dashes = given.indexOf("--");
        program = dashes < 0 ? List.of() : given.subList(dashes + 1, given.size());
        List<String> rest = positional.subList(0, positional.size() - program.size());
        if (dashes >= 0 && program.isEmpty()) {
            throw new UserException(Exit.USAGE, "-- must be followed by a command, e.g. -- python3 infer.py");
        }
        if (rest.size() > 1) {
            throw new UserException(
                    Exit.USAGE, "one MODEL only, not %s; a program goes behind --".formatted(String.join(", ", rest)));
        }
        model = rest.stream().map(Path::of).findFirst();
        if (program.isEmpty()) {
            if (elements.isPresent() || !region.isEmpty()) {
                throw new UserException(Exit.USAGE, "--elements and --roi go with a program: -- CMD [ARG]");
            }
            return;
        }
        var parsed = spec.commandLine().getParseResult();
        if (parsed.hasMatchedOption("--element") && elements.isEmpty()) {
            throw new UserException(
                    Exit.USAGE,
                    "--element names what --elements counts; without --elements N the figure is joules per run");
        }
        List<String> strange = Stream.of(
                        "--adapter",
                        "--artifact",
                        "--batch",
                        "--precision",
                        "--shape",
                        "--input",
                        "--threads",
                        "--seconds",
                        "--ci",
                        "--phases",
                        "--layers",
                        "--server",
                        "--openai",
                        "--concurrency",
                        "--rate",
                        "--scenario",
                        "--latency-bound")
                .filter(parsed::hasMatchedOption)
                .toList();
        if (model.isPresent() || !strange.isEmpty()) {
            throw new UserException(
                    Exit.USAGE,
                    "a program is run as it is; %s does not go with -- CMD"
                            .formatted(model.isPresent() ? "MODEL" : String.join(", ", strange)));
        }
        batch = "1";
        repeats = parsed.hasMatchedOption("--repeats") ? repeats : 1;
        element = parsed.hasMatchedOption("--element") || elements.isPresent()
                ? element
                : region.isEmpty() ? "run" : "region";
    }

    private Map<String, String> programOptions() {
        Map<String, String> options = new LinkedHashMap<>();
        elements.ifPresent(n -> options.put("elements", String.valueOf(n)));
        if (!region.isEmpty()) {
            options.put("roi_start", region.getFirst());
            options.put("roi_end", region.getLast());
        }
        return options;
    }

    private Experiment.Workload workload() {
        if (!program.isEmpty()) {
            return new Experiment.Workload(
                    Experiment.Workload.PROGRAM, program, Map.of(), device, programOptions(), cpus);
        }
        if (load.isServer()) {
            if (adapter.isPresent() || model.isPresent() || !artifacts.isEmpty() || threads.isPresent()) {
                throw new UserException(
                        Exit.USAGE,
                        "a server has its network and its threads; MODEL, --artifact, --adapter and --threads do not go with it");
            }
            return load.workload(device, cpus);
        }
        return new Experiment.Workload(
                adapter.isPresent() ? Experiment.Workload.COMMAND : Experiment.Workload.ONNX,
                adapter.map(Words::split).orElse(List.of()),
                Map.of(),
                device,
                options(),
                cpus);
    }

    /// Named after what the network runs on, as a name of a file can be: `cuda:0` becomes `cuda-0`.
    private String target() {
        return device.orElse(load.isServer() ? "server" : "cpu").replaceAll("[^A-Za-z0-9_-]", "-");
    }

    private Experiment experiment() {
        Experiment.Method plain = Experiment.Method.DEFAULT;
        double warmup = Math.min(isBundled ? BUNDLED_WARMUP_SECONDS : 1, seconds / 2);
        double latency = isBundled ? BUNDLED_LATENCY_SECONDS : plain.latencySeconds();
        try {
            return new Experiment(
                    Experiment.VERSION,
                    name(),
                    Optional.empty(),
                    element,
                    new Experiment.Model(name(), inputs(), OptionalLong.empty(), Optional.empty(), files()),
                    new Experiment.Matrix(BatchList.parse(batch), precisions, load.loads()),
                    Map.of(
                            target(),
                            new Experiment.Target(
                                    Optional.empty(),
                                    simulated,
                                    workload(),
                                    Experiment.Matrix.EMPTY,
                                    Experiment.Sources.EMPTY,
                                    boundary(),
                                    Map.of())),
                    new Experiment.Method(
                            new Experiment.Idle(
                                    idle,
                                    plain.idle().when(),
                                    program.isEmpty() ? plain.idle().kinds() : List.of("loaded")),
                            new Experiment.Warmup(warmup, plain.warmup().until(), 30),
                            new Experiment.Measure(
                                    seconds,
                                    plain.measure().minUpdates(),
                                    repeats,
                                    halfWidth(),
                                    MORE_REPEATS * repeats),
                            plain.order(),
                            seed,
                            plain.cooldown(),
                            phases
                                    ? new Experiment.Phases("sampled", true)
                                    : new Experiment.Phases(plain.phases().mode(), load.isolatesPhases()),
                            layers ? new Experiment.Layers(true, LAYERS_ALONE) : plain.layers(),
                            Math.min(latency, seconds),
                            grace,
                            seconds < QUICK_BELOW_SECONDS),
                    Experiment.Gates.DEFAULT,
                    load.thresholds(),
                    Experiment.Carbon.NONE,
                    Experiment.Output.DEFAULT);
        } catch (IllegalArgumentException e) {
            throw new UserException(Exit.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /// Nothing was named: RadioML VGG10, built from its seed, in a first look of under three minutes; flags still hold.
    private void bundled() {
        String home = System.getProperty("user.home", System.getProperty("java.io.tmpdir", "/tmp"));
        Path cache = Path.of(
                        Optional.ofNullable(System.getenv("XDG_CACHE_HOME")).orElse(home + "/.cache"))
                .resolve("neurojoule/radioml-vgg10-seed-" + BUNDLED_SEED);
        List<String> names = precisions.isEmpty() ? List.of("fp32", "int8") : precisions;
        try {
            Files.createDirectories(cache);
            for (String precision : names) {
                Path file = cache.resolve(BUNDLED_NAME + "-" + precision + ".onnx");
                RadioMlVgg10.write(file, bundledPrecision(precision), BUNDLED_SEED);
                artifacts.put(precision, file);
            }
        } catch (IOException e) {
            throw new UserException(
                    Exit.USAGE, "cannot write the bundled network to %s: %s".formatted(cache, e.getMessage()));
        }
        var given = spec.commandLine().getParseResult();
        batch = given.hasMatchedOption("--batch") ? batch : "1,8,64,512";
        seconds = given.hasMatchedOption("--seconds") ? seconds : 2;
        repeats = given.hasMatchedOption("--repeats") ? repeats : 3;
        idle = given.hasMatchedOption("--idle") ? idle : 0.5;
        element = given.hasMatchedOption("--element") ? element : "frame";
    }

    private static RadioMlVgg10.Precision bundledPrecision(String name) {
        return switch (name) {
            case "fp32" -> RadioMlVgg10.Precision.FP32;
            case "int8" -> RadioMlVgg10.Precision.INT8;
            default ->
                throw new UserException(Exit.USAGE, "the bundled network has fp32 and int8, not '%s'".formatted(name));
        };
    }

    private OptionalDouble halfWidth() {
        if (halfWidth.isEmpty()) {
            return OptionalDouble.empty();
        }
        try {
            return OptionalDouble.of(Double.parseDouble(halfWidth.get().replaceFirst("\\s*%$", "")) / 100);
        } catch (NumberFormatException e) {
            throw new UserException(
                    Exit.USAGE, "--ci must be a percentage, e.g. --ci 1%%, not '%s'".formatted(halfWidth.get()));
        }
    }

    private String name() {
        if (isBundled) {
            return BUNDLED_NAME;
        }
        if (!program.isEmpty()) {
            return fileName(program.getFirst());
        }
        return load.name()
                .or(() -> model.map(file -> file.getFileName().toString().replaceFirst("\\.onnx$", "")))
                .or(() -> artifacts.values().stream()
                        .findFirst()
                        .map(file -> file.getFileName().toString().replaceFirst("\\.onnx$", "")))
                .orElse("network")
                .replaceAll("[^A-Za-z0-9._-]", "_");
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1)
                .replaceAll("[^A-Za-z0-9._-]", "_")
                .replaceFirst("^[^A-Za-z0-9_]", "_");
    }

    private Map<String, List<String>> boundary() {
        Map<String, List<String>> globs = new LinkedHashMap<>();
        boundaries.forEach((name, list) -> globs.put(name, List.of(list.split(",", -1))));
        return globs;
    }

    private List<Experiment.Input> inputs() {
        Set<String> names = new LinkedHashSet<>(shapes.keySet());
        names.addAll(values.keySet());
        return names.stream()
                .map(name -> new Experiment.Input(
                        name,
                        Optional.ofNullable(shapes.get(name))
                                .map(dims -> List.of(dims.split(",")))
                                .orElse(List.of()),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.ofNullable(values.get(name)).map(ProfileCommand::value),
                        seed))
                .toList();
    }

    private static String value(String text) {
        return text.endsWith(".npy")
                ? Path.of(text).toAbsolutePath().normalize().toString()
                : text;
    }

    private Map<String, String> options() {
        return threads.map(n -> Map.of("threads", String.valueOf(n))).orElse(Map.of());
    }

    /// The file of each precision, in the order in which the user named them; none where an adapter knows its own.
    private Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        List<String> names = precisions.isEmpty()
                ? artifacts.isEmpty() ? List.of(precision()) : List.copyOf(artifacts.keySet())
                : precisions;
        for (String precision : names) {
            Optional<Path> file = Optional.ofNullable(artifacts.get(precision))
                    .or(() -> names.size() == 1 ? model : Optional.empty());
            if (file.isEmpty() && adapter.isEmpty() && program.isEmpty() && !load.isServer()) {
                throw new UserException(
                        Exit.USAGE,
                        "no file for precision '%s': a precision is a file. Add --artifact %s=FILE"
                                .formatted(precision, precision));
            }
            file.ifPresent(path ->
                    files.put(precision, path.toAbsolutePath().normalize().toString()));
        }
        return files;
    }

    /// Of the only file: as its weights; `default` where that cannot be told, or is the adapter's to say.
    private String precision() {
        try {
            return adapter.isEmpty() && model.isPresent()
                    ? OnnxModel.read(model.get()).precision().orElse("default")
                    : "default";
        } catch (ModelException e) {
            return "default"; // who loads it tells what is wrong with it
        }
    }
}
