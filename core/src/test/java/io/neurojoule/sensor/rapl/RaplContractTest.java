package io.neurojoule.sensor.rapl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Trees made from the kernel's power/powercap/powercap.rst and ABI/testing/sysfs-class-powercap, with the ranges that
/// Intel (2^-14 J) and AMD (2^-16 J) processors give.
class RaplContractTest extends PowerSourceContract {
    private static final long INTEL = 262_143_328_850L;
    private static final long DRAM = 65_712_999_613L;
    private static final long AMD = 65_532_610_987L;

    @Override
    protected PowerSource source() {
        return new RaplSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        return intel2s();
    }

    private SourceConfig config(String vendor) throws IOException {
        Files.createDirectories(root.resolve("proc"));
        Files.writeString(root.resolve("proc/cpuinfo"), "vendor_id\t: " + vendor + "\nflags\t\t: fpu vme\n");
        Files.createDirectories(root.resolve("sys/class/powercap"));
        return new SourceConfig(root.resolve("sys"), root.resolve("proc"));
    }

    /// Sub-zones inside their parents, as in the kernel's device tree.
    private Path zone(String path, String name, String energy, long range) throws IOException {
        Path zone = Files.createDirectories(root.resolve("sys/class/powercap").resolve(path));
        Files.writeString(zone.resolve("name"), name + "\n");
        Files.writeString(zone.resolve("energy_uj"), energy);
        Files.writeString(zone.resolve("max_energy_range_uj"), range + "\n");
        return zone;
    }

    private SourceConfig intel2s() throws IOException {
        for (int i = 0; i < 2; i++) {
            Path zone = zone("intel-rapl:" + i, "package-" + i, "10" + i + "\n", INTEL);
            Files.writeString(zone.resolve("constraint_0_power_limit_uw"), "205000000\n");
            Files.writeString(zone.resolve("constraint_0_max_power_uw"), "\n");
            Files.writeString(zone.resolve("constraint_1_power_limit_uw"), "246000000\n");
            zone("intel-rapl:%d/intel-rapl:%d:0".formatted(i, i), "dram", "20" + i + "\n", DRAM);
        }
        return config("GenuineIntel");
    }

    private static List<String> ids(Discovery found) {
        return found.sensors().stream().map(Sensor::id).sorted().toList();
    }

    private static Sensor sensor(Discovery found, String id) {
        return found.sensors().stream()
                .filter(sensor -> sensor.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static Channel channel(Discovery found, String id) {
        return sensor(found, id).channels().getFirst();
    }

    private static long read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading.raw(0);
    }

    @Test
    void twoPackagesHaveTheirOwnMemoryRangesAndLimits() throws IOException {
        Discovery found = source().discover(intel2s());

        assertThat(ids(found)).containsExactly("rapl:dram-0", "rapl:dram-1", "rapl:package-0", "rapl:package-1");
        assertThat(read(sensor(found, "rapl:dram-1"))).isEqualTo(201);
        assertThat(channel(found, "rapl:dram-0").wrapsAt()).isEqualTo(DRAM);
        assertThat(channel(found, "rapl:package-0").maxWatts()).hasValue(246);
        assertThat(channel(found, "rapl:dram-0").maxWatts()).hasValue(500);
        assertThat(sensor(found, "rapl:package-0").via()).isEqualTo("powercap");
    }

    @Test
    void memoryIsBesideItsPackageAndCoresAreInIt() throws IOException {
        zone("intel-rapl:0", "package-0", "1\n", INTEL);
        zone("intel-rapl:0/intel-rapl:0:0", "core", "1\n", INTEL);
        zone("intel-rapl:0/intel-rapl:0:1", "dram", "1\n", DRAM);
        Discovery found = source().discover(config("GenuineIntel"));

        Component cpu = channel(found, "rapl:package-0").component();

        assertThat(cpu.contains(channel(found, "rapl:core-0").component())).isTrue();
        assertThat(cpu.overlaps(channel(found, "rapl:dram-0").component())).isFalse();
    }

    @Test
    void onAmdTheCoreZoneIsLeftOutAndSaidSo() throws IOException {
        zone("intel-rapl:0", "package-0", "1\n", AMD);
        zone("intel-rapl:0/intel-rapl:0:0", "core", "1\n", AMD);
        zone("intel-rapl:1", "package-1", "1\n", AMD);

        Discovery found = source().discover(config("AuthenticAMD"));

        assertThat(ids(found)).containsExactly("rapl:package-0", "rapl:package-1");
        assertThat(found.missing()).extracting(Missing::code).containsExactly("rapl-core-lead-only");
    }

    @Test
    void coresThatAreAskedOfAnotherTreeAreToldAsMissing() throws IOException {
        zone("intel-rapl:0", "package-0", "1\n", AMD);

        Discovery found = source().discover(config("AuthenticAMD").withOptions(Map.of("cores", "true")));

        assertThat(ids(found)).containsExactly("rapl:package-0");
        assertThat(found.missing()).extracting(Missing::code).containsExactly("rapl-msr-absent");
    }

    @Test
    void amdsPackageIsCountedOnceThoughTheKernelListsItForEachDie() throws IOException {
        zone("intel-rapl:0", "package-0-die-0", "1\n", AMD);
        zone("intel-rapl:1", "package-0-die-1", "1\n", AMD);

        assertThat(ids(source().discover(config("AuthenticAMD")))).containsExactly("rapl:package-0");
    }

    @Test
    void linksThatLeadNowhereAreAContainersMask() throws IOException {
        Path zones = Files.createDirectories(root.resolve("sys/class/powercap"));
        Files.createDirectories(root.resolve("sys/devices/virtual/powercap"));
        for (String zone : List.of("intel-rapl", "intel-rapl:0")) {
            Files.createSymbolicLink(zones.resolve(zone), Path.of("../../devices/virtual/powercap/intel-rapl/" + zone));
        }

        Discovery found = source().discover(config("GenuineIntel"));

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing()).singleElement().satisfies(missing -> {
            assertThat(missing.code()).isEqualTo("rapl-masked");
            assertThat(missing.state()).isEqualTo(Discovery.State.NOT_PERMITTED);
            assertThat(missing.hint())
                    .contains("--security-opt systempaths=unconfined", "--cap-add PERFMON", "--sysfs");
        });
    }

