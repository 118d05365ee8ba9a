package io.neurojoule.sensor;

import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// A connection on which lines are asked and answered.
///
/// After an exception it must be closed: a late answer would be taken for that to a later question. Used by one thread.
public final class LineSocket implements AutoCloseable {
    private static final int LONGEST = 4000;

    private final Endpoint endpoint;
    private final Socket socket;
    private final InputStream in;
    private final Ticker ticker;

    private LineSocket(Endpoint endpoint, Socket socket, InputStream in, Ticker ticker) {
        this.endpoint = endpoint;
        this.socket = socket;
        this.in = in;
        this.ticker = ticker;
    }

    /// @throws IOException if nobody answers there in time
    public static LineSocket connect(Endpoint endpoint, Ticker ticker) throws IOException {
        Socket socket = endpoint.connect();
        return new LineSocket(endpoint, socket, socket.getInputStream(), ticker);
    }

    /// Sends a text as it is, with the line end that the other side wants. What stands unread is thrown away: it cannot
    /// be the answer.
    public void ask(String text) throws IOException {
        in.skipNBytes(in.available());
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The next line, without its end.
    ///
    /// @param patience for the whole line
    /// @throws IOException if it does not come in time, has no end, or the connection is closed
    public String line(Duration patience) throws IOException {
        long until = ticker.nanos() + patience.toNanos();
        byte[] line = new byte[LONGEST];
        int length = 0;
        while (length < LONGEST) {
            int next = within(until, patience);
            if (next == '\n') {
                return new String(line, 0, length, StandardCharsets.UTF_8).strip();
            }
            line[length++] = (byte) next;
        }
        throw new IOException("%s answers a line without end: '%s'"
                .formatted(endpoint, Meter.shown(new String(line, StandardCharsets.UTF_8))));
    }

    private int within(long until, Duration patience) throws IOException {
        long millis = (until - ticker.nanos()) / 1_000_000;
        try {
            if (millis <= 0) {
                throw new SocketTimeoutException();
            }
            socket.setSoTimeout((int) millis);
            int next = in.read();
            if (next < 0) {
                throw new IOException(endpoint + " has closed the connection");
            }
            return next;
        } catch (SocketTimeoutException e) {
            throw new IOException(
                    "%s does not answer within %s s".formatted(endpoint, patience.toMillis() / 1000.0), e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
