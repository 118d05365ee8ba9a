package io.neurojoule.profile;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.experiment.Cell;
import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.LeadIn;
import io.neurojoule.experiment.Plan;
import io.neurojoule.experiment.Progress;
import io.neurojoule.experiment.Runner;
import io.neurojoule.experiment.StoppingRule;
import io.neurojoule.experiment.Visit;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recorder;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/// One run: opens the recording, starts the samplers, lets the runner visit the cells, closes everything.
///
/// Used by one thread; [#cancel] and [#recentHeadline] may come from another.
public final class Profiler {
    private static final Duration LONGEST_LINGER = Duration.ofSeconds(30);
    private static final Duration REFRESH_PATIENCE = Duration.ofMillis(200);

    /// What is to be profiled.
    ///
    /// @param text       the experiment file that is kept in the run directory
    /// @param boundaries as resolved for the experiment and the profiler's sources
    /// @param preflight  what the machine is and does before the run
    public record Request(
            String tool, Experiment experiment, Plan plan, String text, Boundaries boundaries, Preflight preflight) {}

    /// How a run ended, apart from its figures.
    ///
    /// @param failed why cells that were asked for failed, by cell; unsupported ones are not among them
    public record Outcome(boolean cancelled, Map<String, NetworkException> failed) {}

    /// Starts the process of a target's network; its output goes to the log.
    @FunctionalInterface
    public interface Start {
        NetworkUnderTest network(String target, Recorder recorder) throws NetworkException;
    }

    private final Sources sources;
    private final Ticker ticker;
    private final Map<String, Runner> runners = new ConcurrentHashMap<>();
    private volatile boolean cancelled;
    private volatile Optional<Recorder> recorder = Optional.empty();
    private volatile List<String> headline = List.of();
    private volatile Basis strongest = Basis.MEASURED;

    public Profiler(Sources sources, Ticker ticker) {
        this.sources = sources;
        this.ticker = ticker;
    }

    /// @throws ExperimentException if the experiment asks for sources that are not there
    /// @throws IOException if the run directory cannot be written
    public Outcome run(Request request, Path directory, Start start, Progress progress) throws IOException {
        Boundaries boundaries = request.boundaries();
        try (Recorder writing = Recorder.create(directory, ticker)) {
            Map<Sensor, Trial> trials = trials();
            RunInfo info = info(request, boundaries, trials);
            writing.begin(info, request.text(), request.plan().toJson());
            for (Note finding : findings(request.preflight(), trials)) {
                writing.note(finding);
            }
            notes(request.experiment(), writing);
            Map<Sensor, Duration> periods = new LinkedHashMap<>();
            trials.forEach((sensor, trial) -> periods.put(sensor, Pace.of(sensor, trial.readMedian())));
            writing.record(periods);
            strongest = info.simulated().isPresent() ? Basis.SIMULATED : Basis.MEASURED;
            recorder = Optional.of(writing);
            double window =
                    window(request.experiment(), boundaries.required(request.experiment(), sources), info, writing);
            List<List<Cell>> order = request.plan().visits();
            for (int repeat = 1; repeat <= order.size(); repeat++) {
                List<Cell> cells = repeat <= request.plan().repeats()
                        ? order.get(repeat - 1)
                        : unsettled(order.get(repeat - 1), request.experiment(), writing);
                for (Map.Entry<String, List<Cell>> part : byTarget(cells).entrySet()) {
                    String target = part.getKey();
                    headline = List.copyOf(boundaries.headline(target));
                    Runner runner = runners.computeIfAbsent(
                            target,
                            name -> new Runner(
                                    () -> start.network(name, writing),
                                    writing,
                                    ticker,
                                    request.experiment().method(),
                                    request.experiment().gates(),
                                    window,
                                    leadIn(boundaries.headline(target)),
                                    progress));
                    if (!cancelled) {
                        runner.repeat(
                                repeat,
                                part.getValue().stream()
                                        .map(cell -> visit(request.experiment(), cell))
                                        .toList());
                    }
                }
                if (repeat == 1) {
                    compare(request.plan().cells());
                }
            }
            linger(progress);
        } finally {
            recorder = Optional.empty();
        }
        Map<String, NetworkException> failed = new LinkedHashMap<>();
        runners.values().forEach(runner -> failed.putAll(runner.failed()));
        return new Outcome(cancelled, failed);
    }

