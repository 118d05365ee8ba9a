package io.neurojoule.sensor.hwmon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Trees made from the kernel's hwmon/sysfs-interface.rst and the pages of the drivers beside it: ina2xx.rst,
/// ina3221.rst, pmbus.rst, acpi_power_meter.rst, intel-m10-bmc-hwmon.rst, coretemp.rst; ABI/testing/sysfs-driver-intel-
/// i915-hwmon and -xe-hwmon; gpu/amdgpu/thermal; and from XRT's xmc.c and hwmon_sdm.
class HwmonSourceTest {
    private static final String CARD = "pci0000:c0/0000:c0:01.1/0000:c1:00.1";

    @TempDir
    Path root;

    private HwmonTree tree = new HwmonTree(Path.of(""));

    @BeforeEach
    void tree() {
        tree = new HwmonTree(root.resolve("sys"));
    }

    private Discovery discover() {
        return new HwmonSource().discover(tree.config());
    }

    private Discovery discover(Map<String, String> options) {
        return new HwmonSource().discover(tree.config().withOptions(options));
    }

    private static Stream<Channel> channels(Discovery found) {
        return found.sensors().stream().flatMap(sensor -> sensor.channels().stream());
    }

    private static List<String> ids(Discovery found) {
        return channels(found).map(Channel::id).toList();
    }

    private static Channel channel(Discovery found, String id) {
        return channels(found)
                .filter(channel -> channel.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError(id + " is not among " + ids(found)));
    }

    private static Component component(Discovery found, String id) {
        return channel(found, id).component();
    }

