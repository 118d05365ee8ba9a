package io.neurojoule.sensor.battery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.lab.LabTest;
import io.neurojoule.sensor.LabWindow;
import io.neurojoule.sensor.LabWindow.Figure;
import java.time.Duration;
import java.util.List;

/// The laboratory's battery against its truth.
class BatteryLabTest {
    private static final String NODE = "battery:node";

    private static void compare(String profile, double tolerance) throws Exception {
        LabWindow.Result result = LabWindow.measure(
                "battery",
                "",
                Duration.ofSeconds(9),
                List.of("--hwmon", "battery", "--profile", profile, "--backend", "files"));
        Figure figure = result.figure(NODE);
        double truth = result.truth(NODE, "bat");

        assertThat(result.gaps()).isEmpty();
        assertThat(figure.joules()).isCloseTo(truth, within(tolerance * truth));
        // The lab's battery shows the mean of its last second, and rounds to 1 mW.
        assertThat(Math.abs(figure.joules() - truth)).isLessThanOrEqualTo(figure.boundJoules() + 0.001 * truth);
    }

    @LabTest
    void theBatteryGivesTheEnergyOfAConstantPower() throws Exception {
        compare("const:20", 0.001);
    }

    @LabTest
    void theBatteryGivesTheEnergyOfASquareWithinItsBound() throws Exception {
        compare("square:10,40,3.0", 0.25);
    }

    @LabTest
    void aPlugThatIsPutInIsAGapAndNoFigure() throws Exception {
        LabWindow.Result result = LabWindow.measure(
                "battery",
                "",
                Duration.ofSeconds(4),
                List.of(
                        "--hwmon",
                        "battery",
                        "--profile",
                        "const:20",
                        "--fault",
                        "*/BAT0/status,garbage=Charging,from=4"));

        assertThat(result.gaps()).hasSize(1).allMatch(gap -> gap.contains("its status is 'Charging'"));
        assertThat(result.figure(NODE).reason()).startsWith("not-covered");
    }
}
