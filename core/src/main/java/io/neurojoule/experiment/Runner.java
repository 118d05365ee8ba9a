package io.neurojoule.experiment;

import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Conditions;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Part;
import io.neurojoule.recording.Recorder;
import io.neurojoule.recording.Span;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Layers;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Mark;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.Program;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.ServerPlace;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.Verified;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/// Visits the cells of one target in order and records what happened: spans of time, never energy.
///
/// Used by one thread; [#cancel] may come from another.
public final class Runner {
    /// A window shorter than this share of what was asked is repeated once.
    private static final double SHORTEST = 0.95;

    /// Two successive warm-up loops whose throughput differs by less are steady.
    private static final double STEADY = 0.05;

    /// A window that was too short is asked again for at most so many times the length.
    private static final double LONGEST_AGAIN = 3;

    /// Reading a request and writing its answer takes less, unless the machine is very busy.
    private static final double MOST_OUTSIDE_SECONDS = 0.1;

    private static final double MOST_OUTSIDE_SHARE = 0.05;

    /// A machine that is not cool by then will not get cool.
    private static final Duration LONGEST_COOLDOWN = Duration.ofMinutes(10);

    private static final Duration TEMPERATURE_AGE = Duration.ofSeconds(10);
    private static final double COOLDOWN_LOOK_SECONDS = 0.5;

    /// Starts the network's process.
    @FunctionalInterface
    public interface Start {
        NetworkUnderTest network() throws NetworkException;
    }

    private final Start start;
    private final Recorder recorder;
    private final Ticker ticker;
    private final Experiment.Method method;
    private final Experiment.Gates gates;
    private final double windowSeconds;
    private final LeadIn leadIn;
    private final Progress progress;
    private final Surroundings surroundings = Surroundings.of(Path.of("/proc"), Path.of("/sys"));
    private final Map<String, CellRecord> records = new HashMap<>();
    private final Map<String, List<Tensor>> outputs = new HashMap<>();
    private final Map<String, List<Layers.Layer>> layers = new HashMap<>();
    private final Map<String, NetworkException> failed = new HashMap<>();
    private final Set<String> over = new HashSet<>();
    private final Set<String> varying = new HashSet<>();
    private boolean restarted;
    private Optional<NetworkUnderTest> network = Optional.empty();
    private volatile boolean cancelled;
    private volatile Optional<NetworkUnderTest> running = Optional.empty();

    /// @param windowSeconds length of a measured window: what the method asks, or longer for a slow sensor
    public Runner(
            Start start,
            Recorder recorder,
            Ticker ticker,
            Experiment.Method method,
            Experiment.Gates gates,
            double windowSeconds,
            LeadIn leadIn,
            Progress progress) {
        this.start = start;
        this.recorder = recorder;
        this.ticker = ticker;
        this.method = method;
        this.gates = gates;
        this.windowSeconds = windowSeconds;
        this.leadIn = leadIn;
        this.progress = progress;
    }

    /// Ends the run after the step that is going on; what was recorded is kept.
    public void cancel() {
        cancelled = true;
        running.ifPresent(NetworkUnderTest::stop);
    }

    public boolean isCancelled() {
        return cancelled;
    }

    /// Why cells that were asked for failed, by cell; unsupported ones are not among them.
    public Map<String, NetworkException> failed() {
        return Map.copyOf(failed);
    }

    /// Visits the target's cells once, in this order, in one process; none is left afterwards.
    ///
    /// @param repeat from 1; the outputs of the first are kept for [#compare]
    /// @throws IOException if the recording cannot be written
    public void repeat(int repeat, List<Visit> visits) throws IOException {
        idleBare(method.idle().when().contains("start"));
        try {
            for (Visit visit : visits) {
                if (!cancelled && !over.contains(visit.cellId())) {
                    attempt(visit, repeat, visits);
                }
                progress.visited(visit.cell());
            }
        } finally {
            network.ifPresent(NetworkUnderTest::close);
            network = Optional.empty();
        }
        idleBare(method.idle().when().contains("end"));
    }