    private static Sensor sensor(Discovery found, String channel) {
        return found.sensors().stream()
                .filter(sensor ->
                        sensor.channels().stream().anyMatch(one -> one.id().equals(channel)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(channel + " is not among " + ids(found)));
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    private static int index(Sensor sensor, String id) {
        return sensor.channels().stream().map(Channel::id).toList().indexOf(id);
    }

    private static long raw(Discovery found, String id) throws IOException {
        Sensor sensor = sensor(found, id);
        return read(sensor).raw(index(sensor, id));
    }

    private static double value(Discovery found, String id) throws IOException {
        return raw(found, id) * channel(found, id).scale();
    }

    @Test
    void anIdNamesTheDeviceAndNotTheNumberOfTheChip() throws IOException {
        tree.chip(7, "platform/axi/i2c-3/3-0040", "ina226").with("power1_input", 1);
        tree.chip(2, "pci0000:c0/0000:c3:00.0", "amdgpu").with("power1_average", 1);

        assertThat(ids(discover())).containsExactlyInAnyOrder("hwmon:3-0040/power1", "hwmon:0000:c3:00.0/power1");
    }

    @Test
    void chipsOfOneDeviceAreToldApartByTheirNames() throws IOException {
        tree.chip(0, "pci0000:c0/0000:c5:00.0", "i915").with("energy1_input", 10);
        tree.chip(1, "pci0000:c0/0000:c5:00.0", "i915_gt0").with("energy1_input", 6);

        Discovery found = discover();

        assertThat(ids(found))
                .containsExactlyInAnyOrder("hwmon:0000:c5:00.0:i915/energy1", "hwmon:0000:c5:00.0:i915_gt0/energy1");
        assertThat(component(found, "hwmon:0000:c5:00.0:i915/energy1")
                        .contains(component(found, "hwmon:0000:c5:00.0:i915_gt0/energy1")))
                .isTrue();
    }

    @Test
    void chipsWithoutADeviceAndOfOneNameHaveIdsOfTheirOwn() throws IOException {
        tree.alone(0, "board").with("power1_input", 1);
        tree.alone(1, "board").with("power1_input", 2);

        assertThat(ids(discover())).containsExactly("hwmon:board/power1", "hwmon:board-2/power1");
    }

    @Test
    void whatStandsInAnIdIsAlwaysAllowedThere() throws IOException {
        tree.chip(0, "platform/rail@3,5 V", "odd name").with("power1_input", 1);

        assertThat(ids(discover())).containsExactly("hwmon:rail_3_5_V/power1");
    }

    @Test
    void aPowerFileIsPreferredToVoltsAndAmperesOfTheSameRail() throws IOException {
        tree.chip(0, "platform/axi/i2c-3/3-0040", "ina226")
                .with("power1_input", 4_250_000)
                .with("in0_input", 3)
                .with("in1_input", 12_000)
                .with("curr1_input", 354)
                .with("update_interval", 35);

        Discovery found = discover();

        assertThat(ids(found)).containsExactly("hwmon:3-0040/power1");
        assertThat(value(found, "hwmon:3-0040/power1")).isEqualTo(4.25);
        assertThat(channel(found, "hwmon:3-0040/power1").refresh()).isEqualTo(Duration.ofMillis(35));
        assertThat(channel(found, "hwmon:3-0040/power1").averagedOver()).isEqualTo(Duration.ofMillis(35));
        assertThat(component(found, "hwmon:3-0040/power1").kind()).isEqualTo(Kind.RAIL);
    }

    @Test
    void voltsTimesAmperesAreTheProductOfTheRawValuesAndBothAreKept() throws IOException {
        tree.chip(0, "platform/soc/i2c-1/1-0045", "ina219")
                .with("in0_input", 4)
                .with("in1_input", 3_304)
                .with("curr1_input", 1_234);

        Discovery found = discover();

        assertThat(raw(found, "hwmon:1-0045/in1-curr1")).isEqualTo(3_304L * 1_234);
        assertThat(value(found, "hwmon:1-0045/in1-curr1")).isEqualTo(3_304L * 1_234 * 1e-6);
        assertThat(raw(found, "hwmon:1-0045/in1")).isEqualTo(3_304);
        assertThat(raw(found, "hwmon:1-0045/curr1")).isEqualTo(1_234);
        assertThat(channel(found, "hwmon:1-0045/in1").scale()).isEqualTo(1e-3);
        assertThat(channel(found, "hwmon:1-0045/in1").quantity()).isEqualTo(Quantity.VOLTAGE);
        assertThat(channel(found, "hwmon:1-0045/curr1").quantity()).isEqualTo(Quantity.CURRENT);
    }

    @Test
    void eachChipHasItsOwnRuleForWhichVoltsBelongToWhichAmperes() throws IOException {
        tree.chip(0, "platform/soc/i2c-1/1-0041", "ina260").with("in1_input", 5).with("curr1_input", 1);
        tree.chip(1, "platform/soc/i2c-1/1-0060", "ltc2947")
                .with("in0_input", 5)
                .with("in1_input", 9)
                .with("curr1_input", 1);
        tree.chip(2, "platform/soc/i2c-1/1-0061", "ltc2945")
                .with("in1_input", 5)
                .with("curr1_input", 1);
        tree.chip(3, "platform/soc/i2c-1/1-0062", "unheard-of")
                .with("in1_input", 5)
                .with("curr1_input", 1);

        assertThat(channels(discover()).filter(one -> one.quantity() == Quantity.POWER))
                .extracting(Channel::id)
                .containsExactlyInAnyOrder(
                        "hwmon:1-0041/in1-curr1", "hwmon:1-0060/in0-curr1", "hwmon:1-0061/in1-curr1");
    }

    @Test
    void behindTheGeneralPurposeDriverTheShuntIsNeverTakenForTheBus() throws IOException {
        // iio-hwmon numbers an INA226's shunt in1 and its bus in2 (ZCU102)
        tree.chip(0, "platform/ina226-u76", "ina226_u76")
                .with("in1_input", 3)
                .with("in2_input", 852)
                .with("curr1_input", 1_500)
                .with("power1_input", 1_278_000);

        Discovery found = discover();

        assertThat(ids(found)).containsExactly("hwmon:ina226-u76/power1");
        assertThat(value(found, "hwmon:ina226-u76/power1")).isEqualTo(1.278);
    }

    private void orin() throws IOException {
        tree.chip(0, "platform/bus@0/c240000.i2c/i2c-1/1-0040", "ina3221")
                .with("in1_label", "VDD_IN")
                .with("in1_input", 5_000)
                .with("curr1_input", 1_600)
                .with("in2_label", "VDD_CPU_GPU_CV")
                .with("in2_input", 4_960)
                .with("curr2_input", 800)
                .with("in3_label", "VDD_SOC")
                .with("in3_input", 4_970)
                .with("curr3_input", 400)
                .with("in4_input", 12)
                .with("in7_input", 36)
                .with("in7_label", "sum of shunt voltages");
    }

    @Test
    void theModuleOfAJetsonContainsItsRailsAndTheRailsAreBesideEachOther() throws IOException {
        orin();

        Discovery found = discover();
        Component module = component(found, "hwmon:1-0040/in1-curr1");
        Component cpuAndGpu = component(found, "hwmon:1-0040/in2-curr2");
        Component soc = component(found, "hwmon:1-0040/in3-curr3");

        assertThat(value(found, "hwmon:1-0040/in1-curr1")).isEqualTo(8);
        assertThat(module.kind()).isEqualTo(Kind.BOARD);
        assertThat(module.contains(cpuAndGpu)).isTrue();
        assertThat(module.contains(soc)).isTrue();
        assertThat(cpuAndGpu.overlaps(soc)).isFalse();
        assertThat(ids(found)).noneMatch(id -> id.endsWith("/in4") || id.endsWith("/in7"));
    }

    @Test
    void theModuleOfAJetsonContainsTheRailsOnItsSecondChip() throws IOException {
        // TX2: the module's input and two of its rails are on one chip, the others on another
        tree.chip(0, "platform/c240000.i2c/i2c-0/0-0040", "ina3221")
                .with("in1_label", "VDD_SYS_GPU")
                .with("in1_input", 19_000)
                .with("curr1_input", 100);
        tree.chip(1, "platform/c240000.i2c/i2c-0/0-0041", "ina3221")
                .with("in1_label", "VDD_IN")
                .with("in1_input", 19_000)
                .with("curr1_input", 400);

        Discovery found = discover();

        assertThat(component(found, "hwmon:0-0041/in1-curr1").contains(component(found, "hwmon:0-0040/in1-curr1")))
                .isTrue();
    }

    @Test
    void theMemoryRailOfAnAgxOrinIsNotAddedToTheOneThatMayFeedIt() throws IOException {
        tree.chip(0, "platform/c240000.i2c/i2c-1/1-0040", "ina3221")
                .with("in1_label", "VDD_GPU_SOC")
                .with("in1_input", 5_000)
                .with("curr1_input", 1_000)
                .with("in3_label", "VIN_SYS_5V0")
                .with("in3_input", 5_000)
                .with("curr3_input", 900);
        tree.chip(1, "platform/c240000.i2c/i2c-1/1-0041", "ina3221")
                .with("in2_label", "VDDQ_VDD2_1V8AO")
                .with("in2_input", 5_000)
                .with("curr2_input", 200);

        Discovery found = discover();
        Component memory = component(found, "hwmon:1-0041/in2-curr2");

        assertThat(memory.overlaps(component(found, "hwmon:1-0040/in3-curr3"))).isTrue();
        assertThat(memory.overlaps(component(found, "hwmon:1-0040/in1-curr1"))).isFalse();
    }

    @Test
    void aRailThatIsSwitchedOffOrNotConnectedIsLeftOut() throws IOException {
        tree.chip(0, "platform/i2c-1/1-0041", "ina3221")
                .with("in1_label", "NC")
                .with("in1_input", 0)
                .with("curr1_input", 0)
                .with("in2_label", "VDDQ")
                .with("in2_enable", 0)
                .with("in2_input", 0)
                .with("curr2_input", 0)
                .with("in3_label", "VDD")
                .with("in3_enable", 1)
                .with("in3_input", 5_000)
                .with("curr3_input", 10);

        assertThat(ids(discover())).containsExactly("hwmon:1-0041/in3-curr3", "hwmon:1-0041/in3", "hwmon:1-0041/curr3");
    }

    @Test
    void inputAndOutputOfASupplyAreNeverAdded() throws IOException {
        tree.chip(0, "platform/psu/i2c-7/7-0058", "dps920ab")
                .with("power1_label", "pin")
                .with("power1_input", 140_000_000)
                .with("power2_label", "pout1")
                .with("power2_input", 128_800_000)
                .with("power3_label", "pout2")
                .with("power3_input", 5_000_000)
                .with("in1_label", "vin")
                .with("in1_input", 230_000)
                .with("curr1_label", "iin")
                .with("curr1_input", 700);

        Discovery found = discover();
        Component input = component(found, "hwmon:7-0058/power1");
        Component output = component(found, "hwmon:7-0058/power2");

        assertThat(input.overlaps(output)).isTrue();
        assertThat(output.overlaps(component(found, "hwmon:7-0058/power3"))).isFalse();
        assertThat(ids(found)).doesNotContain("hwmon:7-0058/in1-curr1");
    }

    @Test
    void theOutputOfASupplyWithoutItsPowerIsVoltsTimesAmperesAndTheInputIsNot() throws IOException {
        tree.chip(0, "platform/psu/i2c-7/7-0058", "ltc2978")
                .with("in1_label", "vin")
                .with("in1_input", 230_000)
                .with("curr1_label", "iin")
                .with("curr1_input", 700)
                .with("in2_label", "vout1")
                .with("in2_input", 12_000)
                .with("curr2_label", "iout1")
                .with("curr2_input", 10_000);

        Discovery found = discover();

        assertThat(channels(found).filter(one -> one.quantity() == Quantity.POWER))
                .extracting(Channel::id)
                .containsExactly("hwmon:7-0058/in2-curr2");
        assertThat(value(found, "hwmon:7-0058/in2-curr2")).isEqualTo(120);
    }

    private HwmonTree.Chip alveo(int number, String device, String name) throws IOException {
        return tree.chip(number, device, name)
                .with("power1_label", "POWER")
                .with("power1_input", 58_360_411)
                .with("power1_average", 225_000_000)
                .with("power2_label", "CS_TARGET_POWER")
                .with("power2_input", 70_000_000)
                .with("in0_label", "12V PEX")
                .with("in0_input", 12_100)
                .with("curr1_label", "12V PEX Current")
                .with("curr1_input", 2_650)
                .with("in9_label", "VCC INT")
                .with("in9_input", 850)
                .with("curr3_label", "VCC INT Current")
                .with("curr3_input", 21_000);
    }

    @Test
    void ofAnAlveoCardNeitherThePeakNorTheSetPointIsAReading() throws IOException {
        alveo(0, CARD, "xilinx_u280_gen3x16_xdma_base_1_user");

        Discovery found = discover();

        assertThat(channels(found).filter(one -> one.quantity() == Quantity.POWER))
                .extracting(Channel::id)
                .containsExactly(
                        "hwmon:0000:c1:00.1/power1", "hwmon:0000:c1:00.1/in0-curr1", "hwmon:0000:c1:00.1/in9-curr3");
        assertThat(value(found, "hwmon:0000:c1:00.1/power1")).isEqualTo(58.360411);
        assertThat(channel(found, "hwmon:0000:c1:00.1/power1").refresh()).isEqualTo(Duration.ofSeconds(1));
        assertThat(found.sensors().getFirst().via())
                .isEqualTo("xilinx_u280_gen3x16_xdma_base_1_user (POWER, 12V PEX, VCC INT)");
    }

    @Test
    void ofAnAlveoCardTheFabricIsInItsSuppliesAndTheseAreInTheCard() throws IOException {
        alveo(0, CARD, "xilinx_u280_gen3x16_xdma_base_1_user");

        Discovery found = discover();
        Component card = component(found, "hwmon:0000:c1:00.1/power1");
        Component supply = component(found, "hwmon:0000:c1:00.1/in0-curr1");
        Component fabric = component(found, "hwmon:0000:c1:00.1/in9-curr3");

        assertThat(card).isEqualTo(Component.of(Kind.ACCELERATOR, "fpga-0000:c1:00.1"));
        assertThat(card.contains(supply)).isTrue();
        assertThat(card.contains(fabric)).isTrue();
        assertThat(supply.contains(fabric)).isTrue();
    }

    @Test
    void aCardThatShowsBothOfItsFunctionsIsRecordedOnce() throws IOException {
        alveo(0, "pci0000:c0/0000:c0:01.1/0000:c1:00.0", "xilinx_u280_gen3x16_xdma_base_1_mgmt");
        alveo(1, CARD, "xilinx_u280_gen3x16_xdma_base_1_user");

        assertThat(discover().sensors()).extracting(Sensor::id).containsExactly("hwmon:0000:c1:00.1");
    }

    @Test
    void theManagementFunctionNamesTheSameCard() throws IOException {
        alveo(0, "pci0000:c0/0000:c0:01.1/0000:c1:00.0", "xilinx_u280_gen3x16_xdma_base_1_mgmt");

        assertThat(component(discover(), "hwmon:0000:c1:00.0/power1").id()).isEqualTo("fpga-0000:c1:00.1");
    }

    @Test
    void theCardThatTheUserNamesIsTheAcceleratorAndTheOthersAreRecorded() throws IOException {
        alveo(0, CARD, "xilinx_u280_gen3x16_xdma_base_1_user");
        alveo(1, "pci0000:80/0000:81:00.1", "xilinx_u280_gen3x16_xdma_base_1_user");

        Discovery found = discover(Map.of("bdf", "81:00.1"));

        assertThat(component(found, "hwmon:0000:81:00.1/power1").kind()).isEqualTo(Kind.ACCELERATOR);
        assertThat(component(found, "hwmon:0000:c1:00.1/power1").kind()).isEqualTo(Kind.BOARD);
    }

    @Test
    void aCardThatIsNotHereIsToldWithThoseThatAre() throws IOException {
        alveo(0, CARD, "xilinx_u280_gen3x16_xdma_base_1_user");

        Missing missing = discover(Map.of("bdf", "0000:99:00.0")).missing().getFirst();

        assertThat(missing.code()).isEqualTo("hwmon-card-absent");
        assertThat(missing.why()).contains("0000:c1:00.1");
    }

    @Test
    void anUnknownSettingIsRefused() {
        assertThatThrownBy(() -> discover(Map.of("card", "1"))).isInstanceOf(SettingsException.class);
    }

    @Test
    void aCardThatGivesZeroHasGivenNothing() throws IOException {
        HwmonTree.Chip chip = alveo(0, CARD, "xilinx_u280_gen3x16_xdma_base_1_user");
        Discovery found = discover();
        chip.with("power1_input", 0);

        Sensor sensor = sensor(found, "hwmon:0000:c1:00.1/power1");
        Reading reading = read(sensor);

        assertThat(reading.isSet(0)).isFalse();
        assertThat(reading.failure(0)).contains("no value");
        assertThat(reading.isSet(index(sensor, "hwmon:0000:c1:00.1/in0"))).isTrue();
    }

    private HwmonTree.Chip versal() throws IOException {
        return tree.chip(0, "pci0000:c0/0000:c7:00.1", "0000:c7:00.1_hwmon_sdm")
                .with("power1_label", "Total Power")
                .with("power1_input", 34_250)
                .with("power1_average", 30_000);
    }

    @Test
    void theWattsOfAVersalCardAreItsInputTimesItsExponent() throws IOException {
        versal().with("power1_unitm", -3);

        Discovery found = discover();

        assertThat(ids(found)).containsExactly("hwmon:0000:c7:00.1/power1");
        assertThat(value(found, "hwmon:0000:c7:00.1/power1")).isEqualTo(34.25);
        assertThat(component(found, "hwmon:0000:c7:00.1/power1").id()).isEqualTo("fpga-0000:c7:00.1");
    }

    @Test
    void anotherExponentIsAnotherUnit() throws IOException {
        versal().with("power1_unitm", 0).with("power1_input", 34);

        assertThat(value(discover(), "hwmon:0000:c7:00.1/power1")).isEqualTo(34);
    }

    @Test
    void aVersalCardWithoutItsExponentHasNoFigure() throws IOException {
        versal();

        Discovery found = discover();

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing()).extracting(Missing::code).containsExactly("hwmon-unreadable");
    }

    @Test
    void aRegisterOfOnesOfAVersalCardIsAGap() throws IOException {
        versal().with("power1_unitm", -3).with("power1_input", 0xFFFFFFFFL);

        assertThat(read(discover().sensors().getFirst()).isSet(0)).isFalse();
    }

    @Test
    void theBoardPowerOfAnIntelCardHasItsCoreInside() throws IOException {
        tree.chip(0, "pci0000:c0/0000:c9:00.0/spi-nor/n3000bmc-hwmon.1.auto", "n3000bmc_hwmon")
                .with("power1_label", "Board Power")
                .with("power1_input", 40_000_000)
                .with("in1_label", "FPGA Core Voltage")
                .with("in1_input", 900)
                .with("curr1_label", "FPGA Core Current")
                .with("curr1_input", 26_000);

        Discovery found = discover();
        Component card = component(found, "hwmon:0000:c9:00.0/power1");

        assertThat(card.id()).isEqualTo("fpga-0000:c9:00.0");
        assertThat(card.contains(component(found, "hwmon:0000:c9:00.0/in1-curr1")))
                .isTrue();
        assertThat(value(found, "hwmon:0000:c9:00.0/in1-curr1")).isEqualTo(23.4);
    }

    private HwmonTree.Chip amdgpu() throws IOException {
        return tree.chip(0, "pci0000:c0/0000:c3:00.0", "amdgpu")
                .with("power1_average", 150_000_000)
                .with("power1_input", 151_000_000)
                .with("power1_label", "PPT")
                .with("power1_cap", 300_000_000)
                .with("temp1_input", 43_000)
                .with("temp1_label", "edge");
    }

    @Test
    void bothFiguresOfAnAmdGpuAreThatGpuAndNotAdded() throws IOException {
        amdgpu();

        Discovery found = discover();

        assertThat(ids(found))
                .containsExactly(
                        "hwmon:0000:c3:00.0/power1", "hwmon:0000:c3:00.0/power1_input", "hwmon:0000:c3:00.0/temp1");
        assertThat(value(found, "hwmon:0000:c3:00.0/power1")).isEqualTo(150);
        assertThat(component(found, "hwmon:0000:c3:00.0/power1"))
                .isEqualTo(component(found, "hwmon:0000:c3:00.0/power1_input"))
                .isEqualTo(Component.of(Kind.ACCELERATOR, "gpu-0000:c3:00.0"));
        assertThat(value(found, "hwmon:0000:c3:00.0/temp1")).isEqualTo(43);
    }

    @Test
    void theFigureOfAProcessorWithGraphicsIsThatOfItsPackage() throws IOException {
        amdgpu();
        Path metrics = root.resolve("sys/devices/pci0000:c0/0000:c3:00.0/gpu_metrics");
        Component cpu = new Component(Kind.CPU, "package-0", Set.of("psys"));

        Files.write(metrics, new byte[] {120, 0, 1, 3});
        assertThat(cpu.overlaps(component(discover(), "hwmon:0000:c3:00.0/power1")))
                .isFalse();

        Files.write(metrics, new byte[] {120, 0, 2, 1});
        assertThat(cpu.overlaps(component(discover(), "hwmon:0000:c3:00.0/power1")))
                .isTrue();
    }

    @Test
    void thePackageOfAnIntelGpuIsInItsCard() throws IOException {
        tree.chip(0, "pci0000:c0/0000:c5:00.0", "xe")
                .with("energy1_input", 123_456_789)
                .with("energy1_label", "card")
                .with("energy2_input", 100_000_000)
                .with("energy2_label", "pkg")
                .with("power1_max", 150_000_000);

        Discovery found = discover();
        Channel card = channel(found, "hwmon:0000:c5:00.0/energy1");

        assertThat(card.quantity()).isEqualTo(Quantity.ENERGY);
        assertThat(card.maxWatts()).hasValue(150);
        assertThat(card.component()).isEqualTo(Component.of(Kind.ACCELERATOR, "gpu-0000:c5:00.0"));
        assertThat(card.component().contains(component(found, "hwmon:0000:c5:00.0/energy2")))
                .isTrue();
    }

    @Test
    void anAcpiMeterIsThatOfTheNodeWithItsIntervalAndItsAccuracy() throws IOException {
        tree.chip(0, "platform/ACPI000D:00", "power_meter")
                .with("power1_average", 220_000_000)
                .with("power1_average_interval", 2_000)
                .with("power1_accuracy", "95.0%")
                .with("power1_is_battery", 0);

        Channel meter = channel(discover(), "hwmon:ACPI000D:00/power1");

        assertThat(meter.component()).isEqualTo(Component.of(Kind.NODE, "node"));
        assertThat(meter.averagedOver()).isEqualTo(Duration.ofSeconds(2));
        assertThat(meter.refresh()).isEqualTo(Duration.ofSeconds(2));
        assertThat(meter.accuracy().orElse(0)).isCloseTo(0.05, within(1e-12));
    }

    private void grace() throws IOException {
        int n = 0;
        for (String what : List.of("Module", "Grace", "CPU", "SysIO")) {
            tree.old(n, "platform/ACPI000D:1" + n, "power_meter")
                    .with("power1_average", 100_000_000 / (n + 1))
                    .with("power1_average_interval", 50)
                    .with("power1_oem_info", what + " Power Socket 0");
            n++;
        }
    }

    @Test
    void theMetersOfAGraceSuperchipContainEachOther() throws IOException {
        grace();

        Discovery found = discover();
        Component module = component(found, "hwmon:ACPI000D:10/power1");
        Component socket = component(found, "hwmon:ACPI000D:11/power1");
        Component cpu = component(found, "hwmon:ACPI000D:12/power1");
        Component io = component(found, "hwmon:ACPI000D:13/power1");

        assertThat(module.contains(socket)).isTrue();
        assertThat(module.contains(cpu)).isTrue();
        assertThat(module.contains(io)).isTrue();
        assertThat(socket.contains(cpu)).isTrue();
        assertThat(socket.contains(io)).isTrue();
        assertThat(cpu.overlaps(io)).isFalse();
        assertThat(cpu.kind()).isEqualTo(Kind.CPU);
        assertThat(value(found, "hwmon:ACPI000D:11/power1")).isEqualTo(50);
    }

    @Test
    void theProcessorOfAGraceIsThePackageThatOtherSourcesRead() throws IOException {
        grace();

        Component cpu = component(discover(), "hwmon:ACPI000D:12/power1");

        assertThat(cpu.id()).isEqualTo("package-0");
        assertThat(Component.of(Kind.CPU, "cpu").contains(cpu))
                .as("cray's sum of all")
                .isTrue();
    }

    @Test
    void aMeterWithAnotherNameIsAPartAndNotTheNode() throws IOException {
        tree.old(0, "platform/ACPI000D:10", "power_meter")
                .with("power1_average", 15_000_000)
                .with("power1_average_interval", 50)
                .with("power1_oem_info", "DRAM Power Socket 0");

        Component part = component(discover(), "hwmon:ACPI000D:10/power1");

        assertThat(part.kind()).isEqualTo(Kind.RAIL);
        assertThat(Component.of(Kind.BOARD, "module-0").contains(part)).isTrue();
    }

    @Test
    void thePowerAndTheAccumulatorsOfARailAreTheSameJoules() throws IOException {
        tree.chip(0, "platform/soc/i2c-1/1-0060", "ltc2947")
                .with("power1_input", 10_000_000)
                .with("energy1_input", 1)
                .with("energy2_input", 1);

        Discovery found = discover();
        Component power = component(found, "hwmon:1-0060/power1");

        assertThat(component(found, "hwmon:1-0060/energy1").overlaps(power)).isTrue();
        assertThat(component(found, "hwmon:1-0060/energy2").overlaps(power)).isTrue();
    }

    @Test
    void theNameOfAChipDoesNotMakeOneOfItsRails() throws IOException {
        tree.chip(0, "platform/soc/i2c-1/1-0040", "ina3221")
                .with("label", "module")
                .with("in1_input", 5_000)
                .with("curr1_input", 1_600)
                .with("in2_input", 5_000)
                .with("curr2_input", 800);

        Discovery found = discover();

        assertThat(component(found, "hwmon:1-0040/in1-curr1").overlaps(component(found, "hwmon:1-0040/in2-curr2")))
                .isFalse();
    }

    @Test
    void twoReadingsOfAnUnknownChipAreNeverAdded() throws IOException {
        tree.chip(0, "usb1/0003:1B1C:1C0B.0007", "corsairpsu")
                .with("power1_input", 100_000_000)
                .with("power1_label", "power total")
                .with("power2_input", 80_000_000)
                .with("power2_label", "power +12v")
                .with("energy1_input", 5_000_000);

        Discovery found = discover();
        Component total = component(found, "hwmon:0003:1B1C:1C0B.0007/power1");

        assertThat(ids(found)).hasSize(3);
        assertThat(total.overlaps(component(found, "hwmon:0003:1B1C:1C0B.0007/power2")))
                .isTrue();
        assertThat(total.overlaps(component(found, "hwmon:0003:1B1C:1C0B.0007/energy1")))
                .isTrue();
    }

    @Test
    void theBatteryOfALaptopIsLeftToItsOwnSource() throws IOException {
        tree.chip(0, "platform/PNP0C0A:00/power_supply/BAT0", "BAT0").with("power1_input", 9_000_000);

        assertThat(discover().sensors()).isEmpty();
    }

    @Test
    void theTemperatureOfAPackageStandsBesideWhatItDraws() throws IOException {
        tree.chip(0, "platform/coretemp.1", "coretemp")
                .with("temp1_label", "Package id 1")
                .with("temp1_input", 45_000)
                .with("temp2_label", "Core 0")
                .with("temp2_input", 44_000);
        tree.chip(1, "pci0000:00/0000:00:19.3", "k10temp")
                .with("temp1_label", "Tctl")
                .with("temp1_input", 60_000)
                .with("temp3_label", "Tccd1")
                .with("temp3_input", 61_000);

        Discovery found = discover();

        assertThat(ids(found)).containsExactlyInAnyOrder("hwmon:coretemp.1/temp1", "hwmon:0000:00:19.3/temp1");
        assertThat(channels(found)).allSatisfy(channel -> {
            assertThat(channel.quantity()).isEqualTo(Quantity.TEMPERATURE);
            assertThat(channel.component().id()).isEqualTo("package-1");
        });
        assertThat(found.missing()).extracting(Missing::code).containsExactly("hwmon-absent");
    }

    @Test
    void chipsWithoutPowerAreNamedInTheReason() throws IOException {
        tree.chip(0, "pci0000:00/0000:01:00.0/nvme/nvme0", "nvme").with("temp1_input", 40_000);

        Missing missing = discover().missing().getFirst();

        assertThat(missing.code()).isEqualTo("hwmon-absent");
        assertThat(missing.why()).contains("nvme");
    }

    @Test
    void anAttributeThatCannotBeReadIsMissingAndTheOthersAreRead() throws IOException {
        HwmonTree.Chip chip = tree.chip(0, "platform/psu/i2c-7/7-0058", "pmbus")
                .with("power1_label", "pin")
                .with("power1_input", 140_000_000)
                .with("power2_label", "pout1");
        Files.createDirectory(chip.directory().resolve("power2_input"));

        Discovery found = discover();

        assertThat(ids(found)).containsExactly("hwmon:7-0058/power1");
        assertThat(found.missing()).hasSize(1);
        Missing missing = found.missing().getFirst();
        assertThat(missing.code()).isEqualTo("hwmon-unreadable");
        assertThat(missing.channel().orElseThrow().id()).isEqualTo("hwmon:7-0058/power2");
    }

    @Test
    void aRailWhoseCurrentCannotBeReadIsToldOnce() throws IOException {
        orin();
        Path current = root.resolve("sys/class/hwmon/hwmon0/curr2_input");
        Files.delete(current);
        Files.createDirectory(current);

        Discovery found = discover();

        assertThat(found.missing())
                .extracting(missing -> missing.channel().orElseThrow().id())
                .containsExactly("hwmon:1-0040/in2-curr2");
        assertThat(ids(found)).contains("hwmon:1-0040/in1-curr1", "hwmon:1-0040/in3-curr3");
    }

    @Test
    void contentThatIsNoNumberIsAGapOfThatRailOnly() throws IOException {
        orin();
        Discovery found = discover();
        Path current = root.resolve("sys/class/hwmon/hwmon0/curr2_input");
        Sensor sensor = found.sensors().getFirst();

        for (String content : List.of("", "\n", "x\n", "12x\n", "99999999999999999999\n")) {
            Files.writeString(current, content);
            Reading reading = read(sensor);
            assertThat(reading.isSet(index(sensor, "hwmon:1-0040/in2-curr2")))
                    .as("'%s'", content)
                    .isFalse();
            assertThat(reading.failure(index(sensor, "hwmon:1-0040/in2-curr2"))).contains("curr2_input");
            assertThat(reading.raw(index(sensor, "hwmon:1-0040/in1-curr1"))).isEqualTo(8_000_000);
        }
    }

    @Test
    void aProductThatDoesNotFitIsAGapAndNotAnotherNumber() throws IOException {
        orin();
        Discovery found = discover();
        Sensor sensor = found.sensors().getFirst();
        Files.writeString(root.resolve("sys/class/hwmon/hwmon0/in2_input"), Long.MAX_VALUE + "\n");

        assertThat(read(sensor).failure(index(sensor, "hwmon:1-0040/in2-curr2")))
                .contains("63 bits");
    }

    @Test
    void aReadMakesNoGarbage() throws IOException {
        orin();
        Sensor sensor = discover().sensors().getFirst();
        Reading reading = new Reading(sensor.channels().size());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            sensor.read(reading);
        }

        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            sensor.read(reading);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;

        assertThat(bytes / 20_000.0).isLessThan(1);
    }
}
