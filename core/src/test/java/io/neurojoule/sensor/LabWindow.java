package io.neurojoule.sensor;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.lab.Lab;
import io.neurojoule.recording.Signal;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/// One window in the laboratory: a program reads the sensors of one source at the pace of a profile, and tells the
/// energy of each channel; the test compares it with the truth.
public final class LabWindow {
    /// As the profiler: ten times a second, or as often as the sensor renews.
    private static final Duration PERIOD = Duration.ofMillis(100);

    /// Before and after the window, beside two periods of the slowest sensor: each has a reading on both sides.
    private static final long MARGIN_NANOS = 200_000_000L;

    private LabWindow() {}

    /// The energy of one channel, or why there is none.
    public record Figure(long fromNanos, long toNanos, double joules, double boundJoules, String reason) {}

    /// What the program found and measured.
    ///
    /// @param missing lines `CODE WHAT: WHY`
    /// @param gaps    lines `CHANNEL: WHY`, each once
    public record Result(Map<String, Figure> figures, List<String> missing, List<String> gaps, Path truth) {
        public Figure figure(String channel) {
            Figure figure = figures.get(channel);
            if (figure == null) {
                throw new AssertionError(channel + " is not among " + figures.keySet() + "; missing: " + missing);
            }
            return figure;
        }

        /// What the lab's source drew in the window of a channel.
        public double truth(String channel, String labSource) throws IOException, InterruptedException {
            Figure figure = figure(channel);
            Map<String, Double> joules = Lab.truth(truth, figure.fromNanos(), figure.toNanos());
            Double own = joules.get(labSource);
            if (own == null) {
                throw new AssertionError(labSource + " is not among " + joules.keySet());
            }
            return own;
        }
    }

    /// Runs the program under the laboratory.
    ///
    /// @param options `KEY=VALUE;…` of the source
    public static Result measure(String source, String options, Duration window, List<String> lab)
            throws IOException, InterruptedException {
        return result(Lab.run(lab, command(source, options, window), Map.of(), window.plusSeconds(60)));
    }

    /// The program, for a test that runs something beside it.
    public static List<String> command(String source, String options, Duration window) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LabWindow.class.getName(),
                source,
                options,
                Long.toString(window.toMillis()));
    }

    /// What the program said.
    public static Result result(Lab.Run run) {
        if (run.exit() != 0) {
            throw new AssertionError(run.stdout() + run.stderr());
        }
        Map<String, Figure> figures = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        List<String> gaps = new ArrayList<>();
        for (String line : run.stdout().lines().toList()) {
            String[] part = line.split("\t", -1);
            switch (part[0]) {
                case "figure" ->
                    figures.put(
                            part[1],
                            new Figure(
                                    Long.parseLong(part[2]),
                                    Long.parseLong(part[3]),
                                    Double.parseDouble(part[4]),
                                    Double.parseDouble(part[5]),
                                    part[6]));
                case "missing" -> missing.add(part[1]);
                case "gap" -> gaps.add(part[1]);
                default -> throw new AssertionError(line);
            }
        }
        return new Result(figures, missing, gaps, run.truth());
    }

    /// Readings of one sensor, in the order of time.
    private static final class Track {
        private final Sensor sensor;
        private final Reading reading;
        private final long periodNanos;
        private final List<List<long[]>> rows = new ArrayList<>();
        private long due;
        private boolean gone;

        Track(Sensor sensor, long now) {
            this.sensor = sensor;
            reading = new Reading(sensor.channels().size());
            periodNanos = sensor.channels().stream()
                    .mapToLong(channel -> channel.refresh().toNanos())
                    .reduce(PERIOD.toNanos(), Math::max);
            due = now;
            sensor.channels().forEach(channel -> rows.add(new ArrayList<>()));
        }

        void read(Ticker ticker, Set<String> gaps) {
            reading.clear();
            long before = ticker.nanos();
            try {
                sensor.read(reading);
            } catch (SensorGoneException e) {
                gone = true;
                gaps.add(sensor.id() + ": gone: " + e.getMessage());
                return;
            } catch (IOException e) {
                gaps.add(sensor.id() + ": " + e.getMessage());
                return;
            }
            long took = ticker.nanos() - before;
            for (int i = 0; i < reading.size(); i++) {
                if (reading.isSet(i)) {
                    rows.get(i).add(new long[] {before + took / 2, took, reading.raw(i)});
                } else {
                    gaps.add(sensor.channels().get(i).id() + ": " + reading.failure(i));
                }
            }
        }

        Signal signal(int i) {
            return new Signal(
                    sensor.channels().get(i),
                    rows.get(i).stream().mapToLong(row -> row[0]).toArray(),
                    rows.get(i).stream().mapToLong(row -> row[1]).toArray(),
                    rows.get(i).stream().mapToLong(row -> row[2]).toArray(),
                    List.of());
        }
    }

    /// `SOURCE KEY=VALUE;… MILLISECONDS`: reads, and prints what it found.
    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new LinkedHashMap<>();
        for (String one : arguments[1].split(";", -1)) {
            if (!one.isEmpty()) {
                options.put(one.substring(0, one.indexOf('=')), one.substring(one.indexOf('=') + 1));
            }
        }
        PowerSource source = ServiceLoader.load(PowerSource.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(one -> one.name().equals(arguments[0]))
                .findFirst()
                .orElseThrow();
        Ticker ticker = Ticker.monotonic();
        Discovery found = source.discover(SourceConfig.thisMachine().withOptions(options));
        for (Discovery.Missing missing : found.missing()) {
            print("missing\t%s %s: %s".formatted(missing.code(), missing.what(), missing.why()));
        }
        Set<String> gaps = new LinkedHashSet<>();
        List<Track> tracks = new ArrayList<>();
        for (Sensor sensor : found.sensors()) {
            tracks.add(new Track(sensor, ticker.nanos()));
        }
        long margin = MARGIN_NANOS
                + 2
                        * tracks.stream()
                                .mapToLong(track -> track.periodNanos)
                                .max()
                                .orElse(0);
        long from = ticker.nanos() + margin;
        long to = from + Duration.ofMillis(Long.parseLong(arguments[2])).toNanos();
        while (!tracks.isEmpty() && ticker.nanos() < to + margin) {
            long next = Long.MAX_VALUE;
            for (Track track : tracks) {
                if (!track.gone && ticker.nanos() >= track.due) {
                    track.read(ticker, gaps);
                    track.due += track.periodNanos;
                }
                next = Math.min(next, track.due);
            }
            LockSupport.parkNanos(Math.max(1_000_000, next - ticker.nanos()));
        }
        for (Track track : tracks) {
            for (int i = 0; i < track.rows.size(); i++) {
                figure(track.signal(i), from, to);
            }
        }
        gaps.forEach(gap -> print("gap\t" + gap));
    }

    private static void figure(Signal signal, long from, long to) {
        Channel channel = signal.channel();
        if (channel.quantity() == Quantity.POWER || channel.quantity() == Quantity.ENERGY) {
            print(
                    switch (Energy.of(signal, from, to)) {
                        case Energy energy ->
                            "figure\t%s\t%d\t%d\t%s\t%s\t"
                                    .formatted(channel.id(), from, to, energy.joules(), energy.boundJoules());
                        case Integral.Unavailable none ->
                            "figure\t%s\t%d\t%d\tNaN\tNaN\t%s"
                                    .formatted(channel.id(), from, to, none.code() + ": " + none.reason());
                    });
        }
    }

    private static void print(String line) {
        System.out.println(line.replace("\n", " "));
    }
}
