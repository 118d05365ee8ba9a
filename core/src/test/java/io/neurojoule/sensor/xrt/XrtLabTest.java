package io.neurojoule.sensor.xrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.lab.LabTest;
import io.neurojoule.sensor.LabWindow;
import io.neurojoule.sensor.LabWindow.Figure;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The laboratory's Alveo card against its truth.
class XrtLabTest {
    private static final Map<String, Double> SHARES = Map.of(
            "xrt:0000:c1:00.1/power", 1.0,
            "xrt:0000:c1:00.1/12v_pex", 0.55,
            "xrt:0000:c1:00.1/12v_aux", 0.4,
            "xrt:0000:c1:00.1/3v3_pex", 0.05,
            "xrt:0000:c1:00.1/vccint", 0.6);

    /// Currents are whole milliamperes; the bound of a channel does not know that.
    private static final double STEPS = 0.001;

    private static void compare(String profile, double tolerance) throws Exception {
        LabWindow.Result result = LabWindow.measure(
                "xrt",
                "",
                Duration.ofSeconds(9),
                List.of("--hwmon", "alveo", "--profile", profile, "--backend", "files"));

        assertThat(result.missing()).isEmpty();
        assertThat(result.figures()).containsOnlyKeys(SHARES.keySet());
        for (Map.Entry<String, Double> part : SHARES.entrySet()) {
            Figure figure = result.figure(part.getKey());
            double truth = result.truth(part.getKey(), "fpga0") * part.getValue();
            assertThat(figure.joules()).as(part.getKey()).isCloseTo(truth, within(tolerance * truth));
            assertThat(Math.abs(figure.joules() - truth))
                    .as("bound of %s", part.getKey())
                    .isLessThanOrEqualTo(figure.boundJoules() + STEPS * truth);
        }
    }

    @LabTest
    void cardAndRailsGiveTheEnergyOfAConstantPower() throws Exception {
        compare("const:100", STEPS);
    }

    @LabTest
    void cardAndRailsGiveTheEnergyOfASquareWithinTheirBounds() throws Exception {
        compare("square:50,200,3.0", 0.25);
    }

    @LabTest
    void aFileThatIsNotForUsIsToldAndTheRailsAreRead() throws Exception {
        LabWindow.Result result = LabWindow.measure(
                "xrt",
                "bdf=c1:00.1",
                Duration.ofSeconds(2),
                List.of("--hwmon", "alveo", "--profile", "const:100", "--fault", "*/xmc_power,eacces"));

        assertThat(result.missing())
                .hasSize(1)
                .allMatch(line -> line.startsWith("xrt-permission") && line.contains("xmc_power"));
        double fabric = result.truth("xrt:0000:c1:00.1/vccint", "fpga0") * 0.6;
        assertThat(result.figure("xrt:0000:c1:00.1/vccint").joules()).isCloseTo(fabric, within(STEPS * fabric));
    }
}
