package io.neurojoule.sensor.ptdaemon;

import io.neurojoule.sensor.Endpoint;
import io.neurojoule.sensor.LineSocket;
import io.neurojoule.sensor.Meter;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// PTDaemon's side of the wire: commands and answers are lines that end with CR LF.
///
/// Used by one thread.
final class Analyser {
    private static final String GREETING = "Hello, PTDaemon here!";
    private static final Pattern SAMPLES = Pattern.compile("Last ([0-9]{1,6}) samples?");
    private static final Pattern NONE = Pattern.compile("(No|Insufficient) .*");

    /// Whatever is wrong with a sum of ranges is not worth more waiting at the end.
    private static final Duration LAST_PATIENCE = Duration.ofSeconds(1);

    /// Seven numbers: mean, least and most uncertainty as fractions, then counts of samples.
    private static final int UNCERTAINTY_FIELDS = 8;

    private static final int UNCERTAINTY_MOST = 3;

    private final Endpoint endpoint;
    private final Wish wish;
    private final Ticker ticker;
    private Optional<LineSocket> socket = Optional.empty();
    private boolean measuring;
    private String model = "";
    private String ranges = "";
    private Optional<String> voltsBefore = Optional.empty();
    private Optional<String> ampsBefore = Optional.empty();

    /// How it shall measure.
    ///
    /// @param volts a range, or Auto; empty: as it is set
    record Wish(Duration interval, String mark, Optional<String> volts, Optional<String> amps) {}

    Analyser(Endpoint endpoint, Wish wish, Ticker ticker) {
        this.endpoint = endpoint;
        this.wish = wish;
        this.ticker = ticker;
    }

    Wish wish() {
        return wish;
    }

    Ticker ticker() {
        return ticker;
    }

    /// What it is and how it is set, e.g. `ptdaemon YokogawaWT310, ranges Ranges,0,2.0,0,300.0`.
    String via() {
        return "ptdaemon %s, %s".formatted(model, ranges);
    }

    /// Connects and starts measuring, if it is not doing so. A measurement of our own that a broken connection left
    /// behind is stopped first; one of somebody else is not.
    void start() throws IOException {
        if (socket.isPresent()) {
            return;
        }
        socket = Optional.of(LineSocket.connect(endpoint, ticker));
        try {
            expect("Hello", GREETING);
            model = ask("Identify").split(",", -1)[0];
            if (measuring) {
                ask("Stop");
                measuring = false;
            }
            setRanges();
            String go = "Go,%d,0,%s".formatted(wish.interval().toMillis(), wish.mark());
            expect(go, "Starting");
            measuring = true;
        } catch (IOException e) {
            disconnect();
            throw e;
        }
    }

    private void setRanges() throws IOException {
        ranges = ask("RR");
        String[] set = ranges.split(",", -1);
        if (!set[0].equals("Ranges") || set.length < 5) {
            throw new IOException("%s answers '%s' to RR".formatted(endpoint, Meter.shown(ranges)));
        }
        if (wish.amps().isPresent()) {
            ampsBefore = ampsBefore.or(() -> Optional.of(range(set[1], set[2])));
            expect("SR,A," + wish.amps().get(), "Range A changed");
        }
        if (wish.volts().isPresent()) {
            voltsBefore = voltsBefore.or(() -> Optional.of(range(set[3], set[4])));
            expect("SR,V," + wish.volts().get(), "Range V changed");
        }
        if (wish.amps().isPresent() || wish.volts().isPresent()) {
            ranges = ask("RR");
        }
    }

    /// `-1` says that it does not know; it finds a range of its own then.
    private static String range(String auto, String value) {
        return auto.equals("0") && !value.startsWith("-") ? value : "Auto";
    }

    /// The samples that were not read yet, the oldest first.
    List<Sample> samples() throws IOException {
        start();
        try {
            String head = ask("RL");
            Matcher count = SAMPLES.matcher(head);
            if (NONE.matcher(head).matches()) {
                return List.of();
            }
            if (!count.lookingAt()) {
                throw new IOException("%s answers '%s' to RL".formatted(endpoint, Meter.shown(head)));
            }
            List<String> lines = new ArrayList<>();
            for (int left = Integer.parseInt(count.group(1)); left > 0; left--) {
                lines.add(line());
            }
            List<Sample> samples = new ArrayList<>();
            for (String line : lines) {
                samples.add(Sample.parse(line));
            }
            return samples;
        } catch (IOException e) {
            disconnect();
            throw e;
        }
    }

    /// The largest uncertainty of the samples so far, as a fraction; empty if it does not say.
    OptionalDouble uncertainty() throws IOException {
        String[] fields = ask("Uncertainty").split(",", -1);
        if (!fields[0].equals("Uncertainty") || fields.length < UNCERTAINTY_FIELDS) {
            return OptionalDouble.empty();
        }
        try {
            double most = Double.parseDouble(fields[UNCERTAINTY_MOST]);
            return most > 0 && most < 1 ? OptionalDouble.of(most) : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    /// Stops measuring, and sets the ranges as they were.
    void stop() throws IOException {
        if (socket.isEmpty()) {
            return;
        }
        try {
            if (measuring) {
                quickly("Stop");
            }
            if (ampsBefore.isPresent()) {
                quickly("SR,A," + ampsBefore.get());
            }
            if (voltsBefore.isPresent()) {
                quickly("SR,V," + voltsBefore.get());
            }
        } finally {
            measuring = false;
            disconnect();
        }
    }

    private void quickly(String command) throws IOException {
        LineSocket line = socket.orElseThrow();
        line.ask(command + "\r\n");
        line.line(LAST_PATIENCE);
    }

    private void expect(String command, String beginning) throws IOException {
        String answer = ask(command);
        if (!answer.startsWith(beginning)) {
            throw new IOException("%s answers '%s' to '%s'".formatted(endpoint, Meter.shown(answer), command));
        }
    }

    private String ask(String command) throws IOException {
        socket.orElseThrow().ask(command + "\r\n");
        return line();
    }

    /// RL waits for a sample if there is none, up to an interval.
    private String line() throws IOException {
        return socket.orElseThrow().line(endpoint.timeout().plus(wish.interval()));
    }

    private void disconnect() {
        try {
            if (socket.isPresent()) {
                socket.get().close();
            }
        } catch (IOException e) {
            ranges = "not closed: " + e.getMessage();
        }
        socket = Optional.empty();
    }
}
