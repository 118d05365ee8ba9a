package io.neurojoule.cli;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.experiment.Demands;
import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.ExperimentFile;
import io.neurojoule.experiment.Plan;
import io.neurojoule.plugin.Plugins;
import io.neurojoule.profile.Boundaries;
import io.neurojoule.profile.Preflight;
import io.neurojoule.profile.Profiler;
import io.neurojoule.profile.Sources;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recording;
import io.neurojoule.report.TextReport;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkSource;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.process.ProcessNetwork;
import io.neurojoule.workload.process.ProgramNetwork;
import io.neurojoule.workload.process.ProgramOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/// One experiment from the check of the sources to the printed table: what `profile` and `run` have in common.
///
/// @param require `measured`: exit 3 unless every figure would be measured
/// @param strict  exit 5 instead of starting where the preflight warns
/// @param output  the run directory; empty: `runs/<UTC>-<name>`
record Session(CommandSpec spec, SourceFlags flags, Optional<String> require, boolean strict, Optional<Path> output) {
    /// How long an interrupted run may take to stop its network and to print what it has.
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HHmmss'Z'");

    /// @return the exit code
    int run(Experiment asked, Plan plan) throws IOException {
        Experiment experiment = asked.withSourceOptions(flags.settings(settings(asked)));
        refuse(experiment);
        for (Map.Entry<String, String> artifact : experiment.model().artifacts().entrySet()) {
            if (!Files.isReadable(Path.of(artifact.getValue()))) {
                throw new UserException(
                        Exit.USAGE, "cannot read %s: no such file, or not permitted".formatted(artifact.getValue()));
            }
        }
        try (Sources sources = flags.discover(settings(experiment))) {
            requireTemperature(experiment, sources);
            Boundaries boundaries = Boundaries.resolve(experiment, sources);
            check(sources, boundaries.askedMembers(experiment));
            Preflight preflight = Preflight.look(flags.place(), Ticker.monotonic());
            if (strict) {
                refuse(preflight);
            }
            for (Experiment.Target target : experiment.targets().values()) {
                require(sources, target.sources().require());
            }
            return run(sources, boundaries, preflight, experiment, plan);
        }
    }

    /// What a file may say and nothing does yet: better no run than one that leaves it out in silence.
    private static void refuse(Experiment experiment) {
        List<String> unmet = new ArrayList<>();
        ReportCommand.check(formats(experiment));
        experiment.targets().forEach((name, target) -> {
            Map<String, Object> here = Map.of("executor", "local");
            if (!target.place().isEmpty() && !target.place().equals(here)) {
                unmet.add("targets." + name + ".place other than {executor: local}");
            }
            adapter(name, target.workload().adapter());
        });
        if (!unmet.isEmpty()) {
            throw new UserException(
                    Exit.USAGE,
                    "this version does not do what the file asks with %s; take it out to run the rest"
                            .formatted(String.join(", ", unmet)));
        }
    }

    private static void adapter(String target, String adapter) {
        if (!adapter.equals(Experiment.Workload.COMMAND) && !adapter.equals(Experiment.Workload.PROGRAM)) {
            try {
                var unused = Plugins.load(NetworkSource.class, "network", NetworkSource::name)
                        .get(adapter);
            } catch (IllegalArgumentException e) {
                throw new UserException(
                        Exit.USAGE,
                        "targets.%s.workload.adapter: %s; any program goes with adapter: command"
                                .formatted(target, e.getMessage()));
            }
        }
    }

    /// All warnings in one message: mending one after the other takes a try each.
    private static void refuse(Preflight preflight) {
        if (!preflight.warnings().isEmpty()) {
            throw new UserException(
                    Exit.GATE,
                    "--strict: not started, because of %s%n%s%nWithout --strict the run starts, and its report says so"
                            .formatted(
                                    preflight.warnings().stream()
                                            .map(Note::code)
                                            .distinct()
                                            .collect(Collectors.joining(", ")),
                                    preflight.warnings().stream()
                                            .map(warning -> "  " + warning.code() + ": " + warning.message())
                                            .collect(Collectors.joining(System.lineSeparator()))));
        }
    }

    /// What the targets say about sources; they are read once for all targets.
    private static Map<String, Map<String, String>> settings(Experiment experiment) {
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        experiment
                .targets()
                .forEach((name, target) -> target.sources().options().forEach((source, values) -> {
                    Map<String, String> other = settings.put(source, values);
                    if (other != null && !other.equals(values)) {
                        throw new UserException(
                                Exit.USAGE,
                                "targets.%s.sources.options.%s differs from another target's; all targets share the sources"
                                        .formatted(name, source));
                    }
                }));
        return settings;
    }