    private void idleBare(boolean wanted) throws IOException {
        if (wanted && method.idle().kinds().contains("bare") && !cancelled) {
            progress.begins("idle, nothing loaded");
            idle("", 0, Window.Kind.IDLE_BARE);
        }
    }

    private void attempt(Visit visit, int repeat, List<Visit> all) throws IOException {
        try {
            visit(visit, repeat);
        } catch (NetworkException e) {
            if (cancelled) {
                return;
            }
            if (e.fatal()) {
                network.ifPresent(NetworkUnderTest::close);
                network = Optional.empty();
                if (!restarted) {
                    restarted = true;
                    recorder.note(
                            Note.of("network-restarted", "warning", "it broke and was started again: " + firstLine(e))
                                    .inCell(visit.cellId()));
                    attempt(visit, repeat, all);
                    return;
                }
            }
            fail(visit, e, all);
        }
    }

    /// Without the lines that the network printed: they are in its log.
    private static String firstLine(NetworkException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").replaceFirst(":$", "");
    }

    private void fail(Visit visit, NetworkException e, List<Visit> all) throws IOException {
        String why = String.valueOf(e.getMessage());
        boolean unsupported = e.code() == NetworkException.Code.UNSUPPORTED
                && gates.onUnsupported().equals("skip");
        boolean skipsLarger = e.code() == NetworkException.Code.OUT_OF_MEMORY
                && gates.onOutOfMemory().equals("skip_larger_batches");
        for (Visit other : all) {
            boolean same = other.cellId().equals(visit.cellId());
            boolean series = other.cell().precision().equals(visit.cell().precision());
            boolean affected = same
                    || (series
                            && skipsLarger
                            && other.cell().batch() > visit.cell().batch())
                    || (series
                            && (e.code() == NetworkException.Code.BAD_MODEL
                                    || e.code() == NetworkException.Code.INVALID_INPUT));
            if (affected && over.add(other.cellId())) {
                String reason = same ? why : "not tried, since " + visit.cellId() + " failed";
                save(known(other).withStatus(unsupported ? "unsupported" : "failed", reason));
                if (!unsupported) {
                    failed.put(other.cellId(), e);
                    recorder.note(Note.of("network-failed", "error", reason).inCell(other.cellId()));
                }
                progress.failed(other.cellId(), reason);
            }
        }
    }

    private void visit(Visit visit, int repeat) throws NetworkException, IOException {
        pause(method.cooldown().seconds());
        cool(visit);
        progress.begins(visit.cellId() + " · load");
        NetworkUnderTest net = network.isPresent() ? network.get() : start.network();
        network = Optional.of(net);
        running = network;
        if (net instanceof Program program) {
            runOnce(program, visit, repeat);
            return;
        }
        recorder.edge();
        long loadStart = ticker.nanos();
        Loaded loaded = net.load(visit.load());
        net.prepare(visit.cell().batch(), visit.inputs());
        long loadEnd = ticker.nanos();
        recorder.edge();
        spans(net);
        window(visit.cellId(), repeat, Window.Kind.LOAD, loadStart, loadEnd, Conditions.UNKNOWN);
        RunAnswer first = loop(
                net,
                visit,
                repeat,
                Window.Kind.WARMUP,
                new RunRequest(
                        RunRequest.Kind.WARMUP, 0, 1, OptionalLong.of(1), RunRequest.Timing.BARE, Optional.empty()));
        if (repeat == 1) {
            records.put(
                    visit.cellId(),
                    known(visit)
                            .withLoad(
                                    (loadEnd - loadStart) * 1e-9,
                                    first.seconds(),
                                    loaded.executed(),
                                    loaded.settings()));
            notes(visit, loaded.notes());
            noteServerElsewhere(visit, loaded);
            if (net.capabilities().verifiable()) {
                verify(net, visit);
            } else if (method.layers().profile()) {
                layers(visit, Optional.empty());
            }
        }
        Optional<List<Tensor>> before = before(net, visit);
        idleLoaded(visit, repeat, "start");
        pause(leadIn.pauseSeconds(method.seed(), visit.cellId(), repeat));
        progress.begins(visit.cellId() + " · warm-up");
        warmUp(net, visit, repeat);
        if (cancelled) {
            return;
        }
        progress.begins(visit.cellId() + " · measure");
        measure(net, visit, repeat, before);
        idleLoaded(visit, repeat, "end");
        Map<Integer, Long> latencies = known(visit).latencies();
        if (repeat == 1 && latencies.isEmpty() && method.latencySeconds() > 0 && !cancelled) {
            progress.begins(visit.cellId() + " · latency");
            latencies = loop(
                            net,
                            visit,
                            repeat,
                            Window.Kind.LATENCY,
                            under(
                                    visit,
                                    repeat,
                                    RunRequest.of(
                                            RunRequest.Kind.INSTRUMENT,
                                            method.latencySeconds(),
                                            RunRequest.Timing.LATENCY)))
                    .histogram();
        }
        phases(net, visit, repeat);
        save(known(visit).withRun(net.peakMemoryBytes(), latencies));
        if (repeat == 1) {
            alone(net, visit);
        }
    }

