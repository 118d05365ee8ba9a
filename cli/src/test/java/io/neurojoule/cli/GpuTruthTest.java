package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Finding;
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

    private static final String POWER = "nvml:0000:41:00.0/power";
    private static final String INSTANT = "nvml:0000:41:00.0/power-instant";

    /// Of `square:60,340,0.7`.
    private static final double HIGHEST_WATTS = 340;

    /// Windows, and what the GPU really drew in them.
    private record Profiled(Recording recording, Lab.Run lab) {
        List<WindowEnergy> measured(String channel) {
            return Analyzer.windows(recording).stream()
                    .filter(row -> row.window().kind() == Window.Kind.MEASURE
                            && row.channel().id().equals(channel))
                    .toList();
        }

        double truth(Window window) throws Exception {
            return Lab.truth(lab.truth(), window.startNanos(), window.endNanos())
                    .getOrDefault("gpu0", 0.0);
        }
    }

    @TempDir
    Path directory;

    private Profiled profile(String... lab) throws Exception {
        Path run = directory.resolve("run");
        Lab.Run result = Lab.run(
                List.of(lab),
                Program.command(List.of(
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
                        run.toString())),
                Map.of(),
                Duration.ofMinutes(2));
        assertThat(result.exit()).as(result.stdout() + result.stderr()).isZero();
        return new Profiled(Recording.open(run), result);
    }

    @LabTest
    void windowsOfAGpusCounterAgreeWithTheTruth() throws Exception {
        Profiled profiled = profile("--nvml", "h100", "--profile", "gpu0=square:60,340,0.7");

        assertThat(profiled.measured(COUNTER)).hasSize(1);
        for (WindowEnergy row : profiled.measured(COUNTER)) {
            double truth = profiled.truth(row.window());
            assertThat(row.integral()).as(row.toString()).isInstanceOf(Energy.class);
            Energy energy = (Energy) row.integral();
            // One step of the counter at an edge, and 30 ms for what reading takes on a busy machine.
            assertThat(energy.joules()).isCloseTo(truth, within(HIGHEST_WATTS * 0.13));
            assertThat(Math.abs(energy.joules() - truth)).isLessThanOrEqualTo(energy.boundJoules());
        }
        assertThat(Analyzer.analyze(profiled.recording()).rows())
                .filteredOn(row -> row.name().equals("device"))
                .singleElement()
                .extracting(ResultRow::basis)
                .isEqualTo(Basis.SIMULATED);
        assertThat(profiled.recording().info().members("cpu", "compute")).contains(COUNTER);
        assertThat(Analyzer.analyze(profiled.recording()).findings())
                .as("its power is the mean of a second, which goes on after the last window")
                .extracting(Finding::code)
                .doesNotContain("not-covered");
    }

    @LabTest
    void theBoundHoldsTheTruthOfALoadInStepWithThePowerRegister() throws Exception {
        inStep("epart=0", List.of(POWER, INSTANT));
    }

    @LabTest
    void theBoundHoldsTheTruthOfALoadInStepWithACounterOfWhatTheRegisterSaw() throws Exception {
        inStep("epart=1", List.of(POWER, INSTANT, COUNTER));
    }

    /// The register looks at the last 25 of each 100 ms and shows 60 W all the time; the truth is 130 W.
    ///
    /// @param blind channels that see the load wrong
    private void inStep(String option, List<String> blind) throws Exception {
        Profiled profiled = profile("--nvml", "a100", "--nvml-opt", option, "--profile", "gpu0=square:60,340,0.1,0.25");

        for (String channel : List.of(COUNTER, POWER, INSTANT)) {
            assertThat(profiled.measured(channel)).hasSize(1);
            for (WindowEnergy row : profiled.measured(channel)) {
                double truth = profiled.truth(row.window());
                assertThat(row.integral()).as(row.toString()).isInstanceOf(Energy.class);
                Energy energy = (Energy) row.integral();
                if (blind.contains(channel)) {
                    assertThat(energy.joules() / truth)
                            .as("it really is in step")
                            .isLessThan(0.6);
                }
                assertThat(Math.abs(energy.joules() - truth))
                        .as(row.toString())
                        .isLessThanOrEqualTo(energy.boundJoules());
            }
        }
        assertThat(Analyzer.analyze(profiled.recording()).findings())
                .filteredOn(finding -> finding.code().equals("part-time-sensor"))
                .isNotEmpty();
    }
}
