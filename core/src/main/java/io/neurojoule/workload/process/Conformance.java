package io.neurojoule.workload.process;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.RunRequest.Kind;
import io.neurojoule.workload.RunRequest.Timing;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.process.ProcessNetwork.Deadlines;
import io.neurojoule.workload.process.ProcessNetwork.Exchange;
import io.neurojoule.workload.protocol.Requests;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// Whether a program keeps the workload protocol: it is used as a run uses it, and as a run seldom does.
///
/// Each check starts the program again if the one before has ended it. Used by one thread.
public final class Conformance implements AutoCloseable {
    /// How a check came out; only FAILED means that the program must be mended.
    public enum Verdict {
        PASSED,
        WARNED,
        FAILED,
        SKIPPED
    }

    /// @param found  what the program did, with figures
    /// @param remedy what to mend; empty unless FAILED or WARNED
    public record Check(String name, Verdict verdict, String found, String remedy) {}

    /// What is tested.
    ///
    /// @param command   the program and its arguments
    /// @param directory where it starts
    /// @param precision empty: the first that it offers, else `default`
    /// @param batches   two sizes, to tell elements from iterations
    /// @param files     where it may leave files; its log lies there, too
    public record Subject(
            List<String> command,
            Path directory,
            String model,
            Optional<String> precision,
            String device,
            List<Integer> batches,
            Path files) {
        public Subject {
            command = List.copyOf(command);
            batches = List.copyOf(batches);
        }
    }

    private static final String NO_SUCH_OP = "no-such-op";
    private static final String NO_SUCH_PRECISION = "no-such-precision";
    private static final double WINDOW_SECONDS = 1;
    private static final double SHORT_SECONDS = 0.3;

    /// Of a run that is to be stopped: long enough that an end before it is no accident.
    private static final double STOPPABLE_SECONDS = 3;

    private static final Duration STOP_AFTER = Duration.ofMillis(300);

    /// A helper looks every 50 ms, and an answer may take twice that; the rest is for a busy machine.
    private static final double STOP_SECONDS = 0.25;

    private static final double SHORTEST_SHARE = 0.95;

    /// The part of a window that may be something else than steps; more is the finding `stamps-narrow`.
    private static final double MOST_OUTSIDE = 0.05;

    /// Of a start-up inside a window.
    private static final double MOST_START_UP = 0.01;

    /// CPU time of a network that waits, as a share of one processor; the kernel counts it in steps of 10 ms.
    private static final double MOST_IDLE = 0.05;

    private static final Duration LEAVING = Duration.ofSeconds(5);
    private static final Duration WATCH_PERIOD = Duration.ofMillis(5);

    private final Subject subject;
    private final Ticker ticker;
    private final Consumer<Check> live;
    private final List<Check> checks = new ArrayList<>();
    private Optional<ProcessNetwork> started = Optional.empty();
    private Optional<String> stray = Optional.empty();

    private Conformance(Subject subject, Ticker ticker, Consumer<Check> live) {
        this.subject = subject;
        this.ticker = ticker;
        this.live = live;
    }

    /// Tries everything, in about ten seconds, and leaves no process.
    ///
    /// @param live told each check as it is done
    public static List<Check> test(Subject subject, Ticker ticker, Consumer<Check> live) {
        try (Conformance conformance = new Conformance(subject, ticker, live)) {
            conformance.testAll();
            return List.copyOf(conformance.checks);
        }
    }

    @Override
    public void close() {
        started.ifPresent(ProcessNetwork::close);
    }