    /// A window with each phase timed, then a loop of each phase alone, as far as the network offers it.
    private void phases(NetworkUnderTest net, Visit visit, int repeat) throws NetworkException, IOException {
        Experiment.Phases asked = method.phases();
        List<String> offered = net.capabilities().phases();
        if (!asked.isSampled() && !asked.isolate()) {
            return;
        }
        if (offered.isEmpty() && repeat == 1) {
            notePhasesNone(visit, "the network marks no phases of a step: it says so in hello");
        }
        if (asked.isSampled() && !offered.isEmpty() && !cancelled) {
            progress.begins(visit.cellId() + " · phases");
            phase(
                    net,
                    visit,
                    repeat,
                    Window.Kind.PHASES,
                    under(
                            visit,
                            repeat,
                            RunRequest.of(RunRequest.Kind.INSTRUMENT, windowSeconds, RunRequest.Timing.PHASES)));
        }
        for (String phase : offered) {
            if (asked.isolate() && net.capabilities().isolable().contains(phase) && !cancelled) {
                progress.begins(visit.cellId() + " · " + phase + " alone");
                phase(
                        net,
                        visit,
                        repeat,
                        Window.Kind.ISOLATED,
                        under(visit, repeat, RunRequest.isolated(phase, windowSeconds)));
            }
        }
    }

    private void notePhasesNone(Visit visit, String why) throws IOException {
        recorder.note(Note.of("phases-none", "warning", why).inCell(visit.cellId()));
    }

    /// What the network refuses here, and lives on, costs the cell no figure that it has.
    private void phase(NetworkUnderTest net, Visit visit, int repeat, Window.Kind kind, RunRequest request)
            throws NetworkException, IOException {
        try {
            loop(net, visit, repeat, kind, request);
        } catch (NetworkException e) {
            if (e.fatal() || cancelled) {
                throw e;
            }
            recorder.note(Note.of("phases-refused", "warning", firstLine(e)).inCell(visit.cellId()));
        }
    }

    /// What a region of a run does not hold, start-up for example, is in no window.
    private void runOnce(Program program, Visit visit, int repeat) throws NetworkException, IOException {
        idleLoaded(visit, repeat, "start");
        progress.begins(visit.cellId() + " · run");
        Surroundings.Counts before = surroundings.now(Optional.of(program));
        recorder.edge();
        Program.Ran ran = program.runOnce();
        recorder.edge();
        Conditions whole = before.until(surroundings.now(Optional.of(program)));
        spans(program);
        for (RunAnswer window : ran.windows()) {
            record(
                    visit,
                    repeat,
                    Window.Kind.MEASURE,
                    new Asked(window, ran.whole() ? whole : Conditions.UNKNOWN),
                    Map.of());
        }
        if (ran.whole() && repeat == 1) {
            recorder.note(Note.of(
                            "program-whole",
                            "warning",
                            "start-up, loading and warm-up of the program are in its joules; --roi START END leaves them out")
                    .inCell(visit.cellId()));
        }
        if (repeat == 1 && (method.phases().isSampled() || method.phases().isolate())) {
            notePhasesNone(visit, "a program has no steps, so no phases of them: what it marks are spans");
        }
        if (method.layers().profile() && repeat == 1) {
            layers(visit, Optional.empty());
        }
        if (ran.unpairedMarks() > 0) {
            recorder.note(Note.of(
                            "marks-unpaired",
                            "warning",
                            "repeat %d: %d marks opened no span or closed none, and were left out: each is `begin NAME` or `end NAME`"
                                    .formatted(repeat, ran.unpairedMarks()))
                    .inCell(visit.cellId()));
        }
        idleLoaded(visit, repeat, "end");
        save(known(visit));
    }

