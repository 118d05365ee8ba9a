package io.neurojoule.sensor.tcp;

import io.neurojoule.sensor.Endpoint;
import io.neurojoule.sensor.Feed;
import io.neurojoule.sensor.Lines;
import io.neurojoule.sensor.Meter;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/// Takes lines that come unasked, on a thread of its own, and connects again when the connection breaks.
///
/// Of each connection the first line is thrown away: it may be the end of one that began before.
final class StreamFeed implements Feed {
    private static final long PAUSE_NANOS = 1_000_000_000L;
    private static final long JOIN_MILLIS = 1000;

    private final Endpoint endpoint;
    private final Meter.Time time;
    private final Lines lines;
    private final Thread thread;
    private final Object guard = new Object();
    private Optional<Socket> connection;
    private Optional<String> trouble = Optional.empty();
    private boolean closed;

    private StreamFeed(Endpoint endpoint, Socket first, Meter.Time time, Ticker ticker) {
        this.endpoint = endpoint;
        this.time = time;
        connection = Optional.of(first);
        lines = new Lines(ticker);
        thread = Thread.ofPlatform().daemon().name("tcp-lines: " + endpoint).unstarted(this::run);
    }

    /// Connects, and waits for the first line, though not for long.
    ///
    /// @throws IOException if nobody listens there, or whoever does hangs up
    static StreamFeed open(Endpoint endpoint, Meter.Time time, Duration refresh, Ticker ticker) throws IOException {
        StreamFeed feed = new StreamFeed(endpoint, endpoint.connect(), time, ticker);
        feed.thread.start();
        Duration patience = refresh.multipliedBy(3);
        feed.lines.await(patience.compareTo(endpoint.timeout()) < 0 ? patience : endpoint.timeout());
        Optional<String> trouble = feed.trouble();
        if (trouble.isPresent()) {
            feed.close();
            throw new IOException(trouble.get());
        }
        return feed;
    }

    private void run() {
        while (true) {
            try {
                Socket socket = connected();
                InputStream in = socket.getInputStream();
                skipLine(in);
                lines.pump(in);
                lost("has closed the connection");
            } catch (IOException e) {
                lost(String.valueOf(e.getMessage()));
            }
            synchronized (guard) {
                if (closed) {
                    lines.end();
                    return;
                }
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private Socket connected() throws IOException {
        synchronized (guard) {
            if (connection.isPresent()) {
                return connection.get();
            }
        }
        Socket socket = endpoint.connect();
        synchronized (guard) {
            if (closed) {
                socket.close();
                throw new IOException("closed");
            }
            connection = Optional.of(socket);
            trouble = Optional.empty();
            return socket;
        }
    }

    private static void skipLine(InputStream in) throws IOException {
        int next = in.read();
        while (next >= 0 && next != '\n') {
            next = in.read();
        }
    }

    private void lost(String why) {
        synchronized (guard) {
            trouble = Optional.of(why.startsWith(endpoint.toString()) ? why : endpoint + ": " + why);
            disconnect();
        }
    }

    private void disconnect() {
        synchronized (guard) {
            try {
                if (connection.isPresent()) {
                    connection.get().close();
                }
            } catch (IOException e) {
                trouble = Optional.of(endpoint + ": " + e.getMessage());
            }
            connection = Optional.empty();
        }
    }

    private Optional<String> trouble() {
        synchronized (guard) {
            return trouble;
        }
    }

    @Override
    public String via() {
        return "tcp";
    }

    @Override
    public Optional<Said> next() throws IOException {
        Optional<Lines.Line> line = lines.take();
        if (line.isPresent()) {
            return Optional.of(Said.line(
                    line.get().text(), time, OptionalLong.of(line.get().arrivedNanos())));
        }
        Optional<String> why = trouble();
        if (why.isPresent()) {
            throw new IOException(why.get());
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        synchronized (guard) {
            closed = true;
            disconnect();
        }
        LockSupport.unpark(thread);
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
