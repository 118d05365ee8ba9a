package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.WindowEnergy;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/// A whole run under emulated sensors: the joules of each measured window agree with the laboratory's truth, and the
/// stated bound contains the difference.
class TruthTest {
    /// 0.5 % for windows of 2 s: the laboratory's own CPU log may lag by some milliseconds.
    private static final double TOLERANCE = 0.005;

    @TempDir
    Path directory;

    private Recording run(List<String> lab) throws Exception {
        List<String> options = new ArrayList<>(lab);
        options.addAll(List.of("--backend", "files"));
        Path run = directory.resolve("run");
        Path experiment = Program.experiment(directory, "", List.of(1, 64), 2, 2);
        Lab.Run result = Lab.run(
                options,
                Program.command(List.of("run", experiment.toString(), "-o", run.toString())),
                Map.of(),
                Duration.ofMinutes(2));
        assertThat(result.exit()).as(result.stdout() + result.stderr()).isZero();
        truths(result.truth(), Recording.open(run));
        return Recording.open(run);
    }

    private static void truths(Path truth, Recording recording) throws Exception {
        Map<String, String> sources = Map.of("rapl:package-0", "pkg0", "rapl:package-1", "pkg1");
        List<WindowEnergy> measured = Analyzer.windows(recording).stream()
                .filter(row -> row.window().kind() == Window.Kind.MEASURE
                        && sources.containsKey(row.channel().id()))
                .toList();
        List<Map<String, Double>> truths = Lab.truths(
                truth,
                measured.stream()
                        .map(row -> new long[] {
                            row.window().startNanos(), row.window().endNanos()
                        })
                        .toList());

        assertThat(measured).hasSize(8);
        for (int i = 0; i < measured.size(); i++) {
            WindowEnergy row = measured.get(i);
            double joules = truths.get(i)
                    .getOrDefault(sources.getOrDefault(row.channel().id(), ""), 0.0);
            assertThat(row.integral()).as(row.toString()).isInstanceOf(Energy.class);
            Energy energy = (Energy) row.integral();
            assertThat(energy.joules())
                    .as("%s %s", row.window().id(), row.channel().id())
                    .isCloseTo(joules, within(TOLERANCE * joules));
            assertThat(Math.abs(energy.joules() - joules))
                    .as("bound of %s %s", row.window().id(), row.channel().id())
                    .isLessThanOrEqualTo(energy.boundJoules());
        }
    }

    @LabTest
    void windowsOfACoupledLoadAgreeWithTheTruth() throws Exception {
        Recording recording = run(List.of("--rapl", "intel-2s", "--profile", "cpu:20,60"));

        ExperimentResult result = Analyzer.analyze(recording);
        List<ResultRow> headline = result.rows().stream()
                .filter(row -> row.name().equals("compute"))
                .toList();
        assertThat(headline).hasSize(2).allSatisfy(row -> {
            assertThat(row.basis()).isEqualTo(Basis.SIMULATED);
            assertThat(row.repeats()).isEqualTo(2);
        });
    }

    @LabTest
    void perfAgreesWithTheTruthAndIsPreferredToPowercap() throws Exception {
        Recording recording = run(List.of("--rapl", "intel-2s", "--perf", "--profile", "cpu:35,18"));

        assertThat(recording.info().sensors())
                .filteredOn(sensor -> sensor.id().startsWith("rapl:package-"))
                .hasSize(2)
                .allSatisfy(sensor -> assertThat(sensor.via()).isEqualTo("perf"));
    }

    @LabTest
    void aCounterThatWrapsWhileMeasuringLosesNothing() throws Exception {
        // 300 J a turn: at 140 W every window of 2 s holds about one wrap.
        Recording recording = run(List.of("--rapl", "amd-2s", "--profile", "cpu:20,60", "--rapl-range", "300000000"));

        long wraps = recording.signals().stream()
                .filter(signal -> signal.channel().id().equals("rapl:package-0"))
                .mapToLong(signal -> java.util.stream.IntStream.range(1, signal.size())
                        .filter(i -> signal.raw()[i] < signal.raw()[i - 1])
                        .count())
                .sum();
        assertThat(wraps).isGreaterThan(2);
    }
}