    /// Runs the largest layers alone, each as long as a measured window. The network is not prepared afterwards.
    private void alone(NetworkUnderTest net, Visit visit) throws NetworkException, IOException {
        List<Layers.Layer> largest = layers.getOrDefault(visit.cellId(), List.of()).stream()
                .sorted(Comparator.comparingLong(Layers.Layer::nanos).reversed())
                .limit(method.layers().isolate())
                .toList();
        for (Layers.Layer layer : largest) {
            if (cancelled) {
                return;
            }
            progress.begins(visit.cellId() + " · " + layer.name());
            try {
                alone(net, visit, layer);
            } catch (NetworkException e) {
                if (e.fatal() || cancelled) {
                    throw e;
                }
                recorder.note(Note.of(
                                "layer-not-alone",
                                "warning",
                                "the layer '%s' was not run alone: %s".formatted(layer.name(), firstLine(e)))
                        .inCell(visit.cellId()));
            }
        }
    }

    private void alone(NetworkUnderTest net, Visit visit, Layers.Layer layer) throws NetworkException, IOException {
        Map<String, String> options = new HashMap<>(visit.load().options());
        options.put("layer", layer.name());
        net.load(new LoadRequest(
                visit.load().model(), visit.load().precision(), visit.load().device(), options));
        net.prepare(visit.cell().batch(), visit.inputs());
        net.run(RunRequest.of(RunRequest.Kind.WARMUP, method.warmup().minSeconds(), RunRequest.Timing.BARE));
        Asked asked = ask(net, RunRequest.of(RunRequest.Kind.MEASURE, windowSeconds, RunRequest.Timing.BARE));
        if (!cancelled) {
            Window window = record(visit, 1, Window.Kind.ISOLATED, asked, Map.of());
            long nanos = window.endNanos() - window.startNanos();
            recorder.part(new Part(
                    visit.cellId(),
                    Part.Pass.LAYER_ALONE,
                    layer.name(),
                    layer.operator(),
                    nanos,
                    nanos,
                    Optional.of(window.id())));
        }
    }

    private void notes(Visit visit, List<String> sentences) throws IOException {
        for (String sentence : sentences) {
            recorder.note(Note.of("network-note", "info", sentence).inCell(visit.cellId()));
        }
    }

    private CellRecord known(Visit visit) {
        return records.computeIfAbsent(
                visit.cellId(),
                id -> CellRecord.of(
                        id,
                        visit.cell().target(),
                        visit.cell().model(),
                        visit.cell().precision(),
                        visit.cell().batch()));
    }

    private void save(CellRecord record) throws IOException {
        records.put(record.cellId(), record);
        recorder.cell(record);
    }

    /// Outputs are kept for comparing artefacts, and the network is asked how it is executed.
    private void verify(NetworkUnderTest net, Visit visit) throws NetworkException, IOException {
        Verified verified = net.verify();
        outputs.put(visit.cellId(), verified.outputs());
        records.put(
                visit.cellId(),
                known(visit)
                        .withExecuted(
                                verified.execution().shares(),
                                verified.execution().settings()));
        notes(visit, verified.execution().notes());
        if (!Agreement.same(verified.outputs(), net.outputs())) {
            varying.add(visit.cellId());
            recorder.note(Note.of(
                            "outputs-vary",
                            "info",
                            "two steps on the same inputs gave different outputs: nothing shows whether it computed the same while it was measured")
                    .inCell(visit.cellId()));
        }
        if (method.layers().profile()) {
            layers(visit, verified.execution().layers());
        }
    }

