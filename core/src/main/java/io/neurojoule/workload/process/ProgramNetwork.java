package io.neurojoule.workload.process;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.Mark;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Program;
import io.neurojoule.workload.RunAnswer;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjLongConsumer;

/// Any program, unchanged. Each run is a process group of its own, and none outlives its run or the profiler.
///
/// Its stdin is empty, its outputs are passed on and kept in a log. `NEUROJOULE_SOCKET` names the socket for its marks.
public final class ProgramNetwork implements Program {
    /// Lines that are closer were written long before they came: the program keeps its output in a buffer.
    private static final long SHORTEST_REGION_NANOS = 1_000_000;

    private static final long OUTPUT_PATIENCE_SECONDS = 2;

    private final List<String> command;
    private final Path directory;
    private final Map<String, String> env;
    private final Path log;
    private final ProgramOptions options;
    private final Optional<String> cpus;
    private final OutputStream out;
    private final OutputStream err;
    private final Ticker ticker;
    private final MarkSocket socket;
    private List<Mark> marks = List.of();
    private Optional<ChildGroup> running = Optional.empty();
    private boolean stopped;

    /// @param command   the program and its arguments; a path with a slash is taken from `directory`
    /// @param env       added to the environment of the profiler
    /// @param log       appended to: what the program prints
    /// @param cpus      the only processors that it may use, e.g. `2-7`
    /// @param out       where what it prints on its stdout is passed on
    /// @param err       the same of its stderr
    /// @throws NetworkException INTERNAL if there cannot be a socket for marks
    public ProgramNetwork(
            List<String> command,
            Path directory,
            Map<String, String> env,
            Path log,
            ProgramOptions options,
            Optional<String> cpus,
            OutputStream out,
            OutputStream err,
            Ticker ticker)
            throws NetworkException {
        this.command = List.copyOf(command);
        this.directory = directory;
        this.env = new HashMap<>(env);
        this.log = log;
        this.options = options;
        this.cpus = cpus;
        this.out = out;
        this.err = err;
        this.ticker = ticker;
        try {
            this.socket = MarkSocket.open(ticker);
        } catch (IOException e) {
            throw new NetworkException(Code.INTERNAL, "no marks can be received: " + e.getMessage());
        }
        this.env.put(MarkSocket.VARIABLE, socket.path());
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                String.join(" ", command),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                true,
                false);
    }

    @Override
    public Ran runOnce() throws NetworkException {
        Optional<Regions> regions = options.region().map(Regions::new);
        ObjLongConsumer<String> lines =
                regions.<ObjLongConsumer<String>>map(found -> found::line).orElse((text, nanos) -> {});
        try (OutputStream kept = keep()) {
            Log printed = Log.open(log);
            ChildGroup child = begin();
            List<Thread> copies = List.of(
                    OutputCopy.start(child.process().getInputStream(), List.of(out, kept), lines, ticker),
                    OutputCopy.start(child.process().getErrorStream(), List.of(err, kept), lines, ticker));
            int code = child.process().waitFor();
            long end = ticker.nanos();
            finish(child, copies);
            MarkSocket.Taken taken = socket.take();
            if (regions.isPresent() && copies.stream().anyMatch(Thread::isAlive)) {
                throw new NetworkException(
                        Code.INTERNAL,
                        name()
                                + ": what it prints is not taken as fast as it comes, so regions may be missing; send it to a file");
            }
            if (isStopped()) {
                throw new NetworkException(Code.EXITED, name() + ": it was ended before its end");
            }
            if (code != 0) {
                throw new NetworkException(Code.INTERNAL, how(code) + printed.ending(), false);
            }
            List<RunAnswer> windows =
                    regions.isPresent() ? windows(regions.get()) : List.of(window(child.startNanos(), end));
            marks = new ArrayList<>(taken.marks());
            String name = regions.isPresent() ? "region" : "run";
            if (options.elements().isPresent()
                    && marks.stream().noneMatch(mark -> mark.name().equals(name))) {
                windows.forEach(window -> marks.add(new Mark(name, window.startNanos(), window.endNanos())));
            }
            return new Ran(windows, regions.isEmpty(), taken.unpaired());
        } catch (IOException e) {
            throw new NetworkException(Code.INTERNAL, "%s: %s".formatted(name(), e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NetworkException(Code.INTERNAL, name() + ": interrupted");
        } finally {
            running().ifPresent(ChildGroup::end);
        }
    }

    private String name() {
        return command.getFirst();
    }

    private OutputStream keep() throws IOException {
        Files.createDirectories(log.toAbsolutePath().normalize().getParent());
        return Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private synchronized ChildGroup begin() throws NetworkException, IOException {
        if (stopped) {
            throw new NetworkException(Code.EXITED, name() + ": ended before it was started");
        }
        ChildGroup child = ChildGroup.start(command, directory, env, Redirect.PIPE, cpus, ticker);
        running = Optional.of(child);
        child.process().getOutputStream().close();
        return child;
    }

    private synchronized boolean isStopped() {
        return stopped;
    }

    private synchronized Optional<ChildGroup> running() {
        return running;
    }

    /// Ends what the program left behind, which may hold its outputs open, and waits until all it printed has been
    /// read.
    private static void finish(ChildGroup child, List<Thread> copies) throws InterruptedException {
        child.end();
        for (Thread copy : copies) {
            copy.join(TimeUnit.SECONDS.toMillis(OUTPUT_PATIENCE_SECONDS));
        }
    }

    private List<RunAnswer> windows(Regions regions) throws NetworkException {
        if (regions.nested() > 0) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    "%s: a region was still open when %d more lines matched its start: an end was missed, or the start matches lines inside; make it fit the first line alone"
                            .formatted(name(), regions.nested()));
        }
        List<RunAnswer> windows = new ArrayList<>();
        for (Regions.Region region : regions.found()) {
            if (region.endNanos() - region.startNanos() < SHORTEST_REGION_NANOS) {
                throw new NetworkException(
                        Code.INVALID_INPUT,
                        "%s: the lines of a region came at the same time. A program keeps what it prints in a buffer unless it writes to a terminal: flush these lines, or print them on stderr"
                                .formatted(name()));
            }
            windows.add(window(region.startNanos(), region.endNanos()));
        }
        if (regions.isOpen() || windows.isEmpty()) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    "%s: no line of its output matches the %s of the region"
                            .formatted(name(), regions.isOpen() ? "end" : "start"));
        }
        return windows;
    }

    private RunAnswer window(long start, long end) {
        return new RunAnswer(
                1, options.elements().orElse(1L), start, end, false, start, end, Map.of(), Map.of(), Map.of());
    }

    private String how(int code) {
        return "%s: it ended with %s, so there is no figure"
                .formatted(name(), code > 128 ? "signal " + (code - 128) : "exit code " + code);
    }

    @Override
    public List<Mark> takeMarks() {
        List<Mark> taken = marks;
        marks = List.of();
        return taken;
    }

    /// Ends the program: it cannot be asked.
    @Override
    public void stop() {
        Optional<ChildGroup> child;
        synchronized (this) {
            stopped = true;
            child = running;
        }
        child.ifPresent(ChildGroup::end);
    }

    @Override
    public void close() {
        stop();
        socket.close();
    }
}
