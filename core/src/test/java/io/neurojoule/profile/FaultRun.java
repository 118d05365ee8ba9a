package io.neurojoule.profile;

import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recorder;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.json.JsonMapper;

/// A program for the laboratory: records every source while faults come and go.
///
/// Arguments: the run directory, then a phase each, `NAME=SECONDS=TARGET,KIND TARGET,KIND …`. A phase has four windows,
/// of a cell called after it: 1 holds the beginning of its faults, 2 lies inside, 3 holds their end, 4 is after them.
///
/// RAPL is recorded twice: as the machine offers it, by perf, in `RUN/all`, and by powercap in `RUN/powercap`.
public final class FaultRun {
    /// The places of the laboratory's servers and what a user says about them.
    static final int IPMI = 19_624;

    static final int REDFISH = 19_644;
    static final int SNMP = 19_662;

    private static final double MARGIN_SECONDS = 0.75;
    private static final double WINDOW_SECONDS = 1.5;

    /// A sensor of 1 s that averages over 1 s has forgotten the fault, and a controller that was silent is asked again.
    private static final double RECOVERY_SECONDS = 5;

    private final Ticker ticker = Ticker.monotonic();
    private final String state =
            Optional.ofNullable(System.getenv("POWERLAB_STATE")).orElseThrow();
    private final List<Recorder> recorders = new ArrayList<>();

    public static void main(String[] arguments) throws Exception {
        new FaultRun().run(Path.of(arguments[0]), List.of(arguments).subList(1, arguments.length));
    }

