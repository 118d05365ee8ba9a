package io.neurojoule.workload.process;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Mark;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.Verified;
import io.neurojoule.workload.process.AnswerLines.Ended;
import io.neurojoule.workload.process.AnswerLines.Event;
import io.neurojoule.workload.process.AnswerLines.Line;
import io.neurojoule.workload.process.AnswerLines.TooLong;
import io.neurojoule.workload.protocol.Answer;
import io.neurojoule.workload.protocol.Requests;
import io.neurojoule.workload.protocol.TensorFile;
import io.neurojoule.workload.protocol.Wire;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.ObjectNode;

/// A network in a child process that speaks NWP 1 over its stdin and stdout.
///
/// The child leads a process group of its own. An answer that is late, wrong or impossible ends the whole group before
/// the exception is thrown, so that no late answer can meet a later request. If the profiler dies, even by SIGKILL, the
/// group is ended too.
public final class ProcessNetwork implements NetworkUnderTest {
    static final int CLOCK_CHECKS = 50;

    /// Marks are coarse; dense ones belong into a file of the network's own.
    private static final int MOST_MARKS = 100_000;

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    /// How long an answer may take.
    ///
    /// @param grace beyond the time that a run was asked to last
    record Deadlines(Duration hello, Duration load, Duration verify, Duration grace) {
        static Deadlines with(Duration grace) {
            return new Deadlines(Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofMinutes(1), grace);
        }
    }

    private final String name;
    private final ChildGroup child;
    private final AnswerLines lines;
    private final OutputStream out;
    private final Log log;
    private final Path dir;
    private final Deadlines deadlines;
    private final Ticker ticker;
    private final Hello hello;

    private final Object writing = new Object();
    private long lastId;
    private boolean running;
    private OptionalLong stopId = OptionalLong.empty();
    private volatile boolean ended;

    private int batch;
    private final List<Mark> marks = new ArrayList<>();

    /// @param pid the process that does the work
    private record Hello(Capabilities capabilities, long pid) {}

    /// A request's answer, and when both passed.
    record Exchange(Answer answer, long sentNanos, long receivedNanos) {}

    private ProcessNetwork(
            String name, ChildGroup child, Log log, Path dir, String runId, Deadlines deadlines, Ticker ticker)
            throws NetworkException {
        this.name = name;
        this.child = child;
        this.log = log;
        this.dir = dir;
        this.deadlines = deadlines;
        this.ticker = ticker;
        this.out = child.process().getOutputStream();
        this.lines = AnswerLines.read(child.process().getInputStream(), log, ticker);
        this.hello = greet(runId);
    }

