package io.neurojoule.sensor.tcp;

import io.neurojoule.sensor.Endpoint;
import io.neurojoule.sensor.Feed;
import io.neurojoule.sensor.LineSocket;
import io.neurojoule.sensor.Meter;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// Asks a line and takes the line that answers it. A connection on which anything went wrong is closed, and a new one
/// made at the next read.
final class AskFeed implements Feed {
    private final Endpoint endpoint;
    private final String question;
    private final Meter.Time time;
    private final Ticker ticker;
    private Optional<LineSocket> connection = Optional.empty();

    AskFeed(Endpoint endpoint, String question, Meter.Time time, Ticker ticker) {
        this.endpoint = endpoint;
        this.question = question + "\n";
        this.time = time;
        this.ticker = ticker;
    }

    @Override
    public String via() {
        return "tcp";
    }

    @Override
    public Optional<Said> next() throws IOException {
        String line;
        try {
            if (connection.isEmpty()) {
                connection = Optional.of(LineSocket.connect(endpoint, ticker));
            }
            connection.get().ask(question);
            line = connection.get().line(endpoint.timeout());
        } catch (IOException e) {
            close();
            throw e;
        }
        return Optional.of(Said.line(line, time, OptionalLong.empty()));
    }

    @Override
    public void close() throws IOException {
        if (connection.isPresent()) {
            connection.get().close();
            connection = Optional.empty();
        }
    }
}
