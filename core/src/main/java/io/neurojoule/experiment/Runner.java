package io.neurojoule.experiment;

import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recorder;
import io.neurojoule.recording.Window;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tensor;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    /// Starts the network's process.
    @FunctionalInterface
    public interface Start {
        NetworkUnderTest network() throws NetworkException;
    }

    private final Start start;
    private final Recorder recorder;
    private final Ticker ticker;
    private final Procedure procedure;
    private final Progress progress;
    private final Map<String, CellRecord> records = new HashMap<>();
    private final Map<String, List<Tensor>> outputs = new HashMap<>();
    private final Set<String> restarted = new HashSet<>();
    private final Set<String> over = new HashSet<>();
    private Optional<NetworkUnderTest> network = Optional.empty();
    private volatile boolean cancelled;
    private volatile Optional<NetworkUnderTest> running = Optional.empty();

    public Runner(Start start, Recorder recorder, Ticker ticker, Procedure procedure, Progress progress) {
        this.start = start;
        this.recorder = recorder;
        this.ticker = ticker;
        this.procedure = procedure;
        this.progress = progress;
    }

    /// Ends the run after the step that is going on; what was recorded is kept.
    public void cancel() {
        cancelled = true;
        running.ifPresent(NetworkUnderTest::stop);
    }

    /// How a run ended, apart from its figures.
    ///
    /// @param failed codes and reasons of cells that were asked for and failed, by cell; unsupported ones are not among
    /// them
    public record Outcome(boolean cancelled, Map<String, NetworkException> failed) {}

    /// Visits every cell once per repeat. The first entry of the first repeat's plan order is not special: the
    /// reference of
    /// the agreement is the artefact named first in `precisions`.
    ///
    /// @param precisions in the order in which the user named them
    /// @throws IOException if the recording cannot be written
    public Outcome run(List<List<Visit>> order, List<String> precisions) throws IOException {
        Map<String, NetworkException> failed = new HashMap<>();
        int of = order.stream().mapToInt(List::size).sum();
        int done = 0;
        try {
            for (int repeat = 1; repeat <= order.size() && !cancelled; repeat++) {
                for (Visit visit : order.get(repeat - 1)) {
                    if (cancelled) {
                        break;
                    }
                    if (!over.contains(visit.cellId())) {
                        attempt(visit, repeat, done, of, order.getFirst(), failed);
                    }
                    done++;
                }
                if (repeat == 1) {
                    compare(order.getFirst(), precisions);
                }
            }
        } finally {
            network.ifPresent(NetworkUnderTest::close);
        }
        return new Outcome(cancelled, Map.copyOf(failed));
    }

    private void attempt(
            Visit visit, int repeat, int done, int of, List<Visit> all, Map<String, NetworkException> failed)
            throws IOException {
        try {
            visit(visit, repeat, done, of);
        } catch (NetworkException e) {
            if (cancelled) {
                return;
            }
            if (e.fatal()) {
                network.ifPresent(NetworkUnderTest::close);
                network = Optional.empty();
                if (restarted.add(visit.target())) {
                    recorder.note(Note.of("network-restarted", "warning", e.getMessage() + "; started again")
                            .inCell(visit.cellId()));
                    attempt(visit, repeat, done, of, all, failed);
                    return;
                }
            }
            fail(visit, e, all, failed);
        }
    }

    private void fail(Visit visit, NetworkException e, List<Visit> all, Map<String, NetworkException> failed)
            throws IOException {
        String why = String.valueOf(e.getMessage());
        boolean unsupported = e.code() == NetworkException.Code.UNSUPPORTED;
        for (Visit other : all) {
            boolean same = other.cellId().equals(visit.cellId());
            boolean series = other.load().precision().equals(visit.load().precision());
            boolean affected = same
                    || (series && e.code() == NetworkException.Code.OUT_OF_MEMORY && other.batch() > visit.batch())
                    || (series
                            && (e.code() == NetworkException.Code.BAD_MODEL
                                    || e.code() == NetworkException.Code.INVALID_INPUT));
            if (affected && over.add(other.cellId())) {
                String reason = same ? why : "not tried, since " + visit.cellId() + " failed: " + why;
                save(known(other).withStatus(unsupported ? "unsupported" : "failed", reason));
                if (!unsupported) {
                    failed.put(other.cellId(), e);
                    recorder.note(Note.of("network-failed", "error", reason).inCell(other.cellId()));
                }
                progress.failed(other.cellId(), reason);
            }
        }
    }

    private void visit(Visit visit, int repeat, int done, int of) throws NetworkException, IOException {
        progress.begins(visit.cellId() + " · load", done, of);
        NetworkUnderTest net = network.isPresent() ? network.get() : start.network();
        network = Optional.of(net);
        running = network;
        recorder.edge();
        long loadStart = ticker.nanos();
        Loaded loaded = net.load(visit.load());
        net.prepare(visit.batch(), visit.inputs());
        long loadEnd = ticker.nanos();
        recorder.edge();
        window(visit, repeat, Window.Kind.LOAD, loadStart, loadEnd);
        RunAnswer first = loop(
                net,
                visit,
                repeat,
                Window.Kind.WARMUP,
                new RunRequest(RunRequest.Kind.WARMUP, 0, 1, OptionalLong.of(1), RunRequest.Timing.BARE));
        if (repeat == 1) {
            records.put(
                    visit.cellId(),
                    known(visit)
                            .withLoad(
                                    (loadEnd - loadStart) * 1e-9,
                                    first.seconds(),
                                    loaded.executed(),
                                    loaded.settings()));
            for (String note : loaded.notes()) {
                recorder.note(Note.of("network-note", "info", note).inCell(visit.cellId()));
            }
            verify(net, visit);
        }
        progress.begins(visit.cellId() + " · idle", done, of);
        idle(visit, repeat);
        progress.begins(visit.cellId() + " · warm-up", done, of);
        warmUp(net, visit, repeat);
        if (cancelled) {
            return;
        }
        progress.begins(visit.cellId() + " · measure", done, of);
        measure(net, visit, repeat);
        progress.begins(visit.cellId() + " · idle", done, of);
        idle(visit, repeat);
        Map<Integer, Long> latencies = known(visit).latencies();
        if (repeat == 1 && !procedure.latency().isZero() && !cancelled) {
            progress.begins(visit.cellId() + " · latency", done, of);
            latencies = loop(
                            net,
                            visit,
                            repeat,
                            Window.Kind.LATENCY,
                            RunRequest.of(
                                    RunRequest.Kind.INSTRUMENT,
                                    seconds(procedure.latency()),
                                    RunRequest.Timing.LATENCY))
                    .histogram();
        }
        save(known(visit).withRun(net.peakMemoryBytes(), latencies));
    }

    private CellRecord known(Visit visit) {
        return records.computeIfAbsent(
                visit.cellId(),
                id -> CellRecord.of(
                        id, visit.target(), visit.model(), visit.load().precision(), visit.batch()));
    }

    private void save(CellRecord record) throws IOException {
        records.put(record.cellId(), record);
        recorder.cell(record);
    }

    /// Outputs are kept until the first repeat is over, for comparing artefacts at the same batch size.
    private void verify(NetworkUnderTest net, Visit visit) throws NetworkException {
        if (net.capabilities().verifiable()) {
            outputs.put(visit.load().precision() + "#" + visit.batch(), net.verify());
        }
    }

    private void compare(List<Visit> visits, List<String> precisions) throws IOException {
        for (Visit visit : visits) {
            List<Tensor> reference = outputs.get(precisions.getFirst() + "#" + visit.batch());
            List<Tensor> own = outputs.get(visit.load().precision() + "#" + visit.batch());
            CellRecord known = records.get(visit.cellId());
            if (reference != null && own != null && known != null) {
                save(known.withAgreement(Agreement.of(reference, own)));
            }
        }
        outputs.clear();
    }

    private void idle(Visit visit, int repeat) throws IOException {
        recorder.edge();
        long from = ticker.nanos();
        long until = from + procedure.idle().toNanos();
        for (long left = until - from; left > 0 && !cancelled; left = until - ticker.nanos()) {
            LockSupport.parkNanos(left);
        }
        long to = ticker.nanos();
        recorder.edge();
        window(visit, repeat, Window.Kind.IDLE_LOADED, from, to);
    }

    private void warmUp(NetworkUnderTest net, Visit visit, int repeat) throws NetworkException, IOException {
        double least = seconds(procedure.warmupLeast());
        double most = seconds(procedure.warmupMost());
        double rate = 0;
        double spent = 0;
        while (spent < most && !cancelled) {
            RunAnswer answer = loop(
                    net,
                    visit,
                    repeat,
                    Window.Kind.WARMUP,
                    RunRequest.of(RunRequest.Kind.WARMUP, least, RunRequest.Timing.BARE));
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

    private void measure(NetworkUnderTest net, Visit visit, int repeat) throws NetworkException, IOException {
        double asked = seconds(procedure.window());
        recorder.edge();
        RunAnswer answer = net.run(RunRequest.of(RunRequest.Kind.MEASURE, asked, RunRequest.Timing.BARE));
        recorder.edge();
        if (answer.seconds() < SHORTEST * asked && !cancelled) {
            recorder.note(Note.of(
                            "window-too-short",
                            "warning",
                            "the network ran %.3g s of %.3g s asked; asked once more for longer"
                                    .formatted(answer.seconds(), asked))
                    .inCell(visit.cellId()));
            recorder.edge();
            answer = net.run(
                    RunRequest.of(RunRequest.Kind.MEASURE, asked * asked / answer.seconds(), RunRequest.Timing.BARE));
            recorder.edge();
        }
        if (!cancelled) {
            record(visit, repeat, Window.Kind.MEASURE, answer);
        }
    }

    private RunAnswer loop(NetworkUnderTest net, Visit visit, int repeat, Window.Kind kind, RunRequest request)
            throws NetworkException, IOException {
        recorder.edge();
        RunAnswer answer = net.run(request);
        recorder.edge();
        record(visit, repeat, kind, answer);
        return answer;
    }

    private void record(Visit visit, int repeat, Window.Kind kind, RunAnswer answer) throws IOException {
        progress.recorded(recorder.window(new Window(
                "",
                visit.cellId(),
                repeat,
                kind,
                answer.startNanos(),
                answer.endNanos(),
                answer.iterations(),
                answer.elements(),
                answer.stamped())));
    }

    private void window(Visit visit, int repeat, Window.Kind kind, long from, long to) throws IOException {
        progress.recorded(recorder.window(new Window("", visit.cellId(), repeat, kind, from, to, 0, 0, false)));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() * 1e-9;
    }
}
