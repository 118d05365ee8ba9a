package io.neurojoule.sensor.hwmon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.sensor.LabWindow;
import io.neurojoule.sensor.LabWindow.Figure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Each chip of the laboratory against its truth.
class HwmonLabTest {
    private static final Duration WINDOW = Duration.ofSeconds(9);

    /// A chip shows whole milliamperes, or steps of up to half a watt; the bound of a channel does not know these.
    private static final double STEPS = 0.003;

    /// Which source of the laboratory a channel measures, and what part of it.
    private record Part(String source, double share) {}

    private static final Map<String, Part> FAST = new LinkedHashMap<>();
    private static final Map<String, Part> SLOW = new LinkedHashMap<>();
    private static final List<String> CHIPS = List.of(
            "ina226",
            "ina260",
            "ina219",
            "jetson",
            "pmbus",
            "amdgpu",
            "i915",
            "alveo",
            "hwmon_sdm",
            "opae",
            "acpi",
            "grace");

    static {
        FAST.put("hwmon:3-0040/power1", new Part("board", 1));
        FAST.put("hwmon:1-0040:ina260/power1", new Part("som", 1));
        FAST.put("hwmon:1-0045/power1", new Part("rail", 1));
        FAST.put("hwmon:1-0040:ina3221/in1-curr1", new Part("jetson", 1));
        FAST.put("hwmon:1-0040:ina3221/in2-curr2", new Part("jetson", 0.55));
        FAST.put("hwmon:1-0040:ina3221/in3-curr3", new Part("jetson", 0.25));
        FAST.put("hwmon:0000:c3:00.0/power1", new Part("agpu0", 1));
        FAST.put("hwmon:0000:c3:00.0/power1_input", new Part("agpu0", 1));
        FAST.put("hwmon:0000:c5:00.0/energy1", new Part("dgpu0", 1));
        FAST.put("hwmon:ACPI000D:10/power1", new Part("module", 1));
        FAST.put("hwmon:ACPI000D:11/power1", new Part("module", 0.6));
        FAST.put("hwmon:ACPI000D:12/power1", new Part("module", 0.45));
        FAST.put("hwmon:ACPI000D:13/power1", new Part("module", 0.1));
        SLOW.put("hwmon:7-0058/power1", new Part("psu", 1));
        SLOW.put("hwmon:7-0058/power2", new Part("psu", 0.92));
        SLOW.put("hwmon:0000:c1:00.1/power1", new Part("fpga0", 1));
        SLOW.put("hwmon:0000:c1:00.1/in0-curr1", new Part("fpga0", 0.55));
        SLOW.put("hwmon:0000:c1:00.1/in1-curr2", new Part("fpga0", 0.4));
        SLOW.put("hwmon:0000:c1:00.1/in2-curr4", new Part("fpga0", 0.05));
        SLOW.put("hwmon:0000:c1:00.1/in9-curr3", new Part("fpga0", 0.6));
        SLOW.put("hwmon:0000:c7:00.1/power1", new Part("versal", 1));
        SLOW.put("hwmon:0000:c9:00.0/power1", new Part("pac", 1));
        SLOW.put("hwmon:0000:c9:00.0/in1-curr1", new Part("pac", 0.6));
        SLOW.put("hwmon:ACPI000D:00/power1", new Part("node", 1));
    }

    private static List<String> lab(String profile) {
        return List.of("--hwmon", String.join(",", CHIPS), "--profile", profile, "--backend", "files");
    }

    private static void compare(LabWindow.Result result, Map<String, Part> parts, double tolerance) throws Exception {
        for (Map.Entry<String, Part> entry : parts.entrySet()) {
            String id = entry.getKey();
            Part part = entry.getValue();
            Figure figure = result.figure(id);
            double truth = result.truth(id, part.source()) * part.share();
            assertThat(figure.reason()).as(id).isEmpty();
            assertThat(figure.joules()).as(id).isCloseTo(truth, within(tolerance * truth));
            assertThat(Math.abs(figure.joules() - truth))
                    .as("bound of %s", id)
                    .isLessThanOrEqualTo(figure.boundJoules() + STEPS * truth);
        }
    }

    @LabTest
    void everyChipGivesTheEnergyOfAConstantPower() throws Exception {
        LabWindow.Result result = LabWindow.measure("hwmon", "", WINDOW, lab("const:100"));

        assertThat(result.missing()).isEmpty();
        assertThat(result.gaps()).isEmpty();
        compare(result, FAST, STEPS);
        compare(result, SLOW, STEPS);
        assertThat(result.figures().keySet())
                .as("every figure has its truth")
                .allMatch(id -> FAST.containsKey(id) || SLOW.containsKey(id));
    }

    @LabTest
    void everyChipGivesTheEnergyOfASquareWithinItsBound() throws Exception {
        LabWindow.Result result = LabWindow.measure("hwmon", "", WINDOW, lab("square:50,200,3.0"));

        compare(result, FAST, 0.02);
        compare(result, SLOW, 0.25);
    }

