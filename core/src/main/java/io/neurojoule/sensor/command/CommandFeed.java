package io.neurojoule.sensor.command;

import io.neurojoule.sensor.Feed;
import io.neurojoule.sensor.Lines;
import io.neurojoule.sensor.Meter;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// What a program prints. When it has ended, the sensor is gone: it is not started again, as a counter that it kept may
/// have started anew.
final class CommandFeed implements Feed {
    /// A program that is going to end at once, for it cannot start or finds no meter, has done so by then.
    private static final Duration LONGEST_START = Duration.ofSeconds(5);

    private static final Duration SHORTEST_START = Duration.ofSeconds(2);

    private final String command;
    private final Meter.Time time;
    private final Program program;

    private CommandFeed(String command, Meter.Time time, Program program) {
        this.command = command;
        this.time = time;
        this.program = program;
    }

    /// Starts the program and waits until it prints its first line, and not longer than a few seconds.
    ///
    /// @throws IOException if it ends before that
    static CommandFeed start(String command, Meter.Time time, Duration refresh, Ticker ticker) throws IOException {
        Program program = Program.start(command, ticker);
        Duration twice = refresh.multipliedBy(2);
        Duration patience = twice.compareTo(SHORTEST_START) < 0
                ? SHORTEST_START
                : twice.compareTo(LONGEST_START) > 0 ? LONGEST_START : twice;
        program.lines().await(patience);
        if (program.lines().isOver()) {
            String why = ended(command, program);
            program.close();
            throw new IOException(why);
        }
        return new CommandFeed(command, time, program);
    }

    private static String ended(String command, Program program) {
        return "'%s' has ended%s".formatted(command, program.lastWords());
    }

    @Override
    public String via() {
        return "program";
    }

    @Override
    public Optional<Said> next() throws IOException {
        Optional<Lines.Line> line = program.lines().take();
        if (line.isEmpty()) {
            if (program.lines().isOver()) {
                throw new SensorGoneException(ended(command, program));
            }
            return Optional.empty();
        }
        return Optional.of(
                Said.line(line.get().text(), time, OptionalLong.of(line.get().arrivedNanos())));
    }

    @Override
    public void close() {
        program.close();
    }
}