    private void layers(Visit visit, Optional<Layers> told) throws IOException {
        if (layers.containsKey(visit.cellId())) {
            return; // told before a restart
        }
        if (told.isEmpty()) {
            recorder.note(Note.of("layers-unknown", "warning", "the network does not tell the time of its layers")
                    .inCell(visit.cellId()));
            return;
        }
        layers.put(visit.cellId(), told.get().layers());
        for (Layers.Layer layer : told.get().layers()) {
            recorder.part(new Part(
                    visit.cellId(),
                    Part.Pass.LAYERS,
                    layer.name(),
                    layer.operator(),
                    layer.nanos(),
                    told.get().wholeNanos(),
                    Optional.empty()));
        }
    }

    /// What it gives before the window; empty where that says nothing about the steps in it.
    private Optional<List<Tensor>> before(NetworkUnderTest net, Visit visit) throws NetworkException {
        return net.capabilities().verifiable() && !varying.contains(visit.cellId())
                ? Optional.of(net.outputs())
                : Optional.empty();
    }

    /// A network whose input was overwritten or given back computes on, at a normal rate and without an error.
    private static void requireSame(NetworkUnderTest net, Optional<List<Tensor>> before) throws NetworkException {
        if (before.isPresent() && !Agreement.same(before.get(), net.outputs())) {
            throw new NetworkException(
                    NetworkException.Code.INTERNAL,
                    "its outputs after the measured window are not those before it, on the same inputs: it measured something else");
        }
    }

    /// What the cells of the first repeat gave, by cell; none where a network shows no outputs.
    public Map<String, List<Tensor>> outputs() {
        return Map.copyOf(outputs);
    }

    /// Compares what each cell gave in the first repeat with what another gave at the same batch size, and forgets it.
    ///
    /// @param references by batch size
    /// @throws IOException if the recording cannot be written
    public void compare(Map<Integer, List<Tensor>> references) throws IOException {
        for (Map.Entry<String, List<Tensor>> own : outputs.entrySet()) {
            CellRecord known = records.get(own.getKey());
            if (known != null && references.containsKey(known.batch())) {
                save(known.withAgreement(Agreement.of(references.get(known.batch()), own.getValue())));
            }
        }
        outputs.clear();
    }

    private void idleLoaded(Visit visit, int repeat, String when) throws IOException {
        if (method.idle().when().contains(when) && method.idle().kinds().contains("loaded") && !cancelled) {
            progress.begins(visit.cellId() + " · idle");
            idle(visit.cellId(), repeat, Window.Kind.IDLE_LOADED);
        }
    }

    private void idle(String cellId, int repeat, Window.Kind kind) throws IOException {
        Surroundings.Counts before = surroundings.now(network);
        recorder.edge();
        long from = ticker.nanos();
        pause(method.idle().seconds());
        long to = ticker.nanos();
        recorder.edge();
        window(cellId, repeat, kind, from, to, before.until(surroundings.now(network)));
    }

    /// Waits until every temperature that is recorded is below the limit, if there is one.
    private void cool(Visit visit) throws IOException {
        OptionalDouble limit = method.cooldown().untilTemperatureBelow();
        if (limit.isEmpty()) {
            return;
        }
        progress.begins(visit.cellId() + " · cooling down");
        long start = ticker.nanos();
        OptionalDouble hottest = hottest();
        while (!cancelled && hottest.isPresent() && hottest.getAsDouble() >= limit.getAsDouble()) {
            if (ticker.nanos() - start > LONGEST_COOLDOWN.toNanos()) {
                recorder.note(Note.of(
                                "not-cool",
                                "warning",
                                "after %d s the hottest sensor still shows %.1f °C, not below %.1f °C; going on"
                                        .formatted(
                                                LONGEST_COOLDOWN.toSeconds(),
                                                hottest.getAsDouble(),
                                                limit.getAsDouble()))
                        .inCell(visit.cellId()));
                return;
            }
            pause(COOLDOWN_LOOK_SECONDS);
            hottest = hottest();
        }
        if (hottest.isEmpty()) {
            recorder.note(Note.of(
                            "not-cool",
                            "warning",
                            "no temperature was read in the last %d s: the window began without waiting for one"
                                    .formatted(TEMPERATURE_AGE.toSeconds()))
                    .inCell(visit.cellId()));
        }
    }