    /// Compares all outputs with those of the first cell that has any at the batch size, in the order of the file.
    private void compare(List<Cell> cells) throws IOException {
        Map<Integer, List<Tensor>> references = new HashMap<>();
        for (Cell cell : cells) {
            Optional.ofNullable(runners.get(cell.target()))
                    .flatMap(runner -> Optional.ofNullable(runner.outputs().get(cell.id())))
                    .ifPresent(outputs -> references.putIfAbsent(cell.batch(), outputs));
        }
        for (Runner runner : runners.values()) {
            runner.compare(references);
        }
    }

    /// What is missing, and what the experiment would like to have and is not there.
    private void notes(Experiment experiment, Recorder writing) throws IOException {
        for (var missing : sources.missing()) {
            if (missing.state() != Discovery.State.NOT_CONFIGURED) {
                writing.note(
                        Note.of(missing.code(), "info", missing.what() + ": " + missing.why() + ". " + missing.hint()));
            }
        }
        for (Map.Entry<String, Experiment.Target> target : experiment.targets().entrySet()) {
            for (String wanted : target.getValue().sources().want()) {
                if (sources.matching(wanted).isEmpty()) {
                    writing.note(Note.of(
                            "source-wanted",
                            "warning",
                            "target %s would like '%s', and no source of this machine matches; `neurojoule doctor` says why"
                                    .formatted(target.getKey(), wanted)));
                }
            }
        }
    }

    /// The cells of a further repeat: those whose interval is still wider than the method asks.
    private List<Cell> unsettled(List<Cell> cells, Experiment experiment, Recorder writing) throws IOException {
        if (cancelled) {
            return List.of();
        }
        writing.flush();
        ExperimentResult result = Analyzer.analyze(Recording.open(writing.directory()));
        Set<String> open = StoppingRule.unsettled(
                result, experiment.method().measure().ciHalfWidth().orElseThrow());
        return cells.stream().filter(cell -> open.contains(cell.id())).toList();
    }

    /// A source shows what it averages, and what it renews seldom, only some time after the last window; also one that
    /// is in no boundary has its figure of each window.
    private void linger(Progress progress) {
        Optional<Channel> slowest = sources.channels().stream()
                .filter(channel -> channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER)
                .max(Comparator.comparing(Profiler::showsAfter));
        if (cancelled || slowest.isEmpty()) {
            return;
        }
        Duration wait = Collections.min(List.of(showsAfter(slowest.get()), LONGEST_LINGER));
        progress.lingers(slowest.get().id(), wait);
        long until = ticker.nanos() + wait.toNanos();
        for (long left = until - ticker.nanos(); left > 0 && !cancelled; left = until - ticker.nanos()) {
            LockSupport.parkNanos(left);
        }
    }

    /// How long after a window a channel has surely shown the whole of it.
    private static Duration showsAfter(Channel channel) {
        return channel.averagedOver().dividedBy(2).plus(channel.refresh().multipliedBy(2));
    }

    private static Map<String, List<Cell>> byTarget(List<Cell> cells) {
        return cells.stream().collect(Collectors.groupingBy(Cell::target, LinkedHashMap::new, Collectors.toList()));
    }

    private static Visit visit(Experiment experiment, Cell cell) {
        Experiment.Workload workload = experiment.target(cell.target()).workload();
        return new Visit(
                cell,
                new LoadRequest(
                        experiment.model().artifacts().getOrDefault(cell.precision(), ""),
                        cell.precision(),
                        workload.device().orElse("cpu"),
                        workload.options()),
                experiment.model().inputs().stream().map(Profiler::input).toList());
    }

    /// A shape that does not name the batch is that of one element.
    private static InputSpec input(Experiment.Input input) {
        List<String> shape = new ArrayList<>(input.shape());
        if (!shape.isEmpty() && !shape.contains("N")) {
            shape.addFirst("N");
        }
        return new InputSpec(
                input.name(), shape, input.dtype().orElse(""), input.source().orElse(""), input.seed());
    }

    /// What the method asks, or so long that the slowest required channel renews its value often enough.
    private static double window(Experiment experiment, Set<String> required, RunInfo info, Recorder recorder)
            throws IOException {
        Experiment.Measure measure = experiment.method().measure();
        double slowest = 0;
        for (RunInfo.SensorInfo sensor : info.sensors()) {
            if (sensor.channels().stream().anyMatch(channel -> required.contains(channel.id()))) {
                slowest = Math.max(slowest, slowest(sensor, required).toNanos() * 1e-9);
            }
        }
        double least = slowest * measure.minUpdates();
        boolean programs = experiment.targets().values().stream()
                .allMatch(target -> target.workload().isProgram());
        if (least > measure.minSeconds() && !programs) {
            recorder.note(Note.of(
                    "window-lengthened",
                    "info",
                    "windows last %.3g s instead of %.3g s: the slowest source renews its value every %.3g s, and %d updates are wanted"
                            .formatted(least, measure.minSeconds(), slowest, measure.minUpdates())));
        }
        return Math.max(least, measure.minSeconds());
    }