    private static void requireTemperature(Experiment experiment, Sources sources) {
        boolean needed = experiment.method().cooldown().untilTemperatureBelow().isPresent();
        if (needed && sources.channels().stream().noneMatch(channel -> channel.quantity() == Quantity.TEMPERATURE)) {
            throw new UserException(
                    Exit.NO_SOURCE,
                    "method.cooldown.until_temperature_below needs a temperature sensor, and this machine shows none; use method.cooldown.seconds");
        }
    }

    private void check(Sources sources, Set<String> asked) {
        if (sources.compute().isEmpty()) {
            throw new UserException(Exit.NO_SOURCE, "no usable energy source; `neurojoule doctor` says why");
        }
        if (require.isEmpty()) {
            return;
        }
        if (!require.get().equals("measured")) {
            throw new UserException(Exit.USAGE, "--require knows 'measured' only, not '%s'".formatted(require.get()));
        }
        for (String member : asked) {
            Basis basis = sources.channels().stream()
                    .filter(channel -> channel.id().equals(member))
                    .map(Channel::basis)
                    .findFirst()
                    .orElse(Basis.UNAVAILABLE);
            if (basis != Basis.MEASURED) {
                throw new UserException(
                        Exit.NO_SOURCE,
                        "--require measured: %s is %s here. %s".formatted(member, basis, unmeasured(sources)));
            }
        }
    }

    /// Why no CPU is measured: what is there and cannot be read comes first.
    private static String unmeasured(Sources sources) {
        return sources.missing().stream()
                .min(Comparator.comparing(missing -> missing.channel().isEmpty()))
                .map(missing -> "%s: %s. %s".formatted(missing.what(), missing.why(), missing.hint()))
                .orElse("`neurojoule doctor` says what there is");
    }

    private static void require(Sources sources, List<String> selectors) {
        for (String selector : selectors) {
            if (sources.matching(selector).isEmpty()) {
                throw new UserException(
                        Exit.NO_SOURCE,
                        "the experiment requires '%s' and no source of this machine matches; `neurojoule doctor` says why"
                                .formatted(selector));
            }
        }
    }

