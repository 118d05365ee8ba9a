package io.neurojoule.sensor.rapl;

import io.neurojoule.analysis.Energy;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A program for the laboratory: `perf stat` inside two scrapes of the node exporter inside two readings of ours.
final class OtherTools {
    private static final String EXPORTER = "/usr/bin/prometheus-node-exporter";
    private static final Pattern JOULES =
            Pattern.compile("(?m)^node_rapl_package_joules_total\\{.*path=\"[^\"]*intel-rapl:(\\d)\"} (\\S+)$");

    /// Tells its own begin and end on our clock.
    private static final String PROGRAM =
            "import time; print(time.monotonic_ns()); time.sleep(2); print(time.monotonic_ns())";

    private OtherTools() {}

    /// Joules by socket; windows on the clock of [System#nanoTime].
    record Seen(
            long[] program,
            List<Double> perfJoules,
            long[] exporterInside,
            long[] exporterOutside,
            List<Double> exporterJoules,
            List<long[]> ours,
            List<Double> ourJoules,
            List<Double> ourBounds) {}

    static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                OtherTools.class.getName());
    }

    static Seen seen(String printed) {
        List<double[]> rows = printed.lines()
                .map(line -> Arrays.stream(line.split(" ", -1))
                        .mapToDouble(Double::parseDouble)
                        .toArray())
                .toList();
        return new Seen(
                times(rows.get(0)),
                joules(rows.get(1)),
                times(rows.get(2)),
                times(rows.get(3)),
                joules(rows.get(4)),
                List.of(times(rows.get(5)), times(rows.get(6))),
                joules(rows.get(7)),
                joules(rows.get(8)));
    }

    private static long[] times(double[] row) {
        return new long[] {(long) row[0], (long) row[1]};
    }

    private static List<Double> joules(double[] row) {
        return Arrays.stream(row).boxed().toList();
    }

    private record Scrape(long before, long after, double[] joules) {}

    private record Read(long nanos, long took, long raw) {}

    public static void main(String[] arguments) throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Process exporter = new ProcessBuilder(
                        EXPORTER,
                        "--collector.disable-defaults",
                        "--collector.rapl",
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (HttpClient http = HttpClient.newHttpClient()) {
            nested(
                    http,
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/metrics".formatted(port)))
                            .build());
        } finally {
            exporter.destroy();
        }
    }

    private static void nested(HttpClient http, HttpRequest request) throws Exception {
        patientScrape(http, request);
        Discovery found = new RaplSource().discover(SourceConfig.thisMachine());
        List<Sensor> packages = found.sensors().stream()
                .filter(sensor -> sensor.id().startsWith("rapl:package-"))
                .filter(sensor -> sensor.via().equals("perf"))
                .toList();
        List<Read> first = read(packages);
        Scrape before = scrape(http, request);
        Path table = Files.createTempFile("perf-", ".csv");
        Process perf = new ProcessBuilder(
                        "perf",
                        "stat",
                        "-a",
                        "--per-socket",
                        "-x",
                        ",",
                        "-o",
                        table.toString(),
                        "-e",
                        "power/energy-pkg/",
                        "--",
                        "python3",
                        "-c",
                        PROGRAM)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> program = perf.inputReader().readAllLines();
        if (perf.waitFor() != 0) {
            throw new IOException("perf ended with " + perf.exitValue());
        }
        Scrape after = scrape(http, request);
        List<Read> last = read(packages);

        print(program);
        print(Files.readAllLines(table).stream()
                .filter(line -> line.startsWith("S"))
                .map(line -> line.split(",", -1)[2])
                .toList());
        Files.delete(table);
        print(List.of(before.after, after.before));
        print(List.of(before.before, after.after));
        print(List.of(after.joules[0] - before.joules[0], after.joules[1] - before.joules[1]));
        List<Energy> energies = new ArrayList<>();
        for (int i = 0; i < packages.size(); i++) {
            Channel channel = packages.get(i).channels().getFirst();
            print(List.of(first.get(i).nanos, last.get(i).nanos));
            energies.add(energy(channel, first.get(i), last.get(i)));
        }
        print(energies.stream().map(Energy::joules).toList());
        print(energies.stream().map(Energy::boundJoules).toList());
    }

    private static Energy energy(Channel channel, Read first, Read last) {
        Signal signal = new Signal(
                channel,
                new long[] {first.nanos, last.nanos},
                new long[] {first.took, last.took},
                new long[] {first.raw, last.raw},
                List.of());
        return (Energy) Energy.of(signal, first.nanos, last.nanos);
    }

    private static List<Read> read(List<Sensor> sensors) throws IOException {
        List<Read> reads = new ArrayList<>();
        Reading reading = new Reading(1);
        for (Sensor sensor : sensors) {
            reading.clear();
            long before = System.nanoTime();
            sensor.read(reading);
            long took = System.nanoTime() - before;
            reads.add(new Read(before + took / 2, took, reading.raw(0)));
        }
        return reads;
    }

    private static void patientScrape(HttpClient http, HttpRequest request) throws Exception {
        for (int attempt = 0; ; attempt++) {
            try {
                scrape(http, request);
                return;
            } catch (IOException e) {
                if (attempt == 100) {
                    throw e;
                }
                LockSupport.parkNanos(100_000_000);
            }
        }
    }

    private static Scrape scrape(HttpClient http, HttpRequest request) throws Exception {
        long before = System.nanoTime();
        String page = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        long after = System.nanoTime();
        double[] joules = {Double.NaN, Double.NaN};
        Matcher matcher = JOULES.matcher(page);
        while (matcher.find()) {
            joules[Integer.parseInt(matcher.group(1))] = Double.parseDouble(matcher.group(2));
        }
        return new Scrape(before, after, joules);
    }

    private static void print(List<?> values) {
        System.out.println(String.join(" ", values.stream().map(String::valueOf).toList()));
    }
}
