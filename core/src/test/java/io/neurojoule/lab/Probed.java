package io.neurojoule.lab;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What a [SourceProbe] printed in the laboratory, and the truth beside it.
public record Probed(List<String> lines, Path truth) {
    private static final Duration SET_UP = Duration.ofSeconds(60);

    /// Runs a probe in the laboratory.
    public static Probed run(List<String> lab, Map<String, String> env, double seconds, String... sources)
            throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SourceProbe.class.getName(),
                String.valueOf(seconds)));
        command.addAll(List.of(sources));
        Lab.Run run = Lab.run(lab, command, env, SET_UP.plusMillis((long) (seconds * 1000)));
        if (run.exit() != 0) {
            throw new AssertionError("the probe failed: " + run.stdout() + run.stderr());
        }
        return new Probed(run.stdout().lines().toList(), run.truth());
    }

    /// The lines that begin with these words.
    public List<String> lines(String beginning) {
        return lines.stream().filter(line -> line.startsWith(beginning + " ")).toList();
    }

    /// The values of a channel.
    ///
    /// @param channel how to understand them
    public Signal signal(Channel channel) {
        List<String[]> values = lines("value " + channel.id()).stream()
                .map(line -> line.split(" ", -1))
                .toList();
        return new Signal(channel, column(values, 2), column(values, 3), column(values, 4), List.of());
    }

    private static long[] column(List<String[]> values, int column) {
        return values.stream().mapToLong(value -> Long.parseLong(value[column])).toArray();
    }

    /// The step of a channel's values.
    public double scale(String channel) {
        return Double.parseDouble(lines("channel " + channel).getFirst().split(" ", -1)[2]);
    }

    /// Windows inside a signal, one after another, that begin when the sensor has seen the load for a while.
    public static List<long[]> windows(Signal signal, double firstSeconds, double seconds, int n) {
        List<long[]> windows = new ArrayList<>();
        long from = signal.timeNanos()[0] + (long) (firstSeconds * 1e9);
        for (int i = 0; i < n; i++) {
            windows.add(new long[] {from, from + (long) (seconds * 1e9)});
            from += (long) (seconds * 1e9);
        }
        return windows;
    }

    /// What the readings say of a window.
    public static Energy energy(Signal signal, long[] window) {
        Integral integral = Energy.of(signal, window[0], window[1]);
        if (integral instanceof Energy energy) {
            return energy;
        }
        throw new AssertionError(integral.toString());
    }

    /// What a source of the laboratory really drew in each window.
    public List<Double> truth(String source, List<long[]> windows) throws Exception {
        return Lab.truths(truth, windows).stream()
                .map(joules -> joules.getOrDefault(source, Double.NaN))
                .toList();
    }
}
