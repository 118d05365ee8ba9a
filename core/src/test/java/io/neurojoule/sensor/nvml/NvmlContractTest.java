package io.neurojoule.sensor.nvml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.sensor.hwmon.HwmonSource;
import io.neurojoule.sensor.nvml.FakeNvml.Made;
import io.neurojoule.time.ClockPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Boards made up from nvml.h 12.6.
class NvmlContractTest extends PowerSourceContract {
    private static final String A100 = "nvml:0000:41:00.0";

    private final FakeNvml nvml = FakeNvml.of(new Made());

    @Override
    protected PowerSource source() {
        return nvml.source();
    }

    @Override
    protected SourceConfig present() {
        return SourceConfig.thisMachine();
    }

    private static Discovery discover(FakeNvml nvml) {
        return nvml.source().discover(SourceConfig.thisMachine());
    }

    private static Sensor only(Made board) {
        return discover(FakeNvml.of(board)).sensors().getFirst();
    }

    private static Channel channel(Sensor sensor, String part) {
        return sensor.channels().get(index(sensor, part));
    }

    private static int index(Sensor sensor, String part) {
        return parts(sensor).indexOf(part);
    }

    private static List<String> parts(Sensor sensor) {
        return sensor.channels().stream()
                .map(channel -> channel.id().substring(channel.id().indexOf('/') + 1))
                .toList();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    private static Made capable(int capability) {
        Made board = new Made();
        board.capability = capability;
        return board;
    }

    @Test
    void valuesAreRecordedAsTheDriverGaveThem() throws IOException {
        Sensor sensor = only(new Made());

        Reading reading = read(sensor);

        assertThat(sensor.id()).isEqualTo(A100);
        assertThat(sensor.via())
                .isEqualTo("nvml 580.65.06, NVIDIA A100-SXM4-40GB, GPU-1ab0c0de-0000-4000-8000-000000000000");
        assertThat(channel(sensor, "energy").id()).isEqualTo(A100 + "/energy");
        assertThat(reading.raw(index(sensor, "energy"))).isEqualTo(5_000_000_000_000L);
        assertThat(channel(sensor, "energy").scale()).isEqualTo(1e-3);
        assertThat(reading.raw(index(sensor, "power"))).isEqualTo(250_000);
        assertThat(reading.raw(index(sensor, "power-instant"))).isEqualTo(250_000);
        assertThat(reading.raw(index(sensor, "temperature"))).isEqualTo(61);
        assertThat(reading.raw(index(sensor, "sm-clock"))).isEqualTo(1410);
        assertThat(channel(sensor, "sm-clock").scale()).isEqualTo(1e6);
        assertThat(reading.raw(index(sensor, "memory-clock"))).isEqualTo(1215);
        assertThat(reading.raw(index(sensor, "utilisation"))).isEqualTo(97);
        assertThat(reading.raw(index(sensor, "throttle-reasons"))).isEqualTo(4);
        assertThat(channel(sensor, "throttle-reasons").quantity()).isEqualTo(Quantity.FLAGS);
    }

    @Test
    void whatPacesTheSensorAndWhatAJumpIsToldBy() {
        Channel energy = only(new Made()).channels().getFirst();

        assertThat(energy.quantity()).isEqualTo(Quantity.ENERGY);
        assertThat(energy.basis()).isEqualTo(Basis.MEASURED);
        assertThat(energy.refresh()).isEqualTo(Duration.ofMillis(100));
        assertThat(energy.wrapsAt()).isZero();
        assertThat(energy.maxWatts()).hasValue(400);
        assertThat(energy.component().kind()).isEqualTo(Component.Kind.ACCELERATOR);
        assertThat(energy.component().id()).isEqualTo("gpu-0000:41:00.0");
    }

    @Test
    void whatLooksAtAPartOfTheTimeSaysSoAndAnH200sCounterHowFarItWasOff() {
        for (int partTime : new int[] {80, 90}) {
            assertThat(only(capable(partTime)).channels())
                    .filteredOn(
                            channel -> channel.quantity() == Quantity.POWER || channel.quantity() == Quantity.ENERGY)
                    .isNotEmpty()
                    .allSatisfy(channel -> assertThat(channel.seenShare()).hasValue(0.25));
        }
        for (int other : new int[] {70, 86, 89, 120}) {
            assertThat(only(capable(other)).channels())
                    .allSatisfy(channel -> assertThat(channel.seenShare()).isEmpty());
        }
        Made h200 = capable(90);
        h200.name = "NVIDIA H200";
        assertThat(channel(only(h200), "energy").seenShare()).isEmpty();
        assertThat(channel(only(h200), "energy").accuracy()).hasValue(0.06);
        assertThat(channel(only(h200), "power-instant").seenShare()).hasValue(0.25);
        h200.name = "NVIDIA GH200 480GB";
        assertThat(channel(only(h200), "energy").seenShare()).hasValue(0.25);
    }

    @Test
    void powerUsageIsAMeanOfASecondOnAmpereAndNewerButNotOnGa100() {
        for (int older : new int[] {35, 37, 52, 60, 70, 75, 80}) {
            assertThat(channel(only(capable(older)), "power").averagedOver())
                    .as("compute capability %d", older)
                    .isZero();
        }
        for (int newer : new int[] {86, 87, 89, 90, 100, 120}) {
            assertThat(channel(only(capable(newer)), "power").averagedOver())
                    .as("compute capability %d", newer)
                    .isEqualTo(Duration.ofSeconds(1));
        }
        assertThat(channel(only(new Made().refusing("computeCapability", 999)), "power")
                        .averagedOver())
                .isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void fieldsSayThemselvesWhetherTheyAreAMean() {
        Sensor sensor = only(capable(90));

        assertThat(channel(sensor, "power-average").averagedOver()).isEqualTo(Duration.ofSeconds(1));
        assertThat(channel(sensor, "power-instant").averagedOver()).isZero();
    }

    @Test
    void anAccuracyIsStatedOnlyWhereNvidiaStatesOne() {
        assertThat(channel(only(capable(37)), "power").accuracy()).hasValue(0.05);
        assertThat(channel(only(capable(70)), "power").accuracy()).isEmpty();
        assertThat(channel(only(capable(70)), "energy").accuracy()).isEmpty();
    }

    @Test
    void whatIsRefusedAtDiscoveryIsLeftOut() {
        Sensor sensor = only(new Made()
                .refusing("field:185:0", Nvml.NOT_SUPPORTED)
                .refusing("utilisation", Nvml.NOT_SUPPORTED)
                .refusing("clock", 999));

        assertThat(parts(sensor))
                .containsExactlyInAnyOrder("energy", "power", "power-instant", "temperature", "throttle-reasons");
    }

    @Test
    void anOldDriverWithoutTheLaterFunctionsStillGivesPower() throws IOException {
        FakeNvml old = FakeNvml.of(new Made());
        old.lacks.addAll(List.of(
                "energy",
                "fields",
                "powerLimit",
                "computeCapability",
                "migMode",
                "c2cMode",
                "temperature",
                "clock",
                "utilisation",
                "clocksEventReasons"));

        Discovery found = discover(old);

        Sensor sensor = found.sensors().getFirst();
        assertThat(parts(sensor)).containsExactly("power", "throttle-reasons");
        assertThat(read(sensor).raw(1)).isEqualTo(8);
        assertThat(channel(sensor, "power").maxWatts()).isEmpty();
        assertThat(found.missing()).extracting(Missing::code).containsExactly("nvml-unsupported");
    }

    @Test
    void aGpuWithoutACounterKeepsItsPowerAndSaysSo() {
        Discovery found = discover(FakeNvml.of(new Made().refusing("energy", Nvml.NOT_SUPPORTED)));

        assertThat(parts(found.sensors().getFirst())).contains("power").doesNotContain("energy");
        Missing missing = found.missing().getFirst();
        assertThat(missing.code()).isEqualTo("nvml-unsupported");
        assertThat(missing.what()).isEqualTo(A100 + "/energy");
        assertThat(missing.channel()).as("its energy is not lost: it has power").isEmpty();
    }

    @Test
    void aGpuThatTellsNeitherHasNoSensorAndItsEnergyIsLost() {
        Discovery found = discover(FakeNvml.of(new Made()
                .refusing("energy", Nvml.NOT_SUPPORTED)
                .refusing("power", Nvml.NO_PERMISSION)
                .refusing("fields", Nvml.NOT_SUPPORTED)));

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing()).extracting(Missing::code).containsExactly("nvml-unsupported", "nvml-permission");
        assertThat(found.missing().get(1).state()).isEqualTo(State.NOT_PERMITTED);
        assertThat(found.missing())
                .allSatisfy(missing -> assertThat(missing.channel()).isPresent());
    }

    @Test
    void aModuleContainsItsGpuSoThatBothAreNeverAdded() throws IOException {
        Made superchip = capable(90);
        superchip.onModule = true;
        superchip.busId = "00000009:01:00.0";
        Sensor sensor = only(superchip);

        Component gpu = channel(sensor, "energy").component();
        Component module = channel(sensor, "module-power").component();

        assertThat(gpu.id()).isEqualTo("gpu-0009:01:00.0");
        assertThat(module.contains(gpu)).isTrue();
        assertThat(module.overlaps(gpu)).isTrue();
        assertThat(gpu.contains(module)).isFalse();
        Reading reading = read(sensor);
        assertThat(reading.raw(index(sensor, "module-power"))).isEqualTo(550_000);
        assertThat(reading.raw(index(sensor, "power-instant"))).isEqualTo(250_000);
        assertThat(channel(sensor, "module-power").maxWatts())
                .as("the limit is the GPU's")
                .isEmpty();
    }

    @Test
    void aModuleWithoutAnInstantaneousValueGivesItsMean() {
        Made superchip = capable(90).refusing("field:186:1", Nvml.NOT_SUPPORTED);
        superchip.onModule = true;

        assertThat(channel(only(superchip), "module-power").averagedOver()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void aModuleIsNamedAfterTheSocketOfItsCpu() throws IOException {
        write("bus/pci/devices/0019:01:00.0/numa_node", "1\n");
        write("devices/system/node/node1/cpulist", "72-143\n");
        write("devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
        write("devices/system/cpu/cpu72/topology/physical_package_id", "1\n");
        write("bus/pci/devices/0029:01:00.0/numa_node", "-1\n");

        assertThat(Modules.of(root, "0019:01:00.0")).isEqualTo("module-1");
        assertThat(Modules.of(root, "0029:01:00.0")).isEqualTo("module-0029:01:00.0");
    }

    @Test
    void numbersOfSocketsThatAreNotCountedFromZeroAreNotBelieved() throws IOException {
        write("bus/pci/devices/0019:01:00.0/numa_node", "1\n");
        write("devices/system/node/node1/cpulist", "72-143\n");
        write("devices/system/cpu/cpu0/topology/physical_package_id", "36\n");
        write("devices/system/cpu/cpu72/topology/physical_package_id", "3180\n");

        assertThat(Modules.of(root, "0019:01:00.0")).isEqualTo("module-0019:01:00.0");
    }

    @Test
    void theModuleThatHwmonReadsIsTheSame() throws IOException {
        write("devices/system/cpu/cpu0/topology/physical_package_id", "36\n");
        write("class/hwmon/hwmon0/name", "power_meter\n");
        write("class/hwmon/hwmon0/power1_average", "400000000\n");
        write("class/hwmon/hwmon0/power1_oem_info", "Module Power Socket 0\n");
        SourceConfig config = new SourceConfig(root, root.resolve("proc"));

        Component hwmon = new HwmonSource()
                .discover(config)
                .sensors()
                .getFirst()
                .channels()
                .getFirst()
                .component();

        assertThat(Modules.component(root, "0009:01:00.0")).isEqualTo(hwmon);
    }

    @Test
    void aModuleWhoseSocketIsNotKnownIsAddedToNoneThatAnotherSourceNames() {
        Component module = Modules.component(root, "0029:01:00.0");

        for (int socket = 0; socket < 4; socket++) {
            assertThat(module.overlaps(Component.of(Component.Kind.BOARD, "module-" + socket)))
                    .isTrue();
        }
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.resolveSibling("."));
        Files.writeString(path, text);
    }

    @Test
    void aBoardOfItsOwnHasNoModule() {
        Sensor sensor = only(capable(90));

        assertThat(parts(sensor)).doesNotContain("module-power");
        assertThat(channel(sensor, "energy").component().within()).isEmpty();
    }

    @Test
    void aGpuSplitByMigIsRefusedAndItsEnergyIsLost() {
        Made split = new Made();
        split.split = true;
        Made whole = new Made();
        whole.busId = "00000000:61:00.0";

        Discovery found = discover(FakeNvml.of(split, whole));

        assertThat(found.sensors()).extracting(Sensor::id).containsExactly("nvml:0000:61:00.0");
        Missing missing = found.missing().getFirst();
        assertThat(missing.code()).isEqualTo("nvml-mig");
        assertThat(missing.why()).contains("all of them together");
        assertThat(missing.channel().orElseThrow().id()).isEqualTo(A100 + "/energy");
    }

    @Test
    void aFieldBringsItsOwnTime() throws IOException {
        Made board = new Made();
        Sensor sensor = only(board);
        ClockPair then = ClockPair.now();
        board.stampMicros = ChronoUnit.MICROS.between(Instant.EPOCH, then.wall()) - 30_000;

        Reading reading = read(sensor);

        int i = index(sensor, "power-instant");
        assertThat(reading.isStamped(i)).isTrue();
        assertThat(then.nanos() - reading.sourceNanos(i)).isBetween(25_000_000L, 35_000_000L);
        assertThat(reading.isStamped(index(sensor, "energy"))).isFalse();
        board.stampMicros = 0;
        assertThat(read(sensor).isStamped(i)).as("0 means none").isFalse();
    }

    @Test
    void aFailureIsAGapOfThatChannelOnly() throws IOException {
        Made board = new Made();
        Sensor sensor = only(board);
        board.refusing("power", 999).refusing("field:186:0", 10);

        Reading reading = read(sensor);

        assertThat(reading.isSet(index(sensor, "energy"))).isTrue();
        assertThat(reading.isSet(index(sensor, "power-average"))).isTrue();
        assertThat(reading.failure(index(sensor, "power"))).isEqualTo("made-up error 999 (NVML error 999)");
        assertThat(reading.failure(index(sensor, "power-instant"))).contains("error 10");
        board.results.clear();
        assertThat(read(sensor).isSet(index(sensor, "power")))
                .as("it comes back")
                .isTrue();
    }

    @Test
    void zeroIsNoReadingOfAGpuThatRuns() throws IOException {
        Made board = new Made();
        Sensor sensor = only(board);
        board.powerMilliwatts = 0;
        board.energyMillijoules = 0;

        Reading reading = read(sensor);

        for (String part : List.of("energy", "power", "power-instant")) {
            assertThat(reading.failure(index(sensor, part))).as(part).contains("says 0");
        }
        assertThat(reading.raw(index(sensor, "temperature"))).isEqualTo(61);
    }

    @Test
    void aGpuThatIsLostWhileMeasuringIsGone() {
        Made board = new Made();
        Sensor sensor = only(board);

        board.refusing("all", Nvml.GPU_IS_LOST);

        assertThatThrownBy(() -> read(sensor))
                .isInstanceOf(SensorGoneException.class)
                .hasMessageContaining(A100);
    }

    @Test
    void aGpuThatIsLostFromTheStartIsToldAndTheOthersWork() {
        Made other = new Made();
        other.busId = "00000000:61:00.0";
        Made later = new Made().refusing("field:186:0", Nvml.GPU_IS_LOST);
        FakeNvml three = FakeNvml.of(new Made().refusing("handle", Nvml.GPU_IS_LOST), other, later);

        Discovery found = discover(three);

        assertThat(found.sensors()).extracting(Sensor::id).containsExactly("nvml:0000:61:00.0");
        assertThat(found.missing()).extracting(Missing::code).containsExactly("nvml-lost", "nvml-lost");
        assertThat(found.missing()).extracting(Missing::state).containsOnly(State.BROKEN);
        assertThat(found.missing().get(1).channel().orElseThrow().id()).isEqualTo(A100 + "/energy");
        assertThat(three.users).as("one sensor holds the library").isEqualTo(1);
    }

    @Test
    void aGpuThatIsNotForThisUserIsNotPermitted() {
        Missing missing = discover(FakeNvml.of(new Made().refusing("handle", Nvml.NO_PERMISSION)))
                .missing()
                .getFirst();

        assertThat(missing.code()).isEqualTo("nvml-permission");
        assertThat(missing.state()).isEqualTo(State.NOT_PERMITTED);
        assertThat(missing.admin()).isNotEmpty();
    }

    @Test
    void whyTheDriverDoesNotAnswerIsToldApart() {
        Map<Integer, String> codes = Map.of(
                Nvml.DRIVER_NOT_LOADED,
                "nvml-driver",
                Nvml.VERSION_MISMATCH,
                "nvml-driver",
                Nvml.NO_PERMISSION,
                "nvml-permission",
                Nvml.LIBRARY_NOT_FOUND,
                "nvml-absent",
                999,
                "nvml-unreadable");
        codes.forEach((result, code) -> {
            FakeNvml broken = FakeNvml.of(new Made());
            broken.initResult = result;

            Discovery found = discover(broken);

            assertThat(found.sensors()).isEmpty();
            assertThat(found.missing()).extracting(Missing::code).containsExactly(code);
            assertThat(broken.users)
                    .as("nothing is shut down that did not start")
                    .isZero();
        });
    }

    @Test
    void aDriverWithoutAGpuIsAbsent() {
        assertThat(discover(FakeNvml.of()).missing()).extracting(Missing::code).containsExactly("nvml-absent");
    }

    @Test
    void withoutTheLibraryTheHintNamesTheDriverAndTheContainerToolkit() {
        Missing missing = Refusals.noLibrary("none of [libnvidia-ml.so.1] is installed");

        assertThat(missing.code()).isEqualTo("nvml-absent");
        assertThat(missing.hint()).contains("driver").contains("--gpus all").contains("LD_LIBRARY_PATH");
    }

    @Test
    void theLibraryIsLeftWhenTheLastSensorIsClosed() throws IOException {
        Discovery found = source().discover(present());
        assertThat(nvml.users).isEqualTo(1);

        found.sensors().getFirst().close();
        found.sensors().getFirst().close();

        assertThat(nvml.users).isZero();
        assertThatThrownBy(() -> read(found.sensors().getFirst())).isInstanceOf(IOException.class);
    }

    @Test
    void aSettingThatItDoesNotHaveIsSaid() {
        assertThatThrownBy(() -> source().discover(present().withOptions(Map.of("gpu", "0"))))
                .isInstanceOf(SettingsException.class);
    }

    @Test
    void anIndexOrAUuidNamesTheGpuWithThatBusId() {
        Made second = new Made();
        second.busId = "00010000:C1:00.0";
        second.uuid = "GPU-1ab1c0de-0000-4000-8000-000000000001";
        List<Gpu> gpus = FakeNvml.of(new Made(), second).source().gpus();

        assertThat(Gpu.resolve("nvml:gpu1", gpus)).hasValue("nvml:10000:c1:00.0");
        assertThat(Gpu.resolve("nvml:gpu0/energy", gpus)).hasValue(A100 + "/energy");
        assertThat(Gpu.resolve("nvml:GPU-1AB1/power", gpus)).hasValue("nvml:10000:c1:00.0/power");
        assertThat(Gpu.resolve("nvml:GPU-1ab", gpus)).as("of two").isEmpty();
        assertThat(Gpu.resolve("nvml:gpu2", gpus)).isEmpty();
        assertThat(Gpu.resolve("nvml:*/energy", gpus)).hasValue("nvml:*/energy");
        assertThat(Gpu.resolve("rapl:package-0", gpus)).hasValue("rapl:package-0");
    }
}