    private void testAll() {
        boolean speaks = check(
                "handshake",
                "answer every line on stdin with one line on stdout, and flush it",
                () -> handshake(network().capabilities()));
        if (!speaks) {
            return;
        }
        check("clock", "tell mono_ns, t0 and t1 from CLOCK_MONOTONIC", this::clock);
        check("unknown op", "answer {\"ok\":false,\"error\":{\"code\":\"UNKNOWN_OP\",…}}", this::unknownOp);
        check("precision", "answer a load in a precision that is not offered with UNSUPPORTED", this::precision);
        check("error path", "answer a run that was not prepared with an error, and stay alive", this::unprepared);
        boolean runs = check("load, prepare", "load and prepare must work after refusals, too", () -> {
            ProcessNetwork network = prepared();
            return passed("%s, batch %d"
                    .formatted(
                            loadRequest(network).precision(), subject.batches().getFirst()));
        });
        if (!runs) {
            return;
        }
        check("duration", "loop until the time that was asked is over, and take t0 and t1 around it", this::duration);
        check("elements", "answer elements = iterations × batch", this::elements);
        check("stop", "look at stdin every 50 ms, end the loop, answer run and then stop", this::stop);
        check("latency", "answer hist with one entry a step, or leave it out", this::latency);
        check("phases", "add the time of each step's phases up, and name those of hello only", this::phases);
        check("start-up", "start programs before the window, or repeat more in each", this::startUp);
        check("outputs", "the same inputs must give the same outputs", this::outputs);
        check("idle", "block while nothing is asked: spinning threads become idle power", this::idle);
        check("stray output", "print to stderr: on stdout it may cut an answer in two", this::strayOutput);
        check("close", "answer close and exit with 0", this::closing);
        check("end of stdin", "exit when stdin ends: the profiler may have died", this::endOfInput);
    }

    /// What a check found out.
    ///
    /// @param remedy in place of the usual one, if there is a better
    private record Found(Verdict verdict, String text, Optional<String> remedy) {}

    private interface Body {
        Found look() throws NetworkException, InterruptedException;
    }

    private static Found passed(String text) {
        return new Found(Verdict.PASSED, text, Optional.empty());
    }

    private static Found failed(String text) {
        return new Found(Verdict.FAILED, text, Optional.empty());
    }

    private static Found warned(String text, String remedy) {
        return new Found(Verdict.WARNED, text, Optional.of(remedy));
    }

    private static Found skipped(String text) {
        return new Found(Verdict.SKIPPED, text, Optional.empty());
    }

