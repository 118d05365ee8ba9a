package io.neurojoule.profile;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.neurojoule.recording.Recorder;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.locks.LockSupport;

/// What a sample costs: run by `bench/sensors`, under emulated sensors. Prints one line per kind of source.
final class SensorsBench {
    private static final Ticker TICKER = Ticker.monotonic();
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /// So that the code is compiled, and a source over a network has its session.
    private static final Duration WARM_UP = Duration.ofMillis(1500);

    private static final Duration ROUND = Duration.ofMillis(500);
    private static final int ROUNDS = 5;
    private static final int PREADS = 200_000;
    private static final int SCRAPES = 200;
    private static final int CHANNELS = 64;
    private static final Duration RECORDED = Duration.ofSeconds(30);
    private static final double TARGET = 0.01;

    private static final URI METRICS = URI.create("http://127.0.0.1:19100/metrics");

    /// Where the laboratory's servers are.
    private static final Map<String, Map<String, String>> NAMED = Map.of(
            "ipmi:bmc",
            Map.of(
                    "host",
                    "127.0.0.1",
                    "port",
                    "9623",
                    "user",
                    "ADMIN",
                    "password_env",
                    "BMC_PASSWORD",
                    "cipher",
                    "3",
                    "privilege",
                    "administrator"),
            "redfish:bmc",
            Map.of("url", "http://127.0.0.1:9643", "user", "root", "password_env", "REDFISH_PASSWORD"),
            "snmp:pdu",
            Map.of("host", "127.0.0.1", "port", "9661", "version", "2c", "device", "raritan", "outlets", "5;6"));

    private SensorsBench() {}

    /// One kind's cost per read of all its channels.
    ///
    /// @param process CPU time of all threads of the profiler, which also has what its HTTP client does
    private record Cost(double threadNanos, double process, double bytes) {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Process exporter = exporter(folder);
        try {
            double pread = pread(folder);
            System.out.printf(
                    "%-42s %8s %10s %10s %10s %10s %8s%n",
                    "one reading", "channels", "thread ns", "process ns", "bytes", "per value", "ratio");
            System.out.printf(
                    "%-42s %8d %10.0f %10s %10s %10.0f %8.2f%n", "pread loop in C", 1, pread, "", "", pread, 1.0);
            Map<String, Map<String, String>> named = new LinkedHashMap<>(NAMED);
            named.put("prometheus:host", series());
            try (Sources sources = Sources.discover(SourceConfig.thisMachine(), named)) {
                Map<String, Sensor> kinds = new LinkedHashMap<>();
                sources.sensors().forEach(sensor -> kinds.putIfAbsent(kind(sensor), sensor));
                kinds.forEach((kind, sensor) -> print(kind, sensor, cost(sensor), pread));
                // Another tree than /sys is read without system calls of this machine, and so by powercap.
                Path sysfs = Files.createSymbolicLink(folder.resolve("sys"), Path.of("/sys"));
                alone("rapl", new SourceConfig(sysfs, Path.of("/proc")), pread);
                alone("estimate", SourceConfig.thisMachine(), pread);
            }
            scrape(exporter, pread);
        } finally {
            exporter.destroy();
            exporter.waitFor();
        }
        boolean met = recorded(folder);
        System.exit(met ? 0 : 1);
    }

