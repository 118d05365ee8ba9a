package io.neurojoule.profile;

import io.neurojoule.experiment.Order;
import io.neurojoule.experiment.Procedure;
import io.neurojoule.experiment.Progress;
import io.neurojoule.experiment.Runner;
import io.neurojoule.experiment.Visit;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recorder;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkUnderTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One run: opens the recording, starts the samplers, lets the runner visit the cells, closes everything.
///
/// Used by one thread; [#cancel] and [#recent] may come from another.
public final class Profiler {
    private static final Duration REFRESH_PATIENCE = Duration.ofMillis(200);

    /// What is to be profiled.
    ///
    /// @param experiment the experiment file that is kept in the run directory
    /// @param plan       `plan.json`
    public record Request(
            String tool,
            String name,
            String element,
            boolean quick,
            Optional<String> simulated,
            Procedure procedure,
            long seed,
            List<Visit> cells,
            List<String> precisions,
            String experiment,
            String plan) {
        public Request {
            cells = List.copyOf(cells);
            precisions = List.copyOf(precisions);
        }
    }

    /// Starts the network's process; its output goes to the log.
    @FunctionalInterface
    public interface Start {
        NetworkUnderTest network(Recorder recorder) throws NetworkException;
    }

    private final Sources sources;
    private final Ticker ticker;
    private volatile Optional<Runner> runner = Optional.empty();
    private volatile Optional<Recorder> recorder = Optional.empty();

    public Profiler(Sources sources, Ticker ticker) {
        this.sources = sources;
        this.ticker = ticker;
    }

    /// @throws IOException if the run directory cannot be written
    public Runner.Outcome run(Request request, Path directory, Start start, Progress progress) throws IOException {
        try (Recorder writing = Recorder.create(directory, ticker)) {
            writing.begin(info(request), request.experiment(), request.plan());
            for (var missing : sources.missing()) {
                writing.note(
                        Note.of(missing.code(), "info", missing.what() + ": " + missing.why() + ". " + missing.hint()));
            }
            Map<Sensor, Duration> periods = new LinkedHashMap<>();
            sources.sensors().forEach(sensor -> periods.put(sensor, Pace.of(sensor)));
            writing.record(periods);
            recorder = Optional.of(writing);
            Runner running = new Runner(() -> start.network(writing), writing, ticker, request.procedure(), progress);
            runner = Optional.of(running);
            return running.run(
                    Order.shuffled(request.cells(), request.procedure().repeats(), request.seed()),
                    request.precisions());
        } finally {
            recorder = Optional.empty();
        }
    }

    /// Ends the run soon; what was recorded is kept.
    public void cancel() {
        runner.ifPresent(Runner::cancel);
    }

    /// The last values of every channel; empty if nothing is being recorded.
    public List<Signal> recent(Duration age) {
        return recorder.map(recording -> recording.recent(age)).orElse(List.of());
    }

    private RunInfo info(Request request) throws IOException {
        ClockPair clocks = ClockPair.now();
        List<RunInfo.SensorInfo> sensors = new ArrayList<>();
        for (Sensor sensor : sources.sensors()) {
            sensors.add(new RunInfo.SensorInfo(
                    sensor.id(),
                    Recorder.signalFile(sensor.id()),
                    sensor.via(),
                    Pace.of(sensor),
                    Pace.measure(sensor, ticker, REFRESH_PATIENCE),
                    sensor.channels()));
        }
        return new RunInfo(
                RunInfo.FORMAT,
                request.tool(),
                request.name(),
                request.element(),
                clocks.wall(),
                clocks.nanos(),
                firstLine(Path.of("/proc/sys/kernel/hostname")),
                System.getProperty("user.name", ""),
                cpu(),
                request.quick(),
                request.simulated(),
                Map.of("compute", sources.compute()),
                "compute",
                sensors,
                environment());
    }

    private static Map<String, String> environment() {
        Map<String, String> facts = new TreeMap<>();
        facts.put("kernel", firstLine(Path.of("/proc/sys/kernel/osrelease")));
        facts.put("java", System.getProperty("java.runtime.version", ""));
        facts.put("logical CPUs", String.valueOf(Runtime.getRuntime().availableProcessors()));
        facts.put("governor", firstLine(Path.of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")));
        facts.put("load average at start", firstLine(Path.of("/proc/loadavg")));
        facts.values().removeIf(String::isEmpty);
        return facts;
    }

    private static String cpu() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String firstLine(Path file) {
        try {
            return Files.readString(file).lines().findFirst().orElse("").strip();
        } catch (IOException e) {
            return ""; // a fact that this machine does not tell
        }
    }
}