    /// @return whether it did not fail
    private boolean check(String name, String remedy, Body body) {
        Found found;
        try {
            found = body.look();
        } catch (NetworkException broken) {
            found = failed(String.valueOf(broken.getMessage()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            found = failed("interrupted");
        }
        boolean mend = found.verdict() == Verdict.FAILED || found.verdict() == Verdict.WARNED;
        Check check = new Check(
                name, found.verdict(), found.text(), mend ? found.remedy().orElse(remedy) : "");
        checks.add(check);
        live.accept(check);
        return found.verdict() != Verdict.FAILED;
    }

    private ProcessNetwork network() throws NetworkException {
        if (started.isEmpty() || started.get().ended()) {
            stray = stray();
            started.ifPresent(ProcessNetwork::close);
            started = Optional.of(start());
        }
        return started.get();
    }

    /// The first line on stdout that was no message, of any start.
    private Optional<String> stray() {
        return stray.or(() -> started.flatMap(ProcessNetwork::strayLine));
    }

    private ProcessNetwork start() throws NetworkException {
        return ProcessNetwork.start(
                String.join(" ", subject.command()),
                subject.command(),
                subject.directory(),
                Map.of(),
                subject.files().resolve("network.log"),
                subject.files(),
                "adapter-test",
                Deadlines.with(Duration.ofSeconds(5)),
                Optional.empty(),
                ticker);
    }

    private LoadRequest loadRequest(ProcessNetwork network) {
        List<String> offered = network.capabilities().precisions();
        return new LoadRequest(
                subject.model(),
                subject.precision().orElse(offered.isEmpty() ? "default" : offered.getFirst()),
                subject.device(),
                Map.of());
    }

    /// The program with the first batch prepared.
    private ProcessNetwork prepared() throws NetworkException {
        ProcessNetwork network = network();
        network.load(loadRequest(network));
        network.prepare(subject.batches().getFirst(), List.of());
        return network;
    }

    private static Found handshake(Capabilities offered) {
        return passed("%s%s; precisions %s; phases %s"
                .formatted(
                        offered.name(),
                        offered.framework().map(name -> " (" + name + ")").orElse(""),
                        offered.precisions().isEmpty() ? "not told" : String.join(", ", offered.precisions()),
                        offered.phases().isEmpty() ? "none" : String.join(", ", offered.phases())));
    }

    private Found clock() throws NetworkException {
        ProcessNetwork network = network();
        Exchange hello =
                network.ask("hello", Requests.hello(network.nextId(), "adapter-test", subject.files()), LEAVING);
        return hello.answer().mono().isPresent()
                ? passed("mono_ns lay between question and answer %d times".formatted(ProcessNetwork.CLOCK_CHECKS + 1))
                : warned(
                        "it tells no time: the profiler's own stamps bound each window",
                        "add mono_ns to hello, t0 and t1 to run, if its language can read CLOCK_MONOTONIC");
    }

    private Found unknownOp() throws NetworkException {
        ProcessNetwork network = network();
        try {
            network.ask(NO_SUCH_OP, Requests.of(NO_SUCH_OP, network.nextId()), LEAVING);
            return failed("it answered ok to the op '%s'".formatted(NO_SUCH_OP));
        } catch (NetworkException refused) {
            return refused(refused, Code.UNKNOWN_OP);
        }
    }

    private Found precision() throws NetworkException {
        ProcessNetwork network = network();
        boolean offers = !network.capabilities().precisions().isEmpty();
        try {
            network.load(new LoadRequest(subject.model(), NO_SUCH_PRECISION, subject.device(), Map.of()));
        } catch (NetworkException refused) {
            return refused(refused, Code.UNSUPPORTED);
        }
        String took = "it loaded the precision '%s'".formatted(NO_SUCH_PRECISION);
        return offers
                ? failed(took + " and offers "
                        + String.join(", ", network.capabilities().precisions()))
                : warned(took, "list precisions in hello and refuse others, or a figure may stand under a wrong name");
    }

    private Found unprepared() throws NetworkException {
        ProcessNetwork network = network();
        network.load(loadRequest(network));
        try {
            network.ask("run", Requests.run(network.nextId(), bare(0)), LEAVING);
            return failed("it ran though nothing had been prepared");
        } catch (NetworkException refused) {
            return refused.fatal()
                    ? failed(String.valueOf(refused.getMessage()))
                    : passed("refused: " + refused.code());
        }
    }

    private static Found refused(NetworkException refused, Code expected) throws NetworkException {
        if (refused.fatal()) {
            throw refused;
        }
        return refused.code() == expected
                ? passed("refused: " + expected)
                : failed("it refused with %s: %s".formatted(refused.code(), refused.getMessage()));
    }

    private static RunRequest bare(double seconds) {
        return RunRequest.of(Kind.MEASURE, seconds, Timing.BARE);
    }

    private static double step(RunAnswer ran) {
        return ran.seconds() / ran.iterations();
    }

    private Found duration() throws NetworkException {
        ProcessNetwork network = prepared();
        network.run(RunRequest.of(Kind.WARMUP, SHORT_SECONDS, Timing.BARE));
        RunAnswer ran = network.run(bare(WINDOW_SECONDS));
        double whole = (ran.receivedNanos() - ran.sentNanos()) * 1e-9;
        double outside = 1 - ran.seconds() / whole;
        String found = "%d steps in %.3f s of %.3g s asked, %.3g µs a step; %s"
                .formatted(
                        ran.iterations(),
                        ran.seconds(),
                        WINDOW_SECONDS,
                        step(ran) * 1e6,
                        ran.stamped()
                                ? "%.2g %% of the answer's time lay outside the loop".formatted(outside * 100)
                                : "bounded by the profiler's stamps");
        if (ran.seconds() < SHORTEST_SHARE * WINDOW_SECONDS) {
            return failed(found);
        }
        if (outside > MOST_OUTSIDE) {
            return warned(found, "take t0 before the first step and t1 after the last");
        }
        return ran.seconds() > WINDOW_SECONDS + STOP_SECONDS + 2 * step(ran)
                ? warned(found, "look at the clock more often: a window should end one step after its time")
                : passed(found);
    }

    private Found elements() throws NetworkException {
        ProcessNetwork network = prepared();
        int other = subject.batches().getLast();
        try {
            network.prepare(other, List.of());
        } catch (NetworkException refused) {
            if (refused.code() == Code.UNSUPPORTED) {
                return skipped("it refuses batch %d".formatted(other));
            }
            throw refused;
        }
        RunAnswer ran = network.run(bare(SHORT_SECONDS));
        return passed("%d elements after %d steps of batch %d".formatted(ran.elements(), ran.iterations(), other));
    }

    private Found stop() throws NetworkException, InterruptedException {
        ProcessNetwork network = prepared();
        double step = step(network.run(bare(0)));
        if (!network.capabilities().stoppable()) {
            return skipped("not offered: Ctrl-C ends the program by a signal");
        }
        if (step > STOPPABLE_SECONDS / 3) {
            return skipped("one step takes %.3g s".formatted(step));
        }
        long[] stopped = new long[1];
        Thread stopper = Thread.ofPlatform().start(() -> {
            try {
                TimeUnit.NANOSECONDS.sleep(STOP_AFTER.toNanos());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            stopped[0] = ticker.nanos();
            network.stop();
        });
        RunAnswer ran = network.run(bare(STOPPABLE_SECONDS));
        stopper.join();
        network.run(bare(0));
        double took = (ran.receivedNanos() - stopped[0]) * 1e-9;
        String found = "the run answered %.0f ms after stop".formatted(took * 1e3);
        if (ran.seconds() >= SHORTEST_SHARE * STOPPABLE_SECONDS) {
            return failed("it offers stop, and ran on for the %.3g s asked".formatted(STOPPABLE_SECONDS));
        }
        return took > STOP_SECONDS + 2 * step ? warned(found, "look at stdin every 50 ms") : passed(found);
    }

    private Found latency() throws NetworkException {
        ProcessNetwork network = prepared();
        RunAnswer plain = network.run(bare(SHORT_SECONDS));
        RunAnswer ran = network.run(RunRequest.of(Kind.INSTRUMENT, SHORT_SECONDS, Timing.LATENCY));
        if (ran.histogram().isEmpty()) {
            return skipped("no hist: no latencies in the table");
        }
        long steps =
                ran.histogram().values().stream().mapToLong(Long::longValue).sum();
        return steps == ran.iterations()
                ? passed("%d steps timed; %s".formatted(steps, slower(ran, plain)))
                : failed("hist holds %d steps of %d".formatted(steps, ran.iterations()));
    }

    private Found phases() throws NetworkException {
        ProcessNetwork network = prepared();
        List<String> offered = network.capabilities().phases();
        if (offered.isEmpty()) {
            return skipped("none offered");
        }
        RunAnswer plain = network.run(bare(SHORT_SECONDS));
        RunAnswer ran = network.run(RunRequest.of(Kind.INSTRUMENT, SHORT_SECONDS, Timing.PHASES));
        Map<String, Long> told = ran.phaseNanos();
        if (told.isEmpty() || !offered.containsAll(told.keySet())) {
            return failed("it offers %s and tells %s".formatted(offered, told.keySet()));
        }
        long sum = told.values().stream().mapToLong(Long::longValue).sum();
        double share = sum * 1e-9 / ran.seconds();
        return share > 1
                ? failed("its phases last longer than the run: %.3g of it".formatted(share))
                : passed("%s: %.3g %% of the run; %s"
                        .formatted(String.join(", ", offered), share * 100, slower(ran, plain)));
    }

    /// Energy comes from bare windows, so this costs nothing there.
    private static String slower(RunAnswer timed, RunAnswer plain) {
        return "a step takes %+.3g µs (%+.2g %%) against bare"
                .formatted((step(timed) - step(plain)) * 1e6, (step(timed) / step(plain) - 1) * 100);
    }

    /// A program that is started in the window brings its start-up into it: its time for one step and for many is a
    /// line, whose value at no step is what a start costs.
    private Found startUp() throws NetworkException, InterruptedException {
        ProcessNetwork network = prepared();
        Watched window = watch(network, bare(WINDOW_SECONDS));
        if (window.programs() == 0) {
            return passed("no program is started inside a window");
        }
        long many = Math.max(2, window.ran().iterations() / 2);
        RunAnswer one = network.run(steps(1));
        Watched more = watch(network, steps(many));
        String programs = "%d starts of programs were seen inside a window of %.3g s"
                .formatted(window.programs(), window.ran().seconds());
        boolean proportional = more.programs() > 2 && more.programs() > window.programs() / 4;
        if (more.ran().iterations() <= one.iterations() || proportional) {
            return warned(
                    programs + ", and their start-up cannot be told from their work",
                    "when seconds is 0, run min_iterations in one start of the program");
        }
        double slope = (more.ran().seconds() - one.seconds()) / (more.ran().iterations() - one.iterations());
        double start = one.seconds() - slope * one.iterations();
        double share = start * window.programs() / window.ran().seconds();
        String found = programs + "; each start costs about %.3g ms: %.2g %% of it".formatted(start * 1e3, share * 100);
        return share > MOST_START_UP
                ? warned(
                        found,
                        "repeat more in each start, or measure for at least %.0f s (--seconds)"
                                .formatted(Math.ceil(start * window.programs() / MOST_START_UP)))
                : passed(found);
    }

    private static RunRequest steps(long count) {
        return new RunRequest(Kind.MEASURE, 0, count, OptionalLong.of(count), Timing.BARE, Optional.empty());
    }

    /// @param programs processes below the network's that were seen and had not been there before
    private record Watched(RunAnswer ran, int programs) {}

    private static Watched watch(ProcessNetwork network, RunRequest request)
            throws NetworkException, InterruptedException {
        Set<Long> before = below(network);
        Set<Long> seen = new HashSet<>();
        Thread watcher = Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    seen.addAll(below(network));
                    TimeUnit.NANOSECONDS.sleep(WATCH_PERIOD.toNanos());
                }
            } catch (InterruptedException done) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            RunAnswer ran = network.run(request);
            watcher.interrupt();
            watcher.join();
            seen.removeAll(before);
            return new Watched(ran, seen.size());
        } finally {
            watcher.interrupt();
        }
    }

