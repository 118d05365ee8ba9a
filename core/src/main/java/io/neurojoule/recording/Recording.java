package io.neurojoule.recording;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// A run, read back: numbers over time (signals) and names over time (spans, windows). Also of a run that was cut off.
///
/// @param plan    `plan.json` as it stands
/// @param signals SIMULATED, all of them, where the run says so
public record Recording(
        Path directory,
        RunInfo info,
        JsonNode plan,
        List<Signal> signals,
        List<Span> spans,
        List<Window> windows,
        List<CellRecord> cells,
        List<Part> parts,
        List<Note> notes) {
    public Recording {
        signals = info.simulated().isPresent()
                ? signals.stream().map(Recording::simulated).toList()
                : List.copyOf(signals);
        spans = List.copyOf(spans);
        windows = List.copyOf(windows);
        cells = List.copyOf(cells);
        parts = List.copyOf(parts);
        notes = List.copyOf(notes);
    }

    /// The experiment file says that the hardware is not real; nothing here looks for an emulator.
    private static Signal simulated(Signal signal) {
        return signal.withBasis(signal.channel().basis().and(Basis.SIMULATED));
    }

    /// @throws IOException if this is no run directory, or one of a newer format
    public static Recording open(Path directory) throws IOException {
        try {
            String run = Files.readString(directory.resolve(RunFiles.RUN));
            int format = RunFiles.JSON.readTree(run).path("format").asInt(0);
            if (format > RunInfo.FORMAT) {
                throw new IOException("%s has run format %d; this neurojoule reads up to %d. Use a newer neurojoule"
                        .formatted(directory, format, RunInfo.FORMAT));
            }
            RunInfo info = RunFiles.JSON.readValue(run, RunInfo.class);
            List<Signal> signals = new ArrayList<>();
            for (RunInfo.SensorInfo sensor : info.sensors()) {
                signals.addAll(signals(directory, sensor));
            }
            return new Recording(
                    directory,
                    info,
                    RunFiles.JSON.readTree(Files.readString(directory.resolve(RunFiles.PLAN))),
                    signals,
                    rows(directory.resolve(RunFiles.SPANS), 3)
                            .map(Recording::span)
                            .toList(),
                    windowRows(directory.resolve(RunFiles.WINDOWS))
                            .map(RunFiles::window)
                            .toList(),
                    cells(directory.resolve(RunFiles.CELLS)),
                    Part.read(directory),
                    notes(directory.resolve(RunFiles.FINDINGS)));
        } catch (NoSuchFileException e) {
            throw new IOException(directory + " is not a run directory: there is no " + e.getFile(), e);
        } catch (JacksonException e) {
            throw new IOException(directory + " is damaged: " + e.getOriginalMessage(), e);
        }
    }

    private static List<Signal> signals(Path directory, RunInfo.SensorInfo sensor) throws IOException {
        List<Columns> columns = sensor.channels().stream().map(Columns::new).toList();
        try (BufferedReader in = Files.newBufferedReader(directory.resolve(sensor.file()))) {
            in.readLine();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("#gap,")) {
                    gap(columns, line.split(",", 4));
                } else {
                    row(columns, line.split(",", -1));
                }
            }
        } catch (NoSuchFileException e) {
            return columns.stream().map(Columns::signal).toList(); // cut off before the first reading
        }
        return columns.stream().map(Columns::signal).toList();
    }

    private static void gap(List<Columns> columns, String[] fields) {
        if (fields.length == 4) {
            for (Columns column : columns) {
                if (fields[2].equals("*") || fields[2].equals(column.channel.id())) {
                    column.gaps.add(new Signal.Gap(Long.parseLong(fields[1]), fields[3]));
                }
            }
        }
    }

    /// A row of another width is the torn last line of a run that was cut off.
    private static void row(List<Columns> columns, String[] fields) {
        if (fields.length != 2 + 2 * columns.size()) {
            return;
        }
        for (int i = 0; i < columns.size(); i++) {
            String value = fields[2 + 2 * i];
            String stamp = fields[3 + 2 * i];
            if (!value.isEmpty()) {
                columns.get(i)
                        .add(
                                Long.parseLong(stamp.isEmpty() ? fields[0] : stamp),
                                Long.parseLong(fields[1]),
                                Long.parseLong(value));
            }
        }
    }

    private static Stream<String[]> rows(Path file, int width) throws IOException {
        return Files.readAllLines(file).stream()
                .skip(1)
                .map(line -> line.split(",", -1))
                .filter(fields -> fields.length == width);
    }

    /// A row of another width than the heading is the torn last line of a run that was cut off.
    private static Stream<String[]> windowRows(Path file) throws IOException {
        int width = Files.readAllLines(file).stream()
                .findFirst()
                .map(heading -> heading.split(",", -1).length)
                .orElse(0);
        return width < RunFiles.FIRST_WINDOW_COLUMNS ? Stream.of() : rows(file, width);
    }

    private static Span span(String[] fields) {
        return new Span(fields[0], Long.parseLong(fields[1]), Long.parseLong(fields[2]));
    }

    private static List<CellRecord> cells(Path directory) throws IOException {
        List<CellRecord> cells = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                cells.add(RunFiles.JSON.readValue(Files.readString(file), CellRecord.class));
            }
        }
        return cells;
    }

    private static List<Note> notes(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        List<Note> notes = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (line.endsWith("}")) {
                notes.add(RunFiles.JSON.readValue(line, Note.class));
            }
        }
        return notes;
    }

    /// The signal of a channel, if it was recorded.
    public Optional<Signal> signal(String channelId) {
        return signals.stream().filter(s -> s.channel().id().equals(channelId)).findFirst();
    }

    /// Grows while a file is read. A value that is not later than the one before repeats it (a source that stamps its
    /// own time and was read twice) and is left out.
    private static final class Columns {
        private final Channel channel;
        private final List<Signal.Gap> gaps = new ArrayList<>();
        private long[] times = new long[1024];
        private long[] reads = new long[1024];
        private long[] raw = new long[1024];
        private int size;

        Columns(Channel channel) {
            this.channel = channel;
        }

        void add(long timeNanos, long readNanos, long value) {
            if (size > 0 && timeNanos <= times[size - 1]) {
                return;
            }
            if (size == times.length) {
                times = Arrays.copyOf(times, 2 * size);
                reads = Arrays.copyOf(reads, 2 * size);
                raw = Arrays.copyOf(raw, 2 * size);
            }
            times[size] = timeNanos;
            reads[size] = readNanos;
            raw[size] = value;
            size++;
        }

        Signal signal() {
            return new Signal(
                    channel, Arrays.copyOf(times, size), Arrays.copyOf(reads, size), Arrays.copyOf(raw, size), gaps);
        }
    }
}