    /// The highest of the last temperatures, in degrees Celsius; empty if none was read lately.
    private OptionalDouble hottest() {
        return recorder.recent(TEMPERATURE_AGE).stream()
                .filter(signal -> signal.channel().quantity() == Quantity.TEMPERATURE && signal.size() > 0)
                .mapToDouble(signal ->
                        signal.raw()[signal.size() - 1] * signal.channel().scale())
                .max();
    }

    private void pause(double seconds) {
        long until = ticker.nanos() + (long) (seconds * 1e9);
        for (long left = until - ticker.nanos(); left > 0 && !cancelled; left = until - ticker.nanos()) {
            LockSupport.parkNanos(left);
        }
    }

    /// The throughput of an open loop is the user's, and random: there is no more to wait for than the sensors' rise.
    private void warmUp(NetworkUnderTest net, Visit visit, int repeat) throws NetworkException, IOException {
        double least = Math.max(method.warmup().minSeconds(), leadIn.riseSeconds());
        if (visit.cell().load() instanceof Load.Open) {
            RunRequest request = RunRequest.of(RunRequest.Kind.WARMUP, least, RunRequest.Timing.BARE);
            loop(net, visit, repeat, Window.Kind.WARMUP, under(visit, repeat, request));
            return;
        }
        double most = Math.max(method.warmup().maxSeconds(), least);
        double rate = 0;
        double spent = 0;
        while (spent < most && !cancelled) {
            RunAnswer answer = loop(
                    net,
                    visit,
                    repeat,
                    Window.Kind.WARMUP,
                    under(visit, repeat, RunRequest.of(RunRequest.Kind.WARMUP, least, RunRequest.Timing.BARE)));
            double now = answer.elements() / answer.seconds();
            spent += answer.seconds();
            if (Math.abs(now - rate) <= STEADY * now) {
                return;
            }
            rate = now;
        }
        if (!cancelled) {
            recorder.note(Note.of(
                            "not-steady",
                            "warning",
                            "throughput still changed by more than 5 %% after %.1f s of warm-up".formatted(spent))
                    .inCell(visit.cellId()));
        }
    }

    /// The window counts once its outputs are known to be those before it.
    private void measure(NetworkUnderTest net, Visit visit, int repeat, Optional<List<Tensor>> before)
            throws NetworkException, IOException {
        double asked = windowSeconds;
        RunRequest request =
                under(visit, repeat, RunRequest.of(RunRequest.Kind.MEASURE, asked, RunRequest.Timing.BARE));
        Asked once = ask(net, request);
        double ran = once.answer().seconds();
        if (ran < SHORTEST * asked && !cancelled) {
            recorder.note(Note.of(
                            "window-too-short",
                            "warning",
                            "the network ran %.3g s of %.3g s asked; asked once more for longer".formatted(ran, asked))
                    .inCell(visit.cellId()));
            double longer = asked * Math.min(LONGEST_AGAIN, asked / ran);
            once = ask(
                    net, under(visit, repeat, RunRequest.of(RunRequest.Kind.MEASURE, longer, RunRequest.Timing.BARE)));
        }
        if (!cancelled) {
            requireSame(net, before);
            noteNarrowStamps(visit, once.answer());
            noteDropped(visit, once.answer());
            records.put(
                    visit.cellId(),
                    known(visit)
                            .withDurations(
                                    once.answer().histogram(), once.answer().timings()));
            record(visit, repeat, Window.Kind.MEASURE, once, Map.of());
        }
    }