    private static Set<Long> below(ProcessNetwork network) {
        return network.process().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    private Found outputs() throws NetworkException {
        ProcessNetwork network = prepared();
        if (!network.capabilities().verifiable()) {
            return skipped("not offered: artefacts cannot be compared");
        }
        List<Tensor> first = network.verify().outputs();
        network.run(bare(0));
        List<Tensor> second = network.verify().outputs();
        long values = first.stream().mapToLong(tensor -> tensor.values().length).sum();
        if (values == 0) {
            return failed("it offers outputs and shows none");
        }
        return same(first, second)
                ? passed("%d values, the same after a run".formatted(values))
                : failed("other outputs after a run on the same inputs");
    }

    private static boolean same(List<Tensor> first, List<Tensor> second) {
        if (first.size() != second.size()) {
            return false;
        }
        for (int i = 0; i < first.size(); i++) {
            if (!first.get(i).shape().equals(second.get(i).shape())
                    || !Arrays.equals(first.get(i).values(), second.get(i).values())) {
                return false;
            }
        }
        return true;
    }

    private Found idle() throws NetworkException, InterruptedException {
        ProcessNetwork network = prepared();
        network.run(bare(0));
        TimeUnit.NANOSECONDS.sleep(STOP_AFTER.toNanos()); // thread pools spin for a while after their work
        OptionalDouble before = network.cpuSeconds();
        long start = ticker.nanos();
        TimeUnit.NANOSECONDS.sleep((long) (WINDOW_SECONDS * 1e9));
        OptionalDouble after = network.cpuSeconds();
        if (before.isEmpty() || after.isEmpty()) {
            return skipped("this machine does not tell its CPU time");
        }
        double share = (after.getAsDouble() - before.getAsDouble()) / ((ticker.nanos() - start) * 1e-9);
        String found = "%.2g %% of a processor while it waits".formatted(share * 100);
        return share > MOST_IDLE
                ? warned(found, "block while nothing is asked: spinning threads become idle power")
                : passed(found);
    }

    private Found strayOutput() {
        return stray().map(line -> warned(
                        "on stdout there was: " + line,
                        "print to stderr, or let a helper see to it: on stdout it may cut an answer in two"))
                .orElseGet(() -> passed("nothing but messages on stdout"));
    }

    private Found closing() throws NetworkException, InterruptedException {
        ProcessNetwork network = network();
        network.ask("close", Requests.of("close", network.nextId()), LEAVING);
        return left(network, "close");
    }

    private Found endOfInput() throws NetworkException, InterruptedException {
        ProcessNetwork network = network();
        try {
            network.process().getOutputStream().close();
        } catch (IOException gone) {
            return failed("it had ended before");
        }
        return left(network, "the end of stdin");
    }

    private static Found left(ProcessNetwork network, String why) throws InterruptedException {
        boolean exited = network.process().waitFor(LEAVING.toMillis(), TimeUnit.MILLISECONDS);
        if (!exited) {
            network.close();
            return failed("it still ran %d s after %s".formatted(LEAVING.toSeconds(), why));
        }
        int code = network.process().exitValue();
        network.close();
        return code == 0
                ? passed("exit code 0")
                : warned("exit code %d after %s".formatted(code, why), "exit with 0 where nothing went wrong");
    }
}
