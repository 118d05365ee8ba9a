package io.neurojoule.sensor.xrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XrtSourceTest {
    private static final String EXAMINED = """
            {"schema_version": {"schema": "JSON"},
             "system": {"host": {"devices": [
               {"bdf": "0000:c1:00.1", "vbnv": "xilinx_u280_gen3x16_xdma_base_1", "is_ready": "true"},
               {"bdf": "0000:81:00.1", "vbnv": "xilinx_u55c_gen3x16_xdma_base_3", "is_ready": "true"}]}},
             "devices": [
               {"interface_type": "pcie", "device_id": "0000:81:00.1",
                "electrical": {"power_consumption_watts": "N/A"}}]}
            """;

    @TempDir
    Path root;

    private XrtTree tree = new XrtTree(Path.of(""));

    @BeforeEach
    void tree() {
        tree = new XrtTree(root.resolve("sys"));
    }

    private Discovery discover() {
        return new XrtSource().discover(tree.config());
    }

    private Discovery discover(Map<String, String> options) {
        return new XrtSource().discover(tree.config().withOptions(options));
    }

    private static Channel channel(Discovery found, String id) {
        return found.sensors().stream()
                .flatMap(sensor -> sensor.channels().stream())
                .filter(channel -> channel.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError(id));
    }

    private static double value(Sensor sensor, String id) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        List<String> ids = sensor.channels().stream().map(Channel::id).toList();
        return reading.raw(ids.indexOf(id))
                * sensor.channels().get(ids.indexOf(id)).scale();
    }

    @Test
    void thePowerOfTheCardComesFirstAndIsRenewedOnceASecond() throws IOException {
        tree.card("0000:c1:00.1", "xmc.u.12582912");

        Sensor sensor = discover().sensors().getFirst();
        Channel power = sensor.channels().getFirst();

        assertThat(sensor.id()).isEqualTo("xrt:0000:c1:00.1");
        assertThat(power.id()).isEqualTo("xrt:0000:c1:00.1/power");
        assertThat(power.component()).isEqualTo(Component.of(Kind.ACCELERATOR, "fpga-0000:c1:00.1"));
        assertThat(power.refresh()).isEqualTo(Duration.ofSeconds(1));
        assertThat(value(sensor, power.id())).isEqualTo(58.360411);
    }

    @Test
    void aLongerCacheOfTheDriverIsALongerRefresh() throws IOException {
        XrtTree.with(tree.card("0000:c1:00.1", "xmc.u.12582912"), "cache_expire_secs", 5);

        assertThat(channel(discover(), "xrt:0000:c1:00.1/power").refresh()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void theFabricIsVoltsTimesAmperesAndInsideTheCardAndItsSupplies() throws IOException {
        tree.card("0000:c1:00.1", "xmc.u.12582912");
        Discovery found = discover();
        Component card = channel(found, "xrt:0000:c1:00.1/power").component();
        Component supply = channel(found, "xrt:0000:c1:00.1/12v_pex").component();
        Component fabric = channel(found, "xrt:0000:c1:00.1/vccint").component();

        assertThat(value(found.sensors().getFirst(), "xrt:0000:c1:00.1/vccint")).isCloseTo(17.85, within(1e-12));
        assertThat(channel(found, "xrt:0000:c1:00.1/vccint_curr").quantity()).isEqualTo(Quantity.CURRENT);
        assertThat(card.contains(fabric)).isTrue();
        assertThat(card.contains(supply)).isTrue();
        assertThat(supply.contains(fabric)).isTrue();
        assertThat(supply.overlaps(channel(found, "xrt:0000:c1:00.1/12v_aux").component()))
                .isFalse();
    }

    @Test
    void aDriverTooOldToTellThePowerTellsItsSupplies() throws IOException {
        Files.delete(tree.card("0000:c1:00.1", "xmc.u.12582912").resolve("xmc_power"));

        Sensor sensor = discover().sensors().getFirst();

        long microwatts = 12_100L * 2_650 + 12_150L * 1_900 + 3_300L * 900;
        assertThat(value(sensor, "xrt:0000:c1:00.1/power")).isEqualTo(microwatts * 1e-6);
    }

    @Test
    void aCardThatGivesZeroHasGivenNothing() throws IOException {
        XrtTree.with(tree.card("0000:c1:00.1", "xmc.u.12582912"), "xmc_power", 0);
        Sensor sensor = discover().sensors().getFirst();
        Reading reading = new Reading(sensor.channels().size());

        sensor.read(reading);

        assertThat(reading.isSet(0)).isFalse();
        assertThat(reading.isSet(1)).isTrue();
    }

    @Test
    void twoFunctionsOfACardAreOneCardReadThroughTheUsersFunction() throws IOException {
        XrtTree.with(tree.card("0000:c1:00.0", "xmc.m.12582912"), "xmc_power", 1_000_000);
        tree.card("0000:c1:00.1", "xmc.u.12582912");

        Discovery found = discover();

        assertThat(found.sensors()).hasSize(1);
        assertThat(value(found.sensors().getFirst(), "xrt:0000:c1:00.1/power")).isEqualTo(58.360411);
    }

    @Test
    void theCardThatTheUserNamesIsTheAcceleratorAndTheOthersAreRecorded() throws IOException {
        tree.card("0000:81:00.1", "xmc.u.12582912");
        tree.card("0000:c1:00.1", "xmc.u.13631488");

        Discovery found = discover(Map.of("bdf", "c1:00.1"));

        assertThat(channel(found, "xrt:0000:c1:00.1/power").component().kind()).isEqualTo(Kind.ACCELERATOR);
        assertThat(channel(found, "xrt:0000:81:00.1/power").component().kind()).isEqualTo(Kind.BOARD);
        assertThat(found.missing()).isEmpty();
    }

    @Test
    void aCardThatIsNotHereIsToldWithThoseThatAre() throws IOException {
        tree.card("0000:c1:00.1", "xmc.u.12582912");

        Missing missing = discover(Map.of("bdf", "0000:99:00.1")).missing().getFirst();

        assertThat(missing.code()).isEqualTo("xrt-card-absent");
        assertThat(missing.why()).contains("0000:c1:00.1");
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        assertThatThrownBy(() -> discover(Map.of("bdf", "card 1")))
                .isInstanceOf(SettingsException.class)
                .hasMessage("xrt: bdf must be a PCI address such as 0000:c1:00.1: 'card 1'");
    }

    @Test
    void theFileOfTheExaminationNamesTheCardsAndNothingElse() throws IOException {
        tree.card("0000:81:00.1", "xmc.u.12582912");
        Path file = Files.writeString(root.resolve("examine.json"), EXAMINED);

        Sensor sensor = discover(Map.of("examine", file.toString())).sensors().getFirst();

        assertThat(sensor.via()).isEqualTo("xmc (xilinx_u55c_gen3x16_xdma_base_3)");
        assertThat(value(sensor, "xrt:0000:81:00.1/power")).isEqualTo(58.360411);
    }

    @Test
    void withoutAnExaminationTheCardIsCalledAsItCallsItself() throws IOException {
        XrtTree.with(tree.card("0000:81:00.1", "xmc.u.12582912"), "bd_name", "ALVEO U280 PQ");

        assertThat(discover().sensors().getFirst().via()).isEqualTo("xmc (ALVEO U280 PQ)");
    }

    @Test
    void aFileThatIsNoExaminationIsRefusedWithTheCommandThatMakesOne() throws IOException {
        Path file = Files.writeString(root.resolve("examine.json"), "Devices present");

        assertThatThrownBy(() -> discover(Map.of("examine", file.toString())))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("xrt-smi examine --format JSON");
    }

    private Path tool(String script) throws IOException {
        Path tool = Files.writeString(root.resolve("xrt-smi"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
        return tool;
    }

    @Test
    void theToolIsAskedForAFileOfJson() throws IOException {
        Path answer = Files.writeString(root.resolve("answer.json"), EXAMINED);

        Examination examination = Examination.ask(
                tool("[ \"$1 $2 $3 $4\" = 'examine --format JSON --output' ] && cp " + answer + " \"$5\"\n"));

        assertThat(examination.name("0000:c1:00.0")).contains("xilinx_u280_gen3x16_xdma_base_1");
    }

    @Test
    void aToolThatFailsLeavesTheCardsWithoutAName() throws IOException {
        assertThat(Examination.ask(tool("exit 1\n")).names()).isEmpty();
        assertThat(Examination.ask(tool("echo nonsense > \"$5\"\n")).names()).isEmpty();
        assertThat(Examination.ask(root.resolve("not-there")).names()).isEmpty();
    }
}