    /// A load can be in step with a power that is read now and then, and with whatever looks at a part of the time. A
    /// counter of everything has no period that matters.
    private LeadIn leadIn(List<String> members) {
        double phase = 0;
        double rise = 0;
        for (Channel channel : sources.channels()) {
            boolean sampled =
                    channel.quantity() == Quantity.POWER || channel.seenShare().isPresent();
            if (sampled && members.contains(channel.id())) {
                double refresh = channel.refresh().toNanos() * 1e-9;
                phase = Math.max(phase, refresh);
                rise = Math.max(rise, refresh + channel.averagedOver().toNanos() * 1e-9);
            }
        }
        return new LeadIn(phase, rise);
    }

    /// The slowest of a sensor's required channels; what was measured is the refresh of its first channel.
    private static Duration slowest(RunInfo.SensorInfo sensor, Set<String> required) {
        Duration slowest = Duration.ZERO;
        for (Channel channel : sensor.channels()) {
            boolean first = channel.equals(sensor.channels().getFirst());
            Duration refresh = first ? sensor.measuredRefresh().orElse(channel.refresh()) : channel.refresh();
            if (required.contains(channel.id()) && refresh.compareTo(slowest) > 0) {
                slowest = refresh;
            }
        }
        return slowest;
    }

    /// Ends the run soon; what was recorded is kept.
    public void cancel() {
        cancelled = true;
        runners.values().forEach(Runner::cancel);
    }

    /// The last values of the headline's members; empty if nothing is being recorded, or one is not recorded.
    public List<Signal> recentHeadline(Duration age) {
        List<String> members = headline;
        List<Signal> signals = recorder.map(recording -> recording.recent(age)).orElse(List.of()).stream()
                .filter(signal -> members.contains(signal.channel().id()))
                .map(signal -> signal.withBasis(signal.channel().basis().and(strongest)))
                .toList();
        return signals.size() == members.size() ? signals : List.of();
    }

    private Map<Sensor, Trial> trials() {
        Map<Sensor, Trial> trials = new LinkedHashMap<>();
        sources.sensors().forEach(sensor -> trials.put(sensor, Trial.of(sensor, ticker, REFRESH_PATIENCE)));
        return trials;
    }

    /// What is known about the machine and its sensors before the first window.
    private static List<Note> findings(Preflight preflight, Map<Sensor, Trial> trials) {
        List<Note> findings = new ArrayList<>(preflight.findings());
        trials.forEach(
                (sensor, trial) -> findings.addAll(trial.findings(sensor.id(), Pace.of(sensor, trial.readMedian()))));
        return findings;
    }

    private RunInfo info(Request request, Boundaries boundaries, Map<Sensor, Trial> trials) {
        Experiment experiment = request.experiment();
        ClockPair clocks = ClockPair.now();
        List<RunInfo.SensorInfo> sensors = new ArrayList<>();
        trials.forEach((sensor, trial) -> {
            sensors.add(new RunInfo.SensorInfo(
                    sensor.id(),
                    Recorder.signalFile(sensor.id()),
                    sensor.via(),
                    Pace.of(sensor, trial.readMedian()),
                    trial.refresh(),
                    sensor.channels(),
                    trial.toReads()));
        });
        return new RunInfo(
                RunInfo.FORMAT,
                request.tool(),
                experiment.name(),
                experiment.element(),
                clocks.wall(),
                clocks.nanos(),
                request.preflight().fact(Preflight.HOST).orElse(""),
                System.getProperty("user.name", ""),
                request.preflight().fact(Preflight.PROCESSOR).orElse("unknown"),
                experiment.method().quick(),
                experiment.targets().values().stream()
                        .flatMap(target -> target.simulated().stream())
                        .findFirst(),
                boundaries.flat(),
                Boundaries.COMPUTE,
                sensors,
                labels(experiment),
                request.preflight().environment(),
                carbon(experiment.carbon()));
    }

    private static Optional<RunInfo.Carbon> carbon(Experiment.Carbon stated) {
        return stated.source().map(source -> new RunInfo.Carbon(stated.intensityGPerKwh(), stated.embodiedG(), source));
    }

    private static Map<String, String> labels(Experiment experiment) {
        Map<String, String> labels = new TreeMap<>();
        experiment.targets().forEach((name, target) -> target.label().ifPresent(label -> labels.put(name, label)));
        return labels;
    }
}
