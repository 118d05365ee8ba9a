package io.neurojoule.recording;

import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Writes a run directory. Everything is append-only; what is not a signal is on disk as soon as it is said, so that a
/// crash costs at most the last half second of readings.
///
/// Used by one thread; the samplers that it starts have their own.
public final class Recorder implements AutoCloseable {
    /// A sensor whose first read takes longer than this gets a thread of its own.
    private static final Duration FAST_READ = Duration.ofMillis(1);

    private final Path directory;
    private final Ticker ticker;
    private final List<Tap> taps = new ArrayList<>();
    private final List<Sampler> samplers = new ArrayList<>();
    private final Edges edges = new Edges();
    private int windows;

    private Recorder(Path directory, Ticker ticker) {
        this.directory = directory;
        this.ticker = ticker;
    }

    /// Makes the run directory, which must be absent or empty.
    ///
    /// @throws DirectoryNotEmptyException if it has something in it
    /// @throws IOException if it cannot be made or written
    public static Recorder create(Path directory, Ticker ticker) throws IOException {
        Files.createDirectories(directory);
        try (var entries = Files.list(directory)) {
            if (entries.findAny().isPresent()) {
                throw new DirectoryNotEmptyException(directory.toString());
            }
        }
        Files.createDirectories(directory.resolve(RunFiles.SIGNALS));
        Files.createDirectories(directory.resolve(RunFiles.CELLS));
        Files.createDirectories(directory.resolve(RunFiles.WORKLOAD));
        return new Recorder(directory, ticker);
    }

    public Path directory() {
        return directory;
    }

    /// Where the output of a target's process goes.
    public Path workloadLog(String target) {
        return directory.resolve(RunFiles.WORKLOAD).resolve(target.replaceAll("[^A-Za-z0-9._-]", "_") + ".log");
    }

    /// The file that a sensor will be recorded in, below the run directory.
    public static String signalFile(String sensorId) {
        return RunFiles.signalFile(sensorId);
    }

    /// Writes `run.json`, whole or not at all, and the file as the user gave it.
    public void begin(RunInfo info, String experiment, String planJson) throws IOException {
        Files.writeString(directory.resolve(RunFiles.EXPERIMENT), experiment);
        Files.writeString(directory.resolve(RunFiles.PLAN), planJson);
        Files.writeString(directory.resolve(RunFiles.WINDOWS), RunFiles.WINDOWS_HEADER + "\n");
        Files.writeString(directory.resolve(RunFiles.SPANS), RunFiles.SPANS_HEADER + "\n");
        atomically(directory.resolve(RunFiles.RUN), RunFiles.JSON.writeValueAsString(info));
    }

    /// Starts reading the sensors, each into its own file. Sensors with the same period share a thread, unless reading
    /// takes long. The sensors stay open.
    public void record(Map<Sensor, Duration> periods) throws IOException {
        Map<Long, List<Tap>> byPeriod = new TreeMap<>();
        for (Map.Entry<Sensor, Duration> entry : periods.entrySet()) {
            Sensor sensor = entry.getKey();
            Tap tap = new Tap(
                    sensor, ticker, SignalFile.create(directory.resolve(RunFiles.signalFile(sensor.id())), sensor));
            taps.add(tap);
            long before = ticker.nanos();
            tap.sample();
            if (ticker.nanos() - before < FAST_READ.toNanos()) {
                byPeriod.computeIfAbsent(entry.getValue().toNanos(), period -> new ArrayList<>())
                        .add(tap);
            } else {
                samplers.add(Sampler.start(sensor.id(), List.of(tap), entry.getValue(), ticker));
            }
        }
        byPeriod.forEach((period, group) ->
                samplers.add(Sampler.start(period / 1_000_000 + "ms", group, Duration.ofNanos(period), ticker)));
    }

    /// One more reading of every quick sensor, now: at the edge of a window.
    public void edge() throws IOException {
        edges.read(taps);
        for (Sampler sampler : samplers) {
            Optional<IOException> failure = sampler.failure();
            if (failure.isPresent()) {
                throw new IOException("cannot record: " + failure.get().getMessage(), failure.get());
            }
        }
    }

    /// Writes what has been read so far, so that [Recording#open] sees it.
    public void flush() throws IOException {
        for (Tap tap : taps) {
            tap.flush();
        }
    }

    /// The last values of every channel that are younger than `age`.
    public List<Signal> recent(Duration age) {
        long since = ticker.nanos() - age.toNanos();
        return taps.stream().flatMap(tap -> tap.recent(since).stream()).toList();
    }

    /// Appends a row to `windows.csv`; `id` of the argument is replaced by the next free one.
    public Window window(Window window) throws IOException {
        windows++;
        Window numbered = window.withId("w%04d".formatted(windows));
        append(RunFiles.WINDOWS, RunFiles.row(numbered));
        return numbered;
    }

    /// Appends a row to `spans.csv`; what would break the row in a name becomes a blank.
    public void span(Span span) throws IOException {
        String name = span.name().replaceAll("[,\\p{Cntrl}]", " ");
        append(RunFiles.SPANS, "%s,%d,%d".formatted(name, span.startNanos(), span.endNanos()));
    }

    /// Appends a note to `findings.jsonl`.
    public void note(Note note) throws IOException {
        append(RunFiles.FINDINGS, RunFiles.JSON.writeValueAsString(note));
    }

    /// Appends a part to `parts.jsonl`.
    public void part(Part part) throws IOException {
        append(RunFiles.PARTS, RunFiles.JSON.writeValueAsString(part));
    }

    /// Writes what is known about a cell, whole or not at all; a later one of the same cell replaces it.
    public void cell(CellRecord cell) throws IOException {
        atomically(
                directory.resolve(RunFiles.CELLS).resolve(cell.cellId() + ".json"),
                RunFiles.JSON.writeValueAsString(cell));
    }

    private void append(String file, String line) throws IOException {
        Files.write(
                directory.resolve(file),
                (line + "\n").getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private static void atomically(Path file, String content) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".draft");
        Files.writeString(draft, content + "\n");
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// Stops the samplers and closes the files.
    @Override
    public void close() throws IOException {
        edges.close();
        samplers.forEach(Sampler::close);
        for (Tap tap : taps) {
            tap.close();
        }
    }
}
