package io.neurojoule.cli;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.experiment.Procedure;
import io.neurojoule.experiment.Progress;
import io.neurojoule.experiment.Runner;
import io.neurojoule.experiment.Visit;
import io.neurojoule.graph.RadioMlVgg10;
import io.neurojoule.profile.Profiler;
import io.neurojoule.profile.Sources;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.report.TextReport;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.process.ProcessNetwork;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Profiles one network now.
@Command(
        name = "profile",
        description = "Measure joules per element and throughput of a network over batch size and precision.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ProfileCommand implements Callable<Integer> {
    private static final String BUNDLED_NAME = "radioml-vgg10";
    private static final long BUNDLED_SEED = 1;
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HHmmss'Z'");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "The artefact of the one requested precision.")
    private Optional<Path> model = Optional.empty();

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

    @Option(names = "--cpus", paramLabel = "LIST", description = "The only processors the network may use, e.g. 2-7.")
    private Optional<String> cpus = Optional.empty();

    @Option(names = "--seconds", paramLabel = "S", description = "Length of a window (default: ${DEFAULT-VALUE}).")
    private double seconds = 10;

    @Option(names = "--repeats", paramLabel = "N", description = "Windows per cell (default: ${DEFAULT-VALUE}).")
    private int repeats = 5;

    @Option(names = "--idle", paramLabel = "S", description = "Length of an idle window (default: ${DEFAULT-VALUE}).")
    private double idle = 2;

    @Option(names = "--element", paramLabel = "NAME", description = "What one element is (default: ${DEFAULT-VALUE}).")
    private String element = "element";

    @Option(names = "--seed", paramLabel = "N", description = "Of the order of cells (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--grace", hidden = true, description = "Seconds a network may take longer than asked.")
    private double grace = 30;

    @Option(names = "--require", paramLabel = "measured", description = "Exit 3 unless every figure would be measured.")
    private Optional<String> require = Optional.empty();

    @Option(
            names = "--simulated",
            paramLabel = "WHY",
            description = "Say that the sensors are emulated: every figure is labelled SIMULATED.")
    private Optional<String> simulated = Optional.empty();

    @Option(names = "--sysfs", paramLabel = "DIR", description = "Read another tree (default: ${DEFAULT-VALUE}).")
    private Path sysfs = Path.of("/sys");

    @Option(names = "-o", paramLabel = "DIR", description = "The run directory: absent or empty (default: runs/…).")
    private Optional<Path> output = Optional.empty();

    private boolean isBundled;

    @Override
    public Integer call() throws IOException {
        if (model.isEmpty() && artifacts.isEmpty() && adapter.isEmpty()) {
            isBundled = true;
            bundled();
        }
        if (repeats < 1 || repeats > 10_000 || !(seconds > 0) || seconds > 86_400 || !(idle > 0) || !(grace >= 0)) {
            throw new UserException(
                    Exit.USAGE,
                    "--repeats must be 1 to 10000, --seconds and --idle more than 0, e.g. --seconds 10 --repeats 5");
        }
        List<Integer> batches = BatchList.parse(batch);
        Map<String, String> files = files();
        List<Visit> cells = new ArrayList<>();
        for (Map.Entry<String, String> artifact : files.entrySet()) {
            for (int size : batches) {
                cells.add(new Visit(
                        "cpu-%s-b%d".formatted(artifact.getKey(), size),
                        "cpu",
                        name(),
                        new LoadRequest(artifact.getValue(), artifact.getKey(), "cpu", options()),
                        size,
                        inputs()));
            }
        }
        try (Sources sources = Sources.discover(new SourceConfig(sysfs, Path.of("/proc"), Map.of()))) {
            check(sources);
            return profile(sources, cells, List.copyOf(files.keySet()));
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

    private String name() {
        if (isBundled) {
            return BUNDLED_NAME;
        }
        return model.map(file -> file.getFileName().toString().replaceFirst("\\.onnx$", ""))
                .or(() -> artifacts.values().stream()
                        .findFirst()
                        .map(file -> file.getFileName().toString().replaceFirst("\\.onnx$", "")))
                .orElse("network")
                .replaceAll("[^A-Za-z0-9._-]", "_");
    }

    private List<InputSpec> inputs() {
        Set<String> names = new LinkedHashSet<>(shapes.keySet());
        names.addAll(values.keySet());
        return names.stream()
                .map(name -> new InputSpec(
                        name,
                        Optional.ofNullable(shapes.get(name))
                                .map(dims -> List.of(dims.split(",")))
                                .orElse(List.of()),
                        "",
                        Optional.ofNullable(values.get(name))
                                .map(ProfileCommand::value)
                                .orElse(""),
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

    /// The file of each precision, in the order in which the user named them; empty where an adapter knows its own.
    private Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        List<String> names = precisions.isEmpty()
                ? artifacts.isEmpty() ? List.of("default") : List.copyOf(artifacts.keySet())
                : precisions;
        for (String precision : names) {
            Optional<Path> file = Optional.ofNullable(artifacts.get(precision))
                    .or(() -> names.size() == 1 ? model : Optional.empty());
            if (file.isEmpty() && adapter.isEmpty()) {
                throw new UserException(
                        Exit.USAGE,
                        "no file for precision '%s': a precision is a file. Add --artifact %s=FILE"
                                .formatted(precision, precision));
            }
            if (file.isPresent() && !Files.isReadable(file.get())) {
                throw new UserException(Exit.USAGE, "cannot read " + file.get() + ": no such file, or not permitted");
            }
            files.put(
                    precision,
                    file.map(path -> path.toAbsolutePath().normalize().toString())
                            .orElse(""));
        }
        return files;
    }

    private void check(Sources sources) {
        if (sources.compute().isEmpty()) {
            throw new UserException(Exit.NO_SOURCE, "no usable energy source; `neurojoule sources` says why");
        }
        boolean estimated = sources.sensors().stream()
                .flatMap(sensor -> sensor.channels().stream())
                .anyMatch(channel ->
                        channel.component().kind() == Component.Kind.CPU && channel.basis() != Basis.MEASURED);
        if (require.isPresent() && estimated) {
            throw new UserException(
                    Exit.NO_SOURCE,
                    "--require measured: CPU energy can only be estimated here; `neurojoule sources` says what is missing");
        }
    }

    private int profile(Sources sources, List<Visit> cells, List<String> names) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Procedure procedure = new Procedure(
                duration(idle),
                duration(Math.min(1, seconds / 2)),
                duration(30),
                duration(seconds),
                repeats,
                duration(Math.min(2, seconds)));
        Path directory = output.orElse(
                Path.of("runs", STAMP.format(ClockPair.now().wall().atOffset(ZoneOffset.UTC)) + "-" + name()));
        String plan = plan(cells);
        Profiler profiler = new Profiler(sources, Ticker.monotonic());
        List<String> command = command();
        out.printf(
                "plan  %d cells × %d repeats × %.3g s, interleaved, about %s   [Ctrl-C keeps what is done]%n",
                cells.size(), repeats, seconds, clock(procedure.visit().toSeconds() * cells.size() * repeats));
        out.flush();
        Live live = new Live(spec.commandLine().getErr(), profiler, procedure);
        Thread interrupt = new Thread(() -> {
            profiler.cancel();
            live.awaitEnd();
        });
        Runtime.getRuntime().addShutdownHook(interrupt);
        Runner.Outcome outcome;
        try {
            outcome = profiler.run(
                    new Profiler.Request(
                            Main.TOOL,
                            name(),
                            element,
                            seconds < 10,
                            simulated,
                            procedure,
                            seed,
                            cells,
                            names,
                            experiment(cells),
                            plan),
                    directory,
                    recorder -> ProcessNetwork.start(
                            command,
                            Path.of("").toAbsolutePath(),
                            Map.of(),
                            recorder.workloadLog("cpu"),
                            directory.resolve("workload").resolve("files"),
                            directory.getFileName().toString(),
                            duration(grace),
                            cpus,
                            Ticker.monotonic()),
                    live);
        } catch (IOException e) {
            throw new UserException(
                    Files.exists(directory.resolve("run.json")) ? Exit.BUG : Exit.USAGE,
                    "cannot write the run directory %s: %s".formatted(directory, e.getMessage()));
        } finally {
            live.end();
        }
        Recording recording = Recording.open(directory);
        ExperimentResult result = Analyzer.analyze(recording);
        TextReport.write(result, out);
        Path page = ReportCommand.write(recording, result, List.of("html", "csv", "json"));
        out.printf("saved %s   again: neurojoule analyze %s%n", directory, directory);
        out.printf("page  %s%n", page);
        out.flush();
        if (outcome.cancelled()) {
            return Exit.INTERRUPTED;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(interrupt);
        } catch (IllegalStateException e) {
            return Exit.INTERRUPTED; // the signal came between the last window and here
        }
        return code(outcome);
    }

    private static int code(Runner.Outcome outcome) {
        boolean unreadable = outcome.failed().values().stream()
                .anyMatch(e ->
                        e.code() == NetworkException.Code.BAD_MODEL || e.code() == NetworkException.Code.INVALID_INPUT);
        return outcome.failed().isEmpty() ? Exit.GOOD : unreadable ? Exit.USAGE : Exit.NETWORK_FAILED;
    }

    private List<String> command() {
        if (adapter.isPresent()) {
            return Words.split(adapter.get());
        }
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path", ""),
                Main.class.getName(),
                "worker",
                "onnx");
    }

    private String plan(List<Visit> cells) {
        JsonMapper json = JsonMapper.shared();
        ObjectNode plan = json.createObjectNode();
        ArrayNode list = plan.putArray("cells");
        for (Visit cell : cells) {
            ObjectNode node = list.addObject();
            node.put("id", cell.cellId());
            node.put("target", cell.target());
            node.put("model", cell.model());
            node.put("precision", cell.load().precision());
            node.put("batch", cell.batch());
        }
        plan.put("repeats", repeats);
        plan.put("seed", seed);
        return json.writeValueAsString(plan);
    }

    /// What was asked, for the record.
    private String experiment(List<Visit> cells) {
        JsonMapper json = JsonMapper.shared();
        StringBuilder yaml = new StringBuilder("# made from the flags of `neurojoule profile`\nversion: 1\n");
        yaml.append("name: ").append(json.writeValueAsString(name())).append('\n');
        yaml.append("element: ").append(json.writeValueAsString(element)).append('\n');
        yaml.append("model:\n  artifacts:\n");
        cells.stream()
                .map(Visit::load)
                .map(load -> "    %s: %s%n"
                        .formatted(json.writeValueAsString(load.precision()), json.writeValueAsString(load.model())))
                .distinct()
                .forEach(yaml::append);
        yaml.append("matrix:\n  batch: ")
                .append(cells.stream().map(Visit::batch).distinct().toList())
                .append('\n');
        yaml.append("targets:\n  cpu:\n    workload: {adapter: ")
                .append(adapter.isPresent() ? "command, command: " + json.writeValueAsString(command()) : "onnx")
                .append("}\n");
        yaml.append("method:\n  idle: {seconds: ").append(idle).append("}\n");
        yaml.append("  measure: {min_seconds: ")
                .append(seconds)
                .append(", repeats: ")
                .append(repeats)
                .append("}\n");
        yaml.append("  seed: ").append(seed).append('\n');
        return yaml.toString();
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    private static String clock(long seconds) {
        return "%d min %02d s".formatted(seconds / 60, seconds % 60);
    }

    /// A line a second while something runs: what, the current watts, time left. Used by the run's thread and its own.
    private static final class Live implements Progress {
        private final PrintWriter err;
        private final Profiler profiler;
        private final boolean terminal =
                "1".equals(System.getenv("NEUROJOULE_TERMINAL")); // the launcher looks at stderr
        private final AtomicReference<String> now = new AtomicReference<>("");
        private final java.util.concurrent.CountDownLatch ended = new java.util.concurrent.CountDownLatch(1);
        private final Thread thread;
        private final Procedure procedure;

        Live(PrintWriter err, Profiler profiler, Procedure procedure) {
            this.err = err;
            this.profiler = profiler;
            this.procedure = procedure;
            thread = Thread.ofPlatform().daemon().name("live").unstarted(this::show);
            if (terminal) {
                thread.start();
            }
        }

        private void show() {
            try {
                while (!ended.await(1, java.util.concurrent.TimeUnit.SECONDS)) {
                    err.print("\r\u001b[K  " + now.get() + watts());
                    err.flush();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private String watts() {
            StringBuilder text = new StringBuilder();
            for (Signal signal : profiler.recent(Duration.ofSeconds(2))) {
                if (signal.channel().component().kind() == Component.Kind.CPU && signal.size() > 1) {
                    long from = signal.timeNanos()[0];
                    long to = signal.timeNanos()[signal.size() - 1];
                    if (Energy.of(signal, from, to) instanceof Energy energy) {
                        text.append("   %s %.1f W"
                                .formatted(signal.channel().id(), energy.joules() / ((to - from) * 1e-9)));
                    }
                }
            }
            return text.toString();
        }

        @Override
        public void begins(String what, int done, int of) {
            now.set("[%d/%d] %s   about %s left"
                    .formatted(done + 1, of, what, clock(procedure.visit().toSeconds() * (of - done))));
        }

        @Override
        public void recorded(Window window) {
            if (!terminal && window.kind() == Window.Kind.MEASURE) {
                err.printf(
                        "  %s repeat %d: %.4g elements/s over %.3f s%n",
                        window.cellId(), window.repeat(), window.elements() / window.seconds(), window.seconds());
                err.flush();
            }
        }

        @Override
        public void failed(String cellId, String reason) {
            err.printf("%s  %s gives no figure: %s%n", terminal ? "\r\u001b[K" : "", cellId, reason);
            err.flush();
        }

        void end() {
            ended.countDown();
            if (terminal) {
                err.print("\r\u001b[K");
                err.flush();
            }
        }

        void awaitEnd() {
            try {
                ended.await(10, java.util.concurrent.TimeUnit.SECONDS);
                Thread.sleep(500); // the table is printed by the run's own thread
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
