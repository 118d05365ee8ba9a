package io.neurojoule.recording;

import io.neurojoule.sensor.Channel;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// The content of `run.json`: what a reader needs to understand the other files. Written first, whole.
///
/// @param format       version of the run directory's layout; a reader takes its own and all older ones
/// @param startedNanos the moment of `startedAt` on the clock of all other times
/// @param quick        short windows: every figure is marked
/// @param simulated    why the figures are not of real hardware, if they are not
/// @param boundaries   members of each boundary as resolved at the start, by its name, or by `TARGET/NAME` where
/// targets
///                     differ; `-` stands before a channel that is taken away
/// @param headline     name of the boundary that is quoted first
/// @param labels       what people call a target, by its name
/// @param environment  what may explain a difference between two runs, e.g. governor, kernel, runtime
/// @param carbon       what the user states about the climate; empty: no figure of it
public record RunInfo(
        int format,
        String tool,
        String name,
        String element,
        Instant startedAt,
        long startedNanos,
        String host,
        String user,
        String cpu,
        boolean quick,
        Optional<String> simulated,
        Map<String, List<String>> boundaries,
        String headline,
        List<SensorInfo> sensors,
        Map<String, String> labels,
        Map<String, String> environment,
        Optional<Carbon> carbon) {
    public static final int FORMAT = 1;

    /// The fact of the environment that says how many logical CPUs the machine has.
    public static final String PROCESSORS = "logical CPUs";

    public RunInfo {
        sensors = List.copyOf(sensors);
        labels = labels == null ? Map.of() : Map.copyOf(labels); // runs of the first version have none
        environment = Map.copyOf(environment);
        carbon = carbon == null ? Optional.empty() : carbon; // older runs have none
    }

    /// What energy and an element cost the climate, in grams of CO2 equivalents.
    ///
    /// @param gramsPerKwh   of the electricity
    /// @param embodiedGrams what making the hardware cost, charged to one element; empty: left out
    /// @param source        who says so
    public record Carbon(OptionalDouble gramsPerKwh, OptionalDouble embodiedGrams, String source) {}

    /// The names of all boundaries of a target, the headline first.
    public List<String> boundaryNames(String target) {
        return boundaries.keySet().stream()
                .filter(key -> !key.contains("/") || key.startsWith(target + "/"))
                .map(key -> key.substring(key.indexOf('/') + 1))
                .sorted(Comparator.comparing(name -> !name.equals(headline)))
                .toList();
    }

    /// The channels that a boundary of a target sums; empty if there is none of this name.
    public List<String> members(String target, String boundary) {
        return boundaries.getOrDefault(target + "/" + boundary, boundaries.getOrDefault(boundary, List.of()));
    }

    /// One recorded sensor.
    ///
    /// @param file            its file below the run directory
    /// @param via             what reads it, e.g. `perf`
    /// @param measuredRefresh median time between two different values, as seen at the start; empty if it never changed
    /// @param reads           what reading it showed at the start; empty if no read succeeded, and in older runs
    public record SensorInfo(
            String id,
            String file,
            String via,
            Duration period,
            Optional<Duration> measuredRefresh,
            List<Channel> channels,
            Optional<Reads> reads) {
        public SensorInfo {
            channels = List.copyOf(channels);
        }
    }

    /// What reading a sensor as fast as can be showed.
    ///
    /// @param median how long a read takes
    /// @param most   the slowest read
    /// @param steps  the smallest difference of two values that follow each other, by channel, in its unit; without
    /// those
    ///               that never changed
    /// @param refreshes median time between two different values, by channel; without those that changed too seldom
    public record Reads(Duration median, Duration most, Map<String, Double> steps, Map<String, Duration> refreshes) {
        public Reads {
            steps = Map.copyOf(steps);
            refreshes = refreshes == null ? Map.of() : Map.copyOf(refreshes); // older runs have none
        }
    }
}