    /// The same request under the load of the cell; each loop has random times of its own, the same in each run.
    private RunRequest under(Visit visit, int repeat, RunRequest request) {
        return request.under(
                visit.cell().load(),
                Objects.hash(
                        method.seed(), visit.cellId(), repeat, request.kind().name()));
    }

    /// Of a load that the network did not keep up with, the figure is that of its own pace.
    private void noteDropped(Visit visit, RunAnswer answer) throws IOException {
        long dropped = answer.counts().getOrDefault(Tally.DROPPED, 0L);
        if (dropped > 0) {
            recorder.note(Note.of(
                            "load-not-met",
                            "warning",
                            "%d of %d steps that were due were not asked for, as those before were still under way: this is the energy at the network's own pace, not at the rate that was asked for"
                                    .formatted(dropped, dropped + answer.iterations()))
                    .inCell(visit.cellId()));
        }
    }

    private void noteServerElsewhere(Visit visit, Loaded loaded) throws IOException {
        if (ServerPlace.ELSEWHERE.text().equals(loaded.settings().get(ServerPlace.SETTING))) {
            recorder.note(Note.of(
                            "server-elsewhere",
                            "warning",
                            "the server runs on another machine: sensors of this one see the client only. Name sources that meter the server (redfish, ipmi, snmp, prometheus), and a boundary of them")
                    .inCell(visit.cellId()));
        }
    }

    /// Elements that were inferred outside the network's stamps would have been for nothing.
    private void noteNarrowStamps(Visit visit, RunAnswer answer) throws IOException {
        double answered = (answer.receivedNanos() - answer.sentNanos()) * 1e-9;
        double outside = answered - answer.seconds();
        if (answer.stamped() && outside > MOST_OUTSIDE_SECONDS && outside > MOST_OUTSIDE_SHARE * answered) {
            recorder.note(Note.of(
                            "stamps-narrow",
                            "warning",
                            "the network's stamps cover %.3g s of the %.3g s that its answer took; if it inferred outside them, the figure is too low"
                                    .formatted(answer.seconds(), answered))
                    .inCell(visit.cellId()));
        }
    }

    private RunAnswer loop(NetworkUnderTest net, Visit visit, int repeat, Window.Kind kind, RunRequest request)
            throws NetworkException, IOException {
        Asked once = ask(net, request);
        RunAnswer answer = once.answer();
        record(
                visit,
                repeat,
                kind,
                once,
                request.phase()
                        .map(phase -> Map.of(phase, answer.endNanos() - answer.startNanos()))
                        .orElse(answer.phaseNanos()));
        return answer;
    }

    private record Asked(RunAnswer answer, Conditions conditions) {}

    private Asked ask(NetworkUnderTest net, RunRequest request) throws NetworkException, IOException {
        Surroundings.Counts before = surroundings.now(Optional.of(net));
        recorder.edge();
        RunAnswer answer = net.run(request);
        recorder.edge();
        spans(net);
        return new Asked(answer, before.until(surroundings.now(Optional.of(net))));
    }

    private void spans(NetworkUnderTest net) throws IOException {
        for (Mark mark : net.takeMarks()) {
            recorder.span(new Span(mark.name(), mark.startNanos(), mark.endNanos()));
        }
    }

    private Window record(Visit visit, int repeat, Window.Kind kind, Asked asked, Map<String, Long> phaseNanos)
            throws IOException {
        RunAnswer answer = asked.answer();
        Window window = recorder.window(new Window(
                "",
                visit.cellId(),
                repeat,
                kind,
                answer.startNanos(),
                answer.endNanos(),
                answer.iterations(),
                answer.elements(),
                answer.stamped(),
                asked.conditions(),
                phaseNanos,
                answer.counts()));
        progress.recorded(window);
        return window;
    }

    private void window(String cellId, int repeat, Window.Kind kind, long from, long to, Conditions conditions)
            throws IOException {
        progress.recorded(
                recorder.window(new Window("", cellId, repeat, kind, from, to, 0, 0, false, conditions, Map.of())));
    }
}
