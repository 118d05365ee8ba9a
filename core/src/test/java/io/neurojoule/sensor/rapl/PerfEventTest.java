package io.neurojoule.sensor.rapl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Trees made from the kernel's ABI/testing/sysfs-bus-event_source-devices and arch/x86/events/rapl.c.
class PerfEventTest {
    @TempDir
    Path sysfs;

    private Path file(String path, String text) throws IOException {
        Path file = sysfs.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text + "\n");
    }

    private void cpu(int cpu, int socket, int die) throws IOException {
        String topology = "devices/system/cpu/cpu" + cpu + "/topology/";
        file(topology + "physical_package_id", String.valueOf(socket));
        file(topology + "die_id", String.valueOf(die));
    }

    private void pmu(String cpumask) throws IOException {
        String pmu = "bus/event_source/devices/power/";
        file(pmu + "type", "21");
        file(pmu + "cpumask", cpumask);
        event("energy-pkg", 2);
        event("energy-psys", 5);
    }

    private void event(String name, int config) throws IOException {
        String event = "bus/event_source/devices/power/events/" + name;
        file(event, "event=0x0" + config);
        file(event + ".scale", "2.3283064365386962890625e-10");
        file(event + ".unit", "Joules");
    }

    private static PerfEvent event(Map<String, PerfEvent> found, String id) {
        return Optional.ofNullable(found.get(id)).orElseThrow();
    }

    private Map<String, PerfEvent> find() {
        return find("GenuineIntel");
    }

    private Map<String, PerfEvent> find(String vendor) {
        Processor processor = Processor.parse("vendor_id\t: " + vendor + "\n");
        return PerfEvent.find(sysfs, processor, Zone.find(sysfs, processor, new HashMap<>()));
    }

    @Test
    void theCpuOfTheMaskDecidesThePackageAndPsysIsOpenedOnce() throws IOException {
        cpu(0, 1, 0);
        cpu(64, 0, 0);
        pmu("0,64");

        Map<String, PerfEvent> found = find();

        assertThat(found).containsOnlyKeys("rapl:package-0", "rapl:package-1", "rapl:psys");
        assertThat(found.get("rapl:package-0")).extracting(PerfEvent::cpu).isEqualTo(64);
        assertThat(found.get("rapl:psys")).extracting(PerfEvent::config).isEqualTo(5L);
        assertThat(event(found, "rapl:package-0").scale()).isCloseTo(0x1p-32, within(1e-24));
    }

    @Test
    void twoDiesInOnePackageAreTwoDomains() throws IOException {
        cpu(0, 0, 0);
        cpu(1, 0, 1);
        pmu("0-1");

        assertThat(find()).containsOnlyKeys("rapl:package-0-die-0", "rapl:package-0-die-1", "rapl:psys");
    }

    @Test
    void amdsRegisterCountsThePackageThoughTheKernelListsEachDie() throws IOException {
        cpu(0, 0, 0);
        cpu(1, 0, 1);
        pmu("0-1");
        file("class/powercap/intel-rapl:0/name", "package-0-die-0");
        file("class/powercap/intel-rapl:1/name", "package-0-die-1");

        assertThat(find("AuthenticAMD")).containsOnlyKeys("rapl:package-0", "rapl:psys");
    }

    @Test
    void aKernelThatCountsWholePackagesIsBelievedThoughTheyHaveDies() throws IOException {
        cpu(0, 0, 0);
        cpu(1, 0, 1);
        pmu("0");

        assertThat(find()).containsOnlyKeys("rapl:package-0", "rapl:psys");
    }

    @Test
    void zoneNamesSayWhetherDiesAreCountedWhereCpusDoNotShowThem() throws IOException {
        cpu(0, 0, 0);
        pmu("0");
        file("class/powercap/intel-rapl:0/name", "package-0-die-0");

        assertThat(find()).containsOnlyKeys("rapl:package-0-die-0", "rapl:psys");
    }

    @Test
    void aMaskIsAListOfStretches() {
        assertThat(PerfEvent.cpus("0-2,8")).containsExactly(0, 1, 2, 8);
    }

    @Test
    void aTreeWithoutThePmuHasNoEvents() {
        assertThat(find()).isEmpty();
    }
}