    private static void alone(String name, SourceConfig config, double pread) throws IOException {
        PowerSource source = ServiceLoader.load(PowerSource.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
        try (Sources found = new Sources(source.discover(config).sensors(), List.of())) {
            Sensor sensor = found.sensors().getFirst();
            print(kind(sensor), sensor, cost(sensor), pread);
        }
    }

    /// The source and what reads it, without what names this one card or chip.
    private static String kind(Sensor sensor) {
        String source = sensor.channels().getFirst().source();
        String via = source.equals("nvml") || source.equals("xrt") || source.equals("battery")
                ? ""
                : " " + sensor.via().split(" ", 2)[0];
        return source + via;
    }

    private static Cost cost(Sensor sensor) {
        Reading reading = new Reading(sensor.channels().size());
        read(sensor, reading, WARM_UP);
        Cost best = read(sensor, reading, ROUND);
        for (int round = 1; round < ROUNDS; round++) {
            Cost next = read(sensor, reading, ROUND);
            best = next.threadNanos < best.threadNanos ? next : best;
        }
        return best;
    }

    private static Cost read(Sensor sensor, Reading reading, Duration time) {
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        long thread = THREADS.getCurrentThreadCpuTime();
        long process = PROCESS.getProcessCpuTime();
        long until = TICKER.nanos() + time.toNanos();
        int reads = 0;
        do {
            reading.clear();
            try {
                sensor.read(reading);
            } catch (IOException e) {
                throw new IllegalStateException(sensor.id() + " cannot be read: " + e.getMessage(), e);
            }
            reads++;
        } while (TICKER.nanos() < until);
        return new Cost(
                (THREADS.getCurrentThreadCpuTime() - thread) / (double) reads,
                (PROCESS.getProcessCpuTime() - process) / (double) reads,
                (THREADS.getCurrentThreadAllocatedBytes() - bytes) / (double) reads);
    }

    private static void print(String kind, Sensor sensor, Cost cost, double pread) {
        int channels = sensor.channels().size();
        System.out.printf(
                "%-42s %8d %10.0f %10.0f %10.0f %10.0f %8.2f%n",
                kind,
                channels,
                cost.threadNanos,
                cost.process,
                cost.bytes,
                cost.process / channels,
                cost.process / channels / pread);
    }

    /// Nanoseconds of one `pread` of a counter's file, and its number, in a loop in C.
    private static double pread(Path folder) throws IOException {
        Process loop = new ProcessBuilder(
                        folder.resolve("pread").toString(),
                        "/sys/class/powercap/intel-rapl:0/energy_uj",
                        Integer.toString(PREADS))
                .start();
        return Double.parseDouble(new String(loop.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
    }

    private static Map<String, String> series() {
        return Map.of(
                "url",
                METRICS.toString(),
                "metric",
                "node_rapl_package_joules_total{path=\"/sys/class/powercap/intel-rapl:0\"}",
                "unit",
                "J");
    }

    /// Only what shows power: a whole exporter would have hundreds of metrics that nobody asked for.
    private static Process exporter(Path folder) throws IOException {
        Process exporter = new ProcessBuilder(
                        "prometheus-node-exporter",
                        "--collector.disable-defaults",
                        "--collector.rapl",
                        "--collector.hwmon",
                        "--web.listen-address=127.0.0.1:" + METRICS.getPort())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("exporter.log").toFile())
                .start();
        for (int tries = 0; tries < 100; tries++) {
            try {
                METRICS.toURL().openStream().close();
                return exporter;
            } catch (IOException e) {
                LockSupport.parkNanos(100_000_000);
            }
        }
        exporter.destroy();
        throw new IOException("prometheus-node-exporter does not answer; see " + folder.resolve("exporter.log"));
    }

    /// CPU time of the exporter itself, per sample that it shows.
    private static void scrape(Process exporter, double pread) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(METRICS).build();
            long samples = client.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("node_hwmon") || line.startsWith("node_rapl"))
                    .count();
            Duration before = exporter.info().totalCpuDuration().orElseThrow();
            for (int i = 0; i < SCRAPES; i++) {
                client.send(request, HttpResponse.BodyHandlers.discarding());
            }
            double nanos = exporter.info()
                            .totalCpuDuration()
                            .orElseThrow()
                            .minus(before)
                            .toNanos()
                    / (double) SCRAPES;
            System.out.printf(
                    "%-42s %8d %10s %10.0f %10s %10.0f %8.2f%n",
                    "node exporter, one scrape (rapl, hwmon)",
                    samples,
                    "",
                    nanos,
                    "",
                    nanos / samples,
                    nanos / samples / pread);
        }
    }

    /// 64 chips of one value each, ten times a second: CPU time of the samplers' threads, with what they write.
    private static boolean recorded(Path folder) throws Exception {
        Path tree = folder.resolve("tree");
        for (int i = 0; i < CHANNELS; i++) {
            Path chip = Files.createDirectories(tree.resolve("class/hwmon/hwmon" + i));
            Files.writeString(chip.resolve("name"), "ina226_u" + i + "\n");
            Files.writeString(chip.resolve("power1_input"), 1_000_000 + i + "\n");
        }
        try (Sources sources = Sources.discover(new SourceConfig(tree, Path.of("/nonexistent")));
                Recorder recorder = Recorder.create(folder.resolve("run"), TICKER)) {
            Map<Sensor, Duration> periods = new LinkedHashMap<>();
            sources.sensors().forEach(sensor -> periods.put(sensor, Duration.ofMillis(100)));
            int channels = sources.channels().size();
            recorder.record(periods);
            LockSupport.parkNanos(Duration.ofSeconds(5).toNanos()); // until the code is compiled
            double before = samplersSeconds();
            long start = TICKER.nanos();
            for (long left = RECORDED.toNanos(); left > 0; left = RECORDED.toNanos() - (TICKER.nanos() - start)) {
                LockSupport.parkNanos(left);
            }
            double share = (samplersSeconds() - before) / ((TICKER.nanos() - start) * 1e-9);
            System.out.printf(
                    "%d channels at 10 Hz for %d s: samplers use %.2f %% of one core; target < 1 %%: %s%n",
                    channels, RECORDED.toSeconds(), share * 100, share < TARGET ? "met" : "MISSED");
            return channels == CHANNELS && share < TARGET;
        }
    }

    private static double samplersSeconds() {
        return Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
                        .filter(thread ->
                                thread != null && thread.getThreadName().startsWith("sensor-"))
                        .mapToLong(thread -> THREADS.getThreadCpuTime(thread.getThreadId()))
                        .sum()
                * 1e-9;
    }
}
