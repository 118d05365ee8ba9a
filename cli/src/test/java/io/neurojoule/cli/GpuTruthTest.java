package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.WindowEnergy;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/// A whole run with an emulated A100, whose counter moves every 100 ms.
class GpuTruthTest {
    private static final String COUNTER = "nvml:0000:41:00.0/energy";

    /// Of `square:60,340,0.7`.
    private static final double HIGHEST_WATTS = 340;

    @TempDir
    Path directory;

    @LabTest
    void windowsOfAGpusCounterAgreeWithTheTruth() throws Exception {
        Path run = directory.resolve("run");
        Lab.Run result = Lab.run(
                List.of("--nvml", "a100", "--profile", "gpu0=square:60,340,0.7"),
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.neurojoule.cli.Main",
                        "profile",
                        "--adapter",
                        "python3 " + Lab.root().resolve("examples/my_net.py"),
                        "--precision",
                        "fp32",
                        "--batch",
                        "64",
                        "--seconds",
                        "2",
                        "--repeats",
                        "1",
                        "--idle",
                        "0.5",
                        "--device",
                        "cuda:0",
                        "--simulated",
                        "laboratory",
                        "-o",
                        run.toString()),
                Map.of(),
                Duration.ofMinutes(2));
        assertThat(result.exit()).as(result.stdout() + result.stderr()).isZero();
        Recording recording = Recording.open(run);

        List<WindowEnergy> measured = Analyzer.windows(recording).stream()
                .filter(row -> row.window().kind() == Window.Kind.MEASURE
                        && row.channel().id().equals(COUNTER))
                .toList();

        assertThat(measured).hasSize(1);
        for (WindowEnergy row : measured) {
            double truth = Lab.truth(
                            result.truth(),
                            row.window().startNanos(),
                            row.window().endNanos())
                    .getOrDefault("gpu0", 0.0);
            assertThat(row.integral()).as(row.toString()).isInstanceOf(Energy.class);
            Energy energy = (Energy) row.integral();
            // One step of the counter at an edge, and 30 ms for what reading takes on a busy machine.
            assertThat(energy.joules()).isCloseTo(truth, within(HIGHEST_WATTS * 0.13));
            assertThat(Math.abs(energy.joules() - truth)).isLessThanOrEqualTo(energy.boundJoules());
        }
        assertThat(Analyzer.analyze(recording).rows())
                .filteredOn(row -> row.name().equals("device"))
                .singleElement()
                .extracting(ResultRow::basis)
                .isEqualTo(Basis.SIMULATED);
        assertThat(recording.info().members("cpu", "compute")).contains(COUNTER);
    }
}