    private static Map<String, Map<String, String>> described() throws IOException {
        String board;
        try (var chips = Files.list(Path.of("/sys/class/hwmon"))) {
            board = chips.filter(chip -> {
                        try {
                            return Files.readString(chip.resolve("name"))
                                    .strip()
                                    .equals("ina226");
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .findFirst()
                    .orElseThrow()
                    .resolve("power1_input")
                    .toString();
        }
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        settings.put(
                "ipmi:bmc",
                Map.of(
                        "host", "127.0.0.1",
                        "port", String.valueOf(IPMI),
                        "user", "ADMIN",
                        "password_env", "IPMI_PW",
                        "cipher", "3",
                        "privilege", "administrator"));
        settings.put(
                "redfish:bmc",
                Map.of("url", "http://127.0.0.1:" + REDFISH, "user", "root", "password_env", "REDFISH_PW"));
        settings.put("snmp:pdu", Map.of("host", "127.0.0.1", "port", String.valueOf(SNMP), "device", "apc"));
        settings.put(
                "http:plug",
                Map.of(
                        "url", "http://127.0.0.1:" + REDFISH + "/redfish/v1/Chassis/1/Power",
                        "pointer", "/PowerControl/0/PowerConsumedWatts",
                        "user", "root",
                        "password_env", "REDFISH_PW",
                        "unit", "W"));
        settings.put(
                "command:rail",
                Map.of(
                        "run",
                        "while sleep 0.1; do cat " + board + "; done",
                        "unit",
                        "uW",
                        "digits",
                        "0",
                        "refresh",
                        "0.1"));
        return settings;
    }

    private void run(Path directory, List<String> phases) throws Exception {
        Path mirror = Files.createSymbolicLink(directory.resolve("sys"), Path.of("/sys"));
        PowerSource rapl = ServiceLoader.load(PowerSource.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(source -> source.name().equals("rapl"))
                .findFirst()
                .orElseThrow();
        Discovery powercap = rapl.discover(new SourceConfig(mirror, Path.of("/proc")));
        try (Sources sources = Sources.discover(SourceConfig.thisMachine(), described());
                Recorder all = begin(directory.resolve("all"), sources.sensors(), sources.missing());
                Recorder files = begin(directory.resolve("powercap"), powercap.sensors(), List.of())) {
            recorders.add(all);
            recorders.add(files);
            pause(RECOVERY_SECONDS);
            for (String phase : phases) {
                String[] parts = phase.split("=", 3);
                phase(parts[0], Double.parseDouble(parts[1]), parts[2]);
            }
            pause(RECOVERY_SECONDS);
        }
        for (Sensor sensor : powercap.sensors()) {
            sensor.close();
        }
    }

    private Recorder begin(Path directory, List<Sensor> sensors, List<Discovery.Missing> missing) throws IOException {
        Map<Sensor, Duration> periods = new LinkedHashMap<>();
        List<RunInfo.SensorInfo> infos = new ArrayList<>();
        for (Sensor sensor : sensors) {
            Trial trial = Trial.of(sensor, ticker, Duration.ofMillis(50));
            periods.put(sensor, Pace.of(sensor, trial.readMedian()));
            infos.add(new RunInfo.SensorInfo(
                    sensor.id(),
                    Recorder.signalFile(sensor.id()),
                    sensor.via(),
                    Pace.of(sensor, trial.readMedian()),
                    trial.refresh(),
                    sensor.channels(),
                    trial.toReads()));
        }
        Recorder recorder = Recorder.create(directory, ticker);
        recorder.begin(
                new RunInfo(
                        RunInfo.FORMAT,
                        "neurojoule test",
                        "faults",
                        "frame",
                        Instant.EPOCH,
                        ticker.nanos(),
                        "",
                        "",
                        "",
                        false,
                        Optional.of("laboratory"),
                        Map.of(),
                        Boundaries.COMPUTE,
                        infos,
                        Map.of(),
                        Map.of(),
                        Optional.empty()),
                "",
                "{\"cells\":[],\"repeats\":0}");
        for (Discovery.Missing one : missing) {
            recorder.note(Note.of(one.code(), "info", one.what() + ": " + one.why()));
        }
        recorder.record(periods);
        return recorder;
    }

    private void phase(String name, double seconds, String faults) throws Exception {
        long from = ticker.nanos() + (long) ((1 + MARGIN_SECONDS) * 1e9);
        long to = from + (long) (seconds * 1e9);
        long margin = (long) (MARGIN_SECONDS * 1e9);
        long window = (long) (WINDOW_SECONDS * 1e9);
        inject(faults, from, to);
        window(name, 1, from - margin, from + margin);
        window(name, 2, to - 2 * margin - window, to - 2 * margin);
        window(name, 3, to - margin, to + margin);
        long after = to + margin + (long) (RECOVERY_SECONDS * 1e9);
        window(name, 4, after, after + window);
    }

    /// Tells the laboratory when its faults are.
    private void inject(String faults, long from, long to) throws IOException, InterruptedException {
        long epoch = JsonMapper.shared()
                .readTree(Files.readString(Path.of(state, "model.json")))
                .get("epoch_mono_ns")
                .asLong();
        List<String> line = new ArrayList<>(
                List.of(Optional.ofNullable(System.getenv("POWERLAB")).orElseThrow(), "fault", state));
        for (String fault : faults.split(" ", -1)) {
            line.add("%s,from=%.3f,to=%.3f".formatted(fault, (from - epoch) * 1e-9, (to - epoch) * 1e-9));
        }
        Process process = new ProcessBuilder(line).inheritIO().start();
        if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("powerlab fault failed");
        }
    }

    /// A window of the run, at the profiler's own edges.
    private void window(String name, int repeat, long from, long to) throws IOException {
        until(from);
        long start = ticker.nanos();
        edge();
        until(to);
        long end = ticker.nanos();
        edge();
        for (Recorder recorder : recorders) {
            Window unused = recorder.window(new Window("", name, repeat, Window.Kind.MEASURE, start, end, 1, 1, false));
        }
    }

    private void edge() throws IOException {
        for (Recorder recorder : recorders) {
            recorder.edge();
        }
    }

    private void pause(double seconds) {
        until(ticker.nanos() + (long) (seconds * 1e9));
    }

    private void until(long nanos) {
        for (long left = nanos - ticker.nanos(); left > 0; left = nanos - ticker.nanos()) {
            LockSupport.parkNanos(left);
        }
    }
}