    @Test
    void aLaptopsSecondControlTypeIsNotCountedTwice() throws IOException {
        zone("intel-rapl:0", "package-0", "1\n", INTEL);
        zone("intel-rapl:0/intel-rapl:0:0", "core", "2\n", INTEL);
        zone("intel-rapl:0/intel-rapl:0:1", "uncore", "3\n", INTEL);
        zone("intel-rapl:1", "psys", "4\n", INTEL);
        zone("intel-rapl-mmio:0", "package-0", "5\n", INTEL);

        Discovery found = source().discover(config("GenuineIntel"));

        assertThat(ids(found)).containsExactly("rapl:core-0", "rapl:package-0", "rapl:psys", "rapl:uncore-0");
        assertThat(read(sensor(found, "rapl:package-0"))).isEqualTo(1);
    }

    @Test
    void dieAndMemoryOfADieKeepTheDie() throws IOException {
        zone("intel-rapl:0", "package-0-die-0", "1\n", INTEL);
        zone("intel-rapl:1", "package-0-die-1", "2\n", INTEL);
        zone("intel-rapl:1/intel-rapl:1:0", "dram", "3\n", DRAM);

        assertThat(ids(source().discover(config("GenuineIntel"))))
                .containsExactly("rapl:dram-0-die-1", "rapl:package-0-die-0", "rapl:package-0-die-1");
    }

    @Test
    void thePackageIsTakenFromTheNameThoughPsysStandsBetween() throws IOException {
        zone("intel-rapl:0", "package-1", "11\n", INTEL);
        zone("intel-rapl:1", "psys", "99\n", INTEL);
        zone("intel-rapl:2", "package-0", "10\n", INTEL);
        zone("intel-rapl:2:0", "dram", "20\n", DRAM);

        Discovery found = source().discover(config("GenuineIntel"));

        assertThat(read(sensor(found, "rapl:package-0"))).isEqualTo(10);
        assertThat(read(sensor(found, "rapl:package-1"))).isEqualTo(11);
        assertThat(read(sensor(found, "rapl:dram-0"))).isEqualTo(20);
    }

    @Test
    void aCounterThatIsNotForUsNamesItsModeAndTheCommand() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root reads everything");
        SourceConfig config = intel2s();
        Path file = root.resolve("sys/class/powercap/intel-rapl:0/energy_uj");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));

        Missing missing = source().discover(config).missing().getFirst();

        assertThat(missing.code()).isEqualTo("rapl-permission");
        assertThat(missing.why()).contains("mode 0000");
        assertThat(missing.hint()).contains("sudo chmod a+r " + file).contains("CVE-2020-8694");
    }

    @Test
    void contentThatIsNotANumberIsAGapAndNeverZero() throws IOException {
        Discovery found = source().discover(intel2s());
        Sensor sensor = sensor(found, "rapl:package-0");
        Path file = root.resolve("sys/class/powercap/intel-rapl:0/energy_uj");

        for (String content : List.of("", "\n", "x", "12x\n", "-1\n", "99999999999999999999\n")) {
            Files.writeString(file, content);
            assertThatThrownBy(() -> read(sensor)).as("'%s'", content).isInstanceOf(IOException.class);
        }
        Files.writeString(file, "7\n");
        assertThat(read(sensor)).isEqualTo(7);
    }

    @Test
    void aZoneWithoutItsRangeIsUnreadableSinceAWrapCouldNotBeUndone() throws IOException {
        Path zone = zone("intel-rapl:0", "package-0", "1\n", INTEL);
        Files.writeString(zone.resolve("max_energy_range_uj"), "?\n");

        Discovery found = source().discover(config("GenuineIntel"));

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing()).extracting(Missing::code).containsExactly("rapl-unreadable");
    }

    @Test
    void aReadMakesNoGarbage() throws IOException {
        Sensor sensor = sensor(source().discover(intel2s()), "rapl:package-0");
        Reading reading = new Reading(1);
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