    private int run(Sources sources, Boundaries boundaries, Preflight preflight, Experiment experiment, Plan plan)
            throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Path directory = output.or(() -> experiment.output().dir().map(Path::of))
                .orElseGet(() -> Path.of(
                        "runs",
                        STAMP.format(ClockPair.now().wall().atOffset(ZoneOffset.UTC)) + "-" + experiment.name()));
        Profiler profiler = new Profiler(sources, Ticker.monotonic());
        boolean programs = experiment.targets().values().stream()
                .allMatch(target -> target.workload().isProgram());
        out.printf(
                "plan  %d cells × %d repeats%s   [Ctrl-C keeps what is done]%n",
                plan.cells().size(),
                plan.repeats(),
                programs
                        ? ", each a run of the program"
                        : " × %.3g s, interleaved, about %s"
                                .formatted(
                                        experiment.method().measure().minSeconds(),
                                        Clock.minutes(plan.estimateSeconds())));
        out.flush();
        Live live = new Live(spec.commandLine().getErr(), profiler, plan, experiment.element());
        CountDownLatch shown = new CountDownLatch(1);
        Thread interrupt = new Thread(() -> {
            profiler.cancel();
            awaitShown(shown, directory);
        });
        Runtime.getRuntime().addShutdownHook(interrupt);
        Profiler.Outcome outcome;
        ExperimentResult result;
        try {
            outcome = profiler.run(
                    new Profiler.Request(
                            Main.TOOL, experiment, plan, ExperimentFile.write(experiment), boundaries, preflight),
                    directory,
                    (target, recorder) -> start(
                            experiment.target(target).workload(),
                            recorder.workloadLog(target),
                            directory,
                            experiment.method().graceSeconds()),
                    live);
            live.end();
            result = show(directory, formats(experiment), out);
            if (outcome.cancelled()) {
                sayInterrupted("", directory);
                return Exit.INTERRUPTED;
            }
        } catch (IOException e) {
            throw Unwritable.of(directory, e);
        } finally {
            live.end();
            shown.countDown();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(interrupt);
        } catch (IllegalStateException e) {
            return Exit.INTERRUPTED; // the signal came between the last window and here
        }
        if (require.isPresent() && outcome.failed().isEmpty()) {
            stillMeasured(result, boundaries.asked(experiment), directory);
        }
        return code(outcome, result);
    }

    private static NetworkUnderTest start(Experiment.Workload workload, Path log, Path directory, double graceSeconds)
            throws NetworkException {
        if (workload.isProgram()) {
            return new ProgramNetwork(
                    workload.command(),
                    Path.of("").toAbsolutePath(),
                    workload.env(),
                    log,
                    ProgramOptions.of(workload.options()),
                    workload.cpus(),
                    System.out,
                    System.err,
                    Ticker.monotonic());
        }
        return ProcessNetwork.start(
                name(workload),
                command(workload),
                Path.of("").toAbsolutePath(),
                environment(workload),
                log,
                directory.resolve("workload").resolve("files"),
                directory.toAbsolutePath().getFileName().toString(),
                Duration.ofNanos((long) (graceSeconds * 1e9)),
                workload.cpus(),
                Ticker.monotonic());
    }

    /// The virtual machine ends when the hook does, so the hook waits for what the run's own thread prints.
    private void awaitShown(CountDownLatch shown, Path directory) {
        try {
            if (!shown.await(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                sayInterrupted("; the network did not stop and is ended", directory);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sayInterrupted(String how, Path directory) {
        PrintWriter err = spec.commandLine().getErr();
        err.printf(
                "neurojoule: interrupted%s; what was recorded is kept. Compute it again: neurojoule analyze %s%n",
                how, directory);
        err.flush();
    }

    /// A source that was there at the start may have gone since.
    private static void stillMeasured(ExperimentResult result, Map<String, Set<String>> asked, Path directory) {
        for (ResultRow row : result.rows()) {
            boolean figure = row.repeats() > 0
                    && row.scope() == ResultRow.Scope.BOUNDARY
                    && asked.getOrDefault(row.target(), Set.of()).contains(row.name());
            if (figure && row.basis() == Basis.UNAVAILABLE) {
                throw new UserException(
                        Exit.NO_SOURCE,
                        "--require measured: %s has no figure at %s: %s. What was read is kept in %s"
                                .formatted(
                                        row.cellId(),
                                        row.name(),
                                        row.reason().orElse(""),
                                        directory.resolve("signals")));
            }
        }
    }

    private static ExperimentResult show(Path directory, List<String> formats, PrintWriter out) throws IOException {
        Recording recording = Recording.open(directory);
        ExperimentResult result = Results.of(recording);
        TextReport.write(result, out);
        Path page = ReportCommand.write(recording, result, formats);
        out.printf("saved %s   again: neurojoule analyze %s%n", directory, directory);
        out.printf("page  %s%n", page);
        out.flush();
        return result;
    }

    /// Whether cells were measured, and no source gave a figure for any of them at the headline boundary.
    private static boolean noneHasAFigure(ExperimentResult result) {
        List<ResultRow> measured = result.cells().stream()
                .flatMap(cell -> result.headline(cell.cellId()).stream())
                .filter(row -> row.repeats() > 0)
                .toList();
        return !measured.isEmpty() && measured.stream().allMatch(row -> row.basis() == Basis.UNAVAILABLE);
    }

    private static List<String> formats(Experiment experiment) {
        Set<String> formats = new LinkedHashSet<>(experiment.output().report());
        formats.addAll(experiment.output().export());
        return List.copyOf(formats);
    }

    private static int code(Profiler.Outcome outcome, ExperimentResult result) {
        boolean unreadable = outcome.failed().values().stream()
                .anyMatch(e ->
                        e.code() == NetworkException.Code.BAD_MODEL || e.code() == NetworkException.Code.INVALID_INPUT);
        if (!outcome.failed().isEmpty()) {
            return unreadable ? Exit.USAGE : Exit.NETWORK_FAILED;
        }
        if (noneHasAFigure(result)) {
            return Exit.NO_SOURCE;
        }
        if (Demands.violatesGate(result)) {
            return Exit.GATE;
        }
        return Demands.exceedsThreshold(result) ? Exit.THRESHOLD : Exit.GOOD;
    }

    /// What the user calls the network: the command as typed, or the adapter.
    private static String name(Experiment.Workload workload) {
        return workload.adapter().equals(Experiment.Workload.COMMAND)
                ? String.join(" ", workload.command())
                : workload.adapter();
    }

    private static List<String> command(Experiment.Workload workload) {
        if (workload.adapter().equals(Experiment.Workload.COMMAND)) {
            return workload.command();
        }
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                Main.class.getName(),
                "worker",
                workload.adapter());
    }

    /// The class path of a worker is not on its command line: ONNX Runtime 1.29 crashes where that has some 4 KiB.
    private static Map<String, String> environment(Experiment.Workload workload) {
        if (workload.adapter().equals(Experiment.Workload.COMMAND)) {
            return workload.env();
        }
        Map<String, String> environment = new HashMap<>(workload.env());
        environment.put("CLASSPATH", System.getProperty("java.class.path", ""));
        return environment;
    }
}