    /// `chip attribute channel`, and what lm-sensors' number has to be multiplied by.
    private record Witness(String chip, String attribute, String channel, double factor) {}

    private static final List<Witness> WITNESSES = List.of(
            new Witness("ina226-i2c-3-40", "power1_input", "hwmon:3-0040/power1", 1),
            new Witness("ina260-i2c-1-40", "power1_input", "hwmon:1-0040:ina260/power1", 1),
            new Witness("ina219-i2c-1-45", "power1_input", "hwmon:1-0045/power1", 1),
            new Witness("pmbus-i2c-7-58", "power1_input", "hwmon:7-0058/power1", 1),
            new Witness("pmbus-i2c-7-58", "power2_input", "hwmon:7-0058/power2", 1),
            new Witness("amdgpu-pci-c300", "power1_average", "hwmon:0000:c3:00.0/power1", 1),
            new Witness("amdgpu-pci-c300", "power1_input", "hwmon:0000:c3:00.0/power1_input", 1),
            new Witness(
                    "xilinx_u280_gen3x16_xdma_base_1_user-pci-c101", "power1_input", "hwmon:0000:c1:00.1/power1", 1),
            new Witness("n3000bmc_hwmon-pci-c900", "power1_input", "hwmon:0000:c9:00.0/power1", 1),
            // lm-sensors knows nothing of the exponent: 10^-3 here, where it takes 10^-6.
            new Witness("0000:c7:00.1_hwmon_sdm-pci-c701", "power1_input", "hwmon:0000:c7:00.1/power1", 1000));

    /// lm-sensors prints three decimals.
    private static final double PRINTED = 0.0006;

    @LabTest
    void lmSensorsPrintsTheSameWatts() throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/sensors")),
                "lm-sensors is not installed: apt-get install lm-sensors");
        Path printed = Files.createTempFile("sensors", ".json");
        Duration window = Duration.ofSeconds(2);
        List<String> command = new ArrayList<>(
                List.of("sh", "-c", "sensors -j > \"$0\" 2>/dev/null; exec \"$@\"", printed.toString()));
        command.addAll(LabWindow.command("hwmon", "", window));

        LabWindow.Result result =
                LabWindow.result(Lab.run(lab("const:100"), command, Map.of(), Duration.ofSeconds(60)));
        JsonNode sensors = JsonMapper.shared().readTree(Files.readString(printed));
        Files.delete(printed);

        for (Witness witness : WITNESSES) {
            double theirs = number(sensors, witness.chip(), witness.attribute()) * witness.factor();
            double watts = result.figure(witness.channel()).joules() / window.toSeconds();
            assertThat(watts).as(witness.channel()).isCloseTo(theirs, within(PRINTED * witness.factor()));
        }
        double module =
                number(sensors, "ina3221-i2c-1-40", "in1_input") * number(sensors, "ina3221-i2c-1-40", "curr1_input");
        assertThat(result.figure("hwmon:1-0040:ina3221/in1-curr1").joules() / window.toSeconds())
                .isCloseTo(module, within(5 * PRINTED));
    }

    private static double number(JsonNode sensors, String chip, String attribute) {
        JsonNode value = sensors.path(chip).findPath(attribute);
        assertThat(value.isNumber())
                .as("%s of %s in %s", attribute, chip, sensors)
                .isTrue();
        return value.asDouble();
    }

    @LabTest
    void aFileThatIsNotForUsIsToldAndOneThatFailsIsAGapAndAChipThatVanishesIsGone() throws Exception {
        LabWindow.Result result = LabWindow.measure(
                "hwmon",
                "",
                Duration.ofSeconds(3),
                List.of(
                        "--hwmon",
                        "ina226,ina260,jetson,xe",
                        "--profile",
                        "const:100",
                        "--fault",
                        "*/3-0040/*/power1_input,eacces",
                        "--fault",
                        "*/curr2_input,eio,from=3,for=1",
                        "--fault",
                        "*ff020000*,vanish,from=3"));

        assertThat(result.missing())
                .hasSize(1)
                .allMatch(line -> line.startsWith("hwmon-permission") && line.contains("power1_input"));
        assertThat(result.gaps())
                .anyMatch(line -> line.startsWith("hwmon:1-0040:ina260: gone"))
                .anyMatch(line -> line.startsWith("hwmon:1-0040:ina3221/in2-curr2: "))
                .noneMatch(line -> line.startsWith("hwmon:1-0040:ina3221/in1"));
        assertThat(result.figure("hwmon:1-0040:ina260/power1").reason()).startsWith("not-covered");
        double truth = result.truth("hwmon:0000:c5:00.0/energy1", "dgpu0");
        assertThat(result.figure("hwmon:0000:c5:00.0/energy1").joules()).isCloseTo(truth, within(0.001 * truth));
        double module = result.truth("hwmon:1-0040:ina3221/in1-curr1", "jetson");
        assertThat(result.figure("hwmon:1-0040:ina3221/in1-curr1").joules()).isCloseTo(module, within(STEPS * module));
    }
}
