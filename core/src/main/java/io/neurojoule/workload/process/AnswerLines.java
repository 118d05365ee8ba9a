package io.neurojoule.workload.process;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.protocol.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Reads the child's stdout on a thread of its own that blocks until something comes.
final class AnswerLines {
    private static final String ANSWER = "{\"re\":";

    /// What came.
    sealed interface Event {}

    /// @param nanos when it had come
    record Line(String text, long nanos) implements Event {}

    /// A line longer than [Wire#LONGEST_LINE]; nothing is read any more.
    record TooLong() implements Event {}

    /// The child has closed its output.
    record Ended() implements Event {}

    private final InputStream in;
    private final Log log;
    private final Ticker ticker;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

    private AnswerLines(InputStream in, Log log, Ticker ticker) {
        this.in = in;
        this.log = log;
        this.ticker = ticker;
    }

    static AnswerLines read(InputStream in, Log log, Ticker ticker) {
        AnswerLines lines = new AnswerLines(in, log, ticker);
        Thread.ofPlatform().daemon().name("network-stdout").start(lines::readAll);
        return lines;
    }

    /// The next event; empty if none comes in time.
    Optional<Event> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(events.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    private void readAll() {
        byte[] buffer = new byte[1 << 16];
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                long now = ticker.nanos();
                int from = 0;
                for (int i = 0; i < n; i++) {
                    if (buffer[i] == '\n') {
                        line.write(buffer, from, i - from);
                        from = i + 1;
                        deliver(line.toString(StandardCharsets.UTF_8), now);
                        line.reset();
                    }
                }
                line.write(buffer, from, n - from);
                if (line.size() > Wire.LONGEST_LINE) {
                    events.add(new TooLong());
                    return;
                }
            }
        } catch (IOException closed) {
            // Reading a pipe whose process was ended may fail instead of ending: the same to us.
        } finally {
            events.add(new Ended());
        }
    }

    private void deliver(String text, long now) {
        // A library may have printed something without ending its line.
        int start = text.startsWith("{") ? 0 : text.indexOf(ANSWER);
        if (start != 0) {
            log.addStray(start < 0 ? text : text.substring(0, start));
        }
        if (start >= 0) {
            events.add(new Line(text.substring(start), now));
        }
    }
}
