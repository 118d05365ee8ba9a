package io.neurojoule.sensor.estimate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/// A row of the table of processors, `processors.csv`.
///
/// @param perSocket  whether the watts are those of a socket, else of a logical CPU
/// @param pattern    looked for in the processor's name; empty for rows that are asked for by key
/// @param threads    logical CPUs that the watts are spread over
/// @param accuracy   how far off the watts may be, as a fraction
/// @param source     where the row comes from
record Row(
        String key,
        boolean perSocket,
        String pattern,
        int threads,
        double idleWatts,
        double maxWatts,
        double accuracy,
        String source) {
    private static final String TABLE = "processors.csv";

    /// All rows; known processors first.
    static List<Row> table() {
        try (InputStream in = Row.class.getResourceAsStream(TABLE)) {
            if (in == null) {
                throw new IllegalStateException(TABLE + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .map(Row::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// No field but the last may hold a comma.
    static Row parse(String line) {
        String[] fields = line.split(",", 8);
        return new Row(
                fields[0],
                fields[1].equals("socket"),
                fields[2],
                Integer.parseInt(fields[3]),
                Double.parseDouble(fields[4]),
                Double.parseDouble(fields[5]),
                Double.parseDouble(fields[6]),
                fields[7]);
    }

    boolean isFor(String processor) {
        return !pattern.isEmpty()
                && Pattern.compile(pattern, Pattern.CASE_INSENSITIVE)
                        .matcher(processor)
                        .find();
    }

    /// The row of a machine: of its processor if that is known and wholly visible, else the spread.
    static Row of(Machine machine) {
        List<Row> table = table();
        String spread = machine.isVirtual() ? "unknown-vm" : machine.isContainer() ? "unknown-container" : "unknown";
        return table.stream()
                .filter(row -> spread.equals("unknown") && row.isFor(machine.processor()))
                .findFirst()
                .or(() -> table.stream().filter(row -> row.key.equals(spread)).findFirst())
                .orElseThrow(() -> new IllegalStateException(TABLE + " lacks " + spread));
    }
}
