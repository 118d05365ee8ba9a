package io.neurojoule.sensor;

import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/// Lines that come unasked, with the time when each came: the newest waits until somebody takes it.
///
/// Lines that come faster than they are taken are left out. The oldest in turn would leave out fewer, but the value
/// that is taken last would be old, and the last window of a run not covered.
///
/// Thread-safe: one thread fills it by [#pump], another takes.
public final class Lines {
    private static final int LONGEST = 1000;
    private static final int BUFFER = 4096;

    private final Ticker ticker;
    private Optional<Line> newest = Optional.empty();
    private boolean ended;

    public Lines(Ticker ticker) {
        this.ticker = ticker;
    }

    /// One line without its end.
    public record Line(String text, long arrivedNanos) {}

    /// Reads lines until the stream ends. A line without an end is none; blank ones are left out.
    ///
    /// @throws IOException if reading fails, or a line has no end in sight
    public void pump(InputStream in) throws IOException {
        byte[] buffer = new byte[BUFFER];
        byte[] line = new byte[LONGEST];
        int length = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            long now = ticker.nanos();
            for (int i = 0; i < n; i++) {
                if (buffer[i] == '\n') {
                    add(new String(line, 0, length, StandardCharsets.UTF_8).strip(), now);
                    length = 0;
                } else if (length == LONGEST) {
                    throw new IOException("a line of more than " + LONGEST + " bytes: '"
                            + Meter.shown(new String(line, StandardCharsets.UTF_8)) + "'");
                } else {
                    line[length++] = buffer[i];
                }
            }
        }
    }

    private synchronized void add(String text, long arrivedNanos) {
        if (text.isEmpty()) {
            return;
        }
        newest = Optional.of(new Line(text, arrivedNanos));
        notifyAll();
    }

    /// Nothing more comes.
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /// Whether nothing more comes and all was taken.
    public synchronized boolean isOver() {
        return ended && newest.isEmpty();
    }

    /// The newest line, once; empty if there is none since.
    public synchronized Optional<Line> take() {
        Optional<Line> line = newest;
        newest = Optional.empty();
        return line;
    }

    /// Waits for the first line or the end, and not longer than that.
    public synchronized void await(Duration patience) {
        long until = ticker.nanos() + patience.toNanos();
        try {
            for (long left = patience.toMillis(); left > 0 && newest.isEmpty() && !ended; ) {
                wait(left);
                left = (until - ticker.nanos()) / 1_000_000;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