    /// Starts the command without a shell, greets it, and checks that both read the same clock.
    ///
    /// @param name      what the user calls the network: every message begins with it
    /// @param command   the program and its arguments; a path with a slash is taken from `directory`
    /// @param env       added to the environment of the profiler
    /// @param log       appended to: stderr, and what else the network prints
    /// @param dir       where the network may leave files: `NEUROJOULE_DIR`; made if absent
    /// @param grace     how much longer than asked a run may take
    /// @param cpus      the only processors that the network may use, e.g. `2-7`
    /// @throws NetworkException INVALID_INPUT if there is no such program; EXITED, TIMED_OUT or PROTOCOL if it does not
    /// speak NWP 1 or reads another clock. No process is left then.
    public static ProcessNetwork start(
            String name,
            List<String> command,
            Path directory,
            Map<String, String> env,
            Path log,
            Path dir,
            String runId,
            Duration grace,
            Optional<String> cpus,
            Ticker ticker)
            throws NetworkException {
        return start(name, command, directory, env, log, dir, runId, Deadlines.with(grace), cpus, ticker);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for the tidying after an exit; close does it again
    static ProcessNetwork start(
            String name,
            List<String> command,
            Path directory,
            Map<String, String> env,
            Path log,
            Path dir,
            String runId,
            Deadlines deadlines,
            Optional<String> cpus,
            Ticker ticker)
            throws NetworkException {
        Path files = dir.toAbsolutePath().normalize();
        Map<String, String> environment = new HashMap<>(env);
        environment.put("NEUROJOULE_DIR", files.toString());
        Log opened;
        try {
            Files.createDirectories(files);
            opened = Log.open(log);
        } catch (IOException unwritable) {
            throw new NetworkException(
                    Code.INVALID_INPUT, "cannot write %s or %s: %s".formatted(log, files, unwritable.getMessage()));
        }
        ChildGroup child = ChildGroup.start(
                command, directory, environment, ProcessBuilder.Redirect.appendTo(log.toFile()), cpus, ticker);
        // Whatever the network leaves behind when it ends by itself.
        child.process().onExit().thenRunAsync(child::end);
        try {
            return new ProcessNetwork(name, child, opened, files, runId, deadlines, ticker);
        } catch (NetworkException | RuntimeException unfit) {
            child.end();
            throw unfit;
        }
    }

    @Override
    public Capabilities capabilities() {
        return hello.capabilities();
    }

    @Override
    public Loaded load(LoadRequest request) throws NetworkException {
        Exchange exchange = ask("load", Requests.load(nextId(), request), deadlines.load());
        return trusted(() -> exchange.answer().loaded());
    }

    @Override
    public void prepare(int batch, List<InputSpec> inputs) throws NetworkException {
        ask("prepare", Requests.prepare(nextId(), batch, inputs), deadlines.load());
        this.batch = batch;
    }

    @Override
    public RunAnswer run(RunRequest request) throws NetworkException {
        if (batch < 1) {
            throw new NetworkException(Code.INVALID_INPUT, name + ": run before prepare");
        }
        requireOffered(request.load());
        Duration patience = Duration.ofNanos((long) (request.seconds() * 1e9)).plus(deadlines.grace());
        Exchange exchange = ask("run", Requests.run(nextId(), request), patience);
        return trusted(() -> exchange.answer().ran(batch, exchange.sentNanos(), exchange.receivedNanos()));
    }

    private void requireOffered(Load load) throws NetworkException {
        Capabilities offered = hello.capabilities();
        switch (load) {
            case Load.Closed closed -> {
                if (closed.concurrency() > 1 && !offered.concurrent()) {
                    throw new NetworkException(
                            Code.UNSUPPORTED,
                            "%s runs one step at a time, not %d: it does not say \"concurrent\": true in hello"
                                    .formatted(name, closed.concurrency()));
                }
            }
            case Load.Open open -> {
                if (!offered.paced()) {
                    throw new NetworkException(
                            Code.UNSUPPORTED,
                            "%s cannot be asked for %s steps per second: it does not say \"paced\": true in hello"
                                    .formatted(name, open.perSecond()));
                }
            }
        }
    }

    @Override
    public Verified verify() throws NetworkException {
        return verify(true);
    }

    @Override
    public List<Tensor> outputs() throws NetworkException {
        return verify(false).outputs();
    }

    private Verified verify(boolean execution) throws NetworkException {
        if (!hello.capabilities().verifiable()) {
            throw new NetworkException(Code.UNSUPPORTED, "%s does not offer its outputs".formatted(name));
        }
        Exchange exchange = ask("verify", Requests.verify(nextId(), execution), deadlines.verify());
        ObjectNode answer = exchange.answer().message();
        if (answer.path("outputs").isMissingNode()) {
            throw new NetworkException(Code.UNSUPPORTED, "%s answers verify without outputs".formatted(name));
        }
        try {
            return new Verified(
                    TensorFile.readAndDelete(answer, dir),
                    trusted(() -> exchange.answer().execution()));
        } catch (IOException unreadable) {
            throw broken(Code.PROTOCOL, "cannot read the outputs it wrote: " + unreadable.getMessage());
        }
    }

    @Override
    public void stop() {
        synchronized (writing) {
            if (!running || stopId.isPresent() || !hello.capabilities().stoppable()) {
                return;
            }
            long id = nextId();
            try {
                write(Requests.of("stop", id));
                stopId = OptionalLong.of(id);
            } catch (IOException ending) {
                // The child has gone: run is about to notice.
                return;
            }
        }
    }

    @Override
    public OptionalLong peakMemoryBytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(hello.pid()), "status"))) {
                if (line.startsWith("VmHWM:")) {
                    return OptionalLong.of(Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024);
                }
            }
            return OptionalLong.empty();
        } catch (IOException ended) {
            return OptionalLong.empty();
        }
    }

    @Override
    public OptionalDouble cpuSeconds() {
        return child.cpuSeconds();
    }

    @Override
    public void close() {
        if (!ended && child.process().isAlive()) {
            try {
                synchronized (writing) {
                    write(Requests.of("close", nextId()));
                    out.close();
                }
                if (child.process().waitFor(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                    log.add("neurojoule: it ended with exit code "
                            + child.process().exitValue());
                }
            } catch (IOException gone) {
                // Nobody listens: it is ended below all the same.
                ended = true;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        ended = true;
        child.end();
    }

    private Hello greet(String runId) throws NetworkException {
        Exchange first = ask("hello", Requests.hello(nextId(), runId, dir), deadlines.hello());
        Capabilities capabilities = trusted(() -> first.answer().capabilities());
        OptionalLong told = trusted(() -> first.answer().pid());
        checkClock(first);
        if (trusted(() -> first.answer().mono()).isPresent()) {
            for (int i = 0; i < CLOCK_CHECKS; i++) {
                checkClock(ask("hello", Requests.hello(nextId(), runId, dir), deadlines.hello()));
            }
        }
        return new Hello(capabilities, told.orElse(child.process().pid()));
    }

    private void checkClock(Exchange exchange) throws NetworkException {
        OptionalLong mono = trusted(() -> exchange.answer().mono());
        if (mono.isEmpty()) {
            return;
        }
        long stamp = mono.getAsLong();
        if (stamp - exchange.sentNanos() < 0 || exchange.receivedNanos() - stamp < 0) {
            throw broken(
                    Code.PROTOCOL,
                    ("its clock is not ours: mono_ns is %d, but it was asked at %d and answered at %d."
                                    + " Use CLOCK_MONOTONIC, in the same time namespace, or leave mono_ns, t0 and t1 out")
                            .formatted(stamp, exchange.sentNanos(), exchange.receivedNanos()));
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// @throws NetworkException what the network complained about, or that it broke the protocol and was ended
    Exchange ask(String op, ObjectNode request, Duration patience) throws NetworkException {
        if (ended) {
            throw new NetworkException(Code.EXITED, "%s has been ended; start it again".formatted(name));
        }
        boolean run = op.equals("run");
        long sent;
        try {
            synchronized (writing) {
                sent = ticker.nanos();
                write(request);
                running = run;
            }
        } catch (IOException gone) {
            throw exited(op, "closed its input");
        }
        Exchange exchange = await(op, request.path("id").asLong(0), sent, patience);
        if (run) {
            awaitStop();
        }
        exchange.answer().complain(name, op);
        return exchange;
    }

    private void awaitStop() throws NetworkException {
        OptionalLong asked;
        synchronized (writing) {
            running = false;
            asked = stopId;
            stopId = OptionalLong.empty();
        }
        if (asked.isPresent()) {
            await("stop", asked.getAsLong(), ticker.nanos(), STOP_PATIENCE);
        }
    }

    private Exchange await(String op, long id, long sent, Duration patience) throws NetworkException {
        while (true) {
            Optional<Event> event;
            try {
                event = lines.next(patience.minusNanos(ticker.nanos() - sent));
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw broken(Code.INTERNAL, "interrupted while it answered " + op);
            }
            if (event.isEmpty() && !child.process().isAlive()) {
                throw exited(op, ""); // what it left behind holds its output open
            }
            if (event.isEmpty()) {
                throw broken(
                        Code.TIMED_OUT,
                        "no answer to %s within %.1f s%s".formatted(op, patience.toMillis() * 1e-3, remedy(op)));
            }
            switch (event.get()) {
                case Ended ended -> throw exited(op, "closed its output");
                case TooLong tooLong ->
                    throw broken(Code.PROTOCOL, "a line longer than " + Wire.LONGEST_LINE + " bytes");
                case Line line -> {
                    Optional<Answer> answer = answer(line);
                    if (answer.isPresent()) {
                        Answer found = answer.get();
                        long re = trusted(found::re);
                        if (re != id) {
                            throw broken(
                                    Code.PROTOCOL,
                                    "it answered request %d, but %s is request %d: 're' must be the id of the request"
                                            .formatted(re, op, id));
                        }
                        trusted(found::ok);
                        return new Exchange(found, sent, line.nanos());
                    }
                }
            }
        }
    }

    /// What to do about an answer that does not come; what else the network printed follows it.
    private static String remedy(String op) {
        return switch (op) {
            case "hello" -> "; it must answer every line on its stdin with one on its stdout, and flush it";
            case "run" -> "; its loop must end at the time asked. To wait longer, raise method.grace_seconds";
            default -> "";
        };
    }

    /// The answer in a line; empty if it was an event or none of the protocol.
    private Optional<Answer> answer(Line line) {
        Optional<ObjectNode> message = Wire.parse(line.text());
        if (message.isPresent() && message.get().has("re")) {
            return Optional.of(new Answer(message.get()));
        }
        message.flatMap(ProcessNetwork::mark)
                .filter(mark -> marks.size() < MOST_MARKS)
                .ifPresent(marks::add);
        if (message.isEmpty() || !message.get().has("ev")) {
            log.addStray(line.text());
        } else if (message.get().path("ev").asString("").equals("log")) {
            log.add(line.text());
        }
        return Optional.empty();
    }

    /// An event that marks a stretch of time; empty if it is another one, or its stamps make no sense.
    private static Optional<Mark> mark(ObjectNode message) {
        String name = message.path("name").asString("");
        long start = message.path("t0").asLong(0);
        long end = message.path("t1").asLong(0);
        boolean isMark = message.path("ev").asString("").equals("mark");
        return isMark && !name.isBlank() && start > 0 && end >= start
                ? Optional.of(new Mark(name, start, end))
                : Optional.empty();
    }

    @Override
    public List<Mark> takeMarks() {
        List<Mark> taken = List.copyOf(marks);
        marks.clear();
        return taken;
    }

    /// Whether it can be asked nothing any more.
    boolean ended() {
        return ended || !child.process().isAlive();
    }

    /// The first line on its stdout that was no message, if there was one.
    Optional<String> strayLine() {
        return log.stray();
    }

    Process process() {
        return child.process();
    }

    private void write(ObjectNode message) throws IOException {
        out.write(Wire.encode(message));
        out.flush();
    }

    /// For a request of [#ask].
    long nextId() {
        synchronized (writing) {
            return ++lastId;
        }
    }

    /// @param otherwise what it did if it runs on
    private NetworkException exited(String op, String otherwise) {
        String how = otherwise;
        try {
            if (child.process().waitFor(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                int code = child.process().exitValue();
                how = code <= 128 ? "ended with exit code " + code : signalled(code - 128);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return broken(Code.EXITED, "it %s before it answered %s".formatted(how, op));
    }

    /// The kernel ends what asks for more memory than there is with signal 9.
    private static String signalled(int signal) {
        return "was ended by signal " + signal + (signal == 9 ? " (too little memory? Try a smaller batch)" : "");
    }

    /// Ends the group, then says why.
    private NetworkException broken(Code code, String what) {
        ended = true;
        child.end();
        return new NetworkException(code, name + ": " + what + log.ending(), true);
    }

    private interface Check<T> {
        T check() throws NetworkException;
    }

    /// What the answer says; ends the group if it says what cannot be.
    private <T> T trusted(Check<T> check) throws NetworkException {
        try {
            return check.check();
        } catch (NetworkException untrue) {
            throw broken(untrue.code(), String.valueOf(untrue.getMessage()));
        }
    }
}
