package io.neurojoule.sensor.rapl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Trees as the kernel's powercap.rst describes them.
class RaplSourceTest {
    @TempDir
    Path root;

    private Path powercap;

    @BeforeEach
    void tree() throws IOException {
        powercap = Files.createDirectories(root.resolve("sys/class/powercap"));
        cpuinfo("vendor_id : GenuineIntel");
    }

    private void cpuinfo(String text) throws IOException {
        Files.createDirectories(root.resolve("proc"));
        Files.writeString(root.resolve("proc/cpuinfo"), text + "\n");
    }

    private Path zone(String directory, String name, String energy) throws IOException {
        Path zone = Files.createDirectories(powercap.resolve(directory));
        Files.writeString(zone.resolve("name"), name + "\n");
        Files.writeString(zone.resolve("energy_uj"), energy);
        Files.writeString(zone.resolve("max_energy_range_uj"), "262143328850\n");
        return zone;
    }

    private Discovery discover() {
        return new RaplSource().discover(new SourceConfig(root.resolve("sys"), root.resolve("proc")));
    }

    private static List<String> ids(Discovery discovery) {
        return discovery.sensors().stream().map(Sensor::id).sorted().toList();
    }

    private static long read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading.raw(0);
    }

    @Test
    void zonesAreKnownByTheirNameAndNotByTheirIndex() throws IOException {
        zone("intel-rapl:0", "package-1", "1000000\n");
        zone("intel-rapl:0:0", "dram", "1100000\n");
        zone("intel-rapl:1", "psys", "2000000\n");
        zone("intel-rapl:2", "package-0", "3000000\n");
        zone("intel-rapl:2:0", "dram", "3100000\n");

        Discovery found = discover();

        assertThat(ids(found))
                .containsExactly("rapl:dram-0", "rapl:dram-1", "rapl:package-0", "rapl:package-1", "rapl:psys");
        for (Sensor sensor : found.sensors()) {
            if (sensor.id().equals("rapl:package-0")) {
                assertThat(read(sensor)).isEqualTo(3_000_000);
            }
        }
    }

    @Test
    void theSecondControlTypeThatRepeatsPackageZeroIsLeftOut() throws IOException {
        zone("intel-rapl:0", "package-0", "1\n");
        zone("intel-rapl-mmio:0", "package-0", "1\n");

        assertThat(ids(discover())).containsExactly("rapl:package-0");
    }

    @Test
    void platformContainsPackagesAndPackagesContainTheirCores() throws IOException {
        zone("intel-rapl:0", "package-0", "1\n");
        zone("intel-rapl:0:0", "core", "1\n");
        zone("intel-rapl:1", "psys", "1\n");

        Component platform = component("rapl:psys");
        Component cpu = component("rapl:package-0");

        assertThat(platform.contains(cpu)).isTrue();
        assertThat(cpu.contains(component("rapl:core-0"))).isTrue();
        assertThat(cpu.contains(platform)).isFalse();
    }

    private Component component(String id) {
        return discover().sensors().stream()
                .filter(sensor -> sensor.id().equals(id))
                .findFirst()
                .orElseThrow()
                .channels()
                .getFirst()
                .component();
    }

    @Test
    void theStatedMaximumPowerIsTheLargestConstraint() throws IOException {
        Path zone = zone("intel-rapl:0", "package-0", "1\n");
        Files.writeString(zone.resolve("constraint_0_max_power_uw"), "205000000\n");
        Files.writeString(zone.resolve("constraint_1_max_power_uw"), "246000000\n");

        Channel channel = discover().sensors().getFirst().channels().getFirst();

        assertThat(channel.maxWatts()).hasValue(246);
        assertThat(channel.wrapsAt()).isEqualTo(262_143_328_850L);
    }

    @Test
    void diesOfAPackageKeepTheirNames() throws IOException {
        zone("intel-rapl:0", "package-0-die-1", "1\n");
        zone("intel-rapl:0:0", "dram", "1\n");

        assertThat(ids(discover())).containsExactly("rapl:dram-0-die-1", "rapl:package-0-die-1");
    }

    @Test
    void theCoreZoneOfAmdIsLeftOutSinceItCountsOneCore() throws IOException {
        cpuinfo("vendor_id : AuthenticAMD");
        zone("intel-rapl:0", "package-0", "1\n");
        zone("intel-rapl:0:0", "core", "1\n");

        Discovery found = discover();

        assertThat(ids(found)).containsExactly("rapl:package-0");
        assertThat(found.missing()).extracting(Discovery.Missing::code).containsExactly("rapl-core-lead-only");
    }

    @Test
    void contentThatIsNoNumberIsAFailedReadAndNotZero() throws IOException {
        Path zone = zone("intel-rapl:0", "package-0", "12x4\n");
        Sensor sensor = discover().sensors().getFirst();

        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class).hasMessageContaining("number");
        Files.writeString(zone.resolve("energy_uj"), "");
        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class).hasMessageContaining("empty");
    }

    @Test
    void aMachineWithoutZonesSaysWhy() throws IOException {
        cpuinfo("flags : fpu hypervisor");

        Discovery found = discover();

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing()).hasSize(1);
        assertThat(found.missing().getFirst().code()).isEqualTo("rapl-absent");
        assertThat(found.missing().getFirst().why()).contains("virtual machine");
    }
}
