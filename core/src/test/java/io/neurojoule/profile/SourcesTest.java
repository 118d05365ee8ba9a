package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Trees as the kernel's powercap.rst describes them.
class SourcesTest {
    @TempDir
    Path root;

    @BeforeEach
    void processor() throws IOException {
        Path proc = Files.createDirectories(root.resolve("proc"));
        Files.writeString(proc.resolve("stat"), "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n");
        Files.writeString(proc.resolve("cpuinfo"), "vendor_id : GenuineIntel\n");
    }

    private void zone(int index, String name, String energy) throws IOException {
        Path zone = Files.createDirectories(root.resolve("sys/class/powercap/intel-rapl:" + index));
        Files.writeString(zone.resolve("name"), name + "\n");
        if (!energy.isEmpty()) {
            Files.writeString(zone.resolve("energy_uj"), energy);
        }
        Files.writeString(zone.resolve("max_energy_range_uj"), "262143328850\n");
    }

    private Sources discover() throws IOException {
        return Sources.discover(new SourceConfig(root.resolve("sys"), root.resolve("proc")));
    }

    @Test
    void aPackageWhoseCounterCannotBeOpenedStaysAMemberOfTheBoundary() throws IOException {
        zone(0, "package-0", "1000000\n");
        zone(1, "package-1", "");

        try (Sources sources = discover()) {
            assertThat(sources.sensors()).extracting(Sensor::id).containsExactly("rapl:package-0");
            assertThat(sources.missing()).extracting(Discovery.Missing::code).contains("rapl-unreadable");
            assertThat(sources.compute()).containsExactly("rapl:package-0", "rapl:package-1");
        }
    }

    @Test
    void theEstimateStandsInOnlyWhereNoPackageIsMeasured() throws IOException {
        zone(0, "package-0", "");
        try (Sources sources = discover()) {
            assertThat(sources.compute()).containsExactly("estimate:cpu");
        }

        zone(0, "package-0", "1000000\n");
        try (Sources sources = discover()) {
            assertThat(sources.compute()).containsExactly("rapl:package-0");
        }
    }

    @Test
    void aTemperatureOfTheCpuIsNotItsEnergy() throws IOException {
        Path chip = Files.createDirectories(root.resolve("sys/class/hwmon/hwmon0"));
        Files.writeString(chip.resolve("name"), "coretemp\n");
        Files.writeString(chip.resolve("temp1_label"), "Package id 0\n");
        Files.writeString(chip.resolve("temp1_input"), "45000\n");

        try (Sources sources = discover()) {
            assertThat(sources.sensors()).extracting(Sensor::id).contains("hwmon:coretemp");
            assertThat(sources.compute()).containsExactly("estimate:cpu");
        }
    }

    private void cray(String prefix) throws IOException {
        Path directory = Files.createDirectories(root.resolve("sys/cray/pm_counters"));
        long micros = Instant.now().toEpochMilli() * 1000;
        Files.writeString(directory.resolve(prefix + "energy"), "2000 J %d us\n".formatted(micros));
        Files.writeString(directory.resolve(prefix + "power"), "200 W %d us\n".formatted(micros));
    }

    @Test
    void theSumOfAllPackagesIsNeverAddedToThePackages() throws IOException {
        zone(0, "package-0", "1000000\n");
        zone(1, "package-1", "1000000\n");
        cray("cpu_");
        cray("");

        try (Sources sources = discover()) {
            assertThat(sources.sensors())
                    .extracting(Sensor::id)
                    .contains("rapl:package-0", "rapl:package-1", "cray:cpu", "cray:node");
            assertThat(sources.compute()).containsExactly("cray:cpu/energy");
            assertThat(sources.best(Component.Kind.NODE)).containsExactly("cray:node/energy");
        }
    }

    @Test
    void thePackagesOfOneControllerAndThoseOfTheProcessorAreTheSame() throws IOException {
        zone(0, "package-0", "1000000\n");
        cray("cpu0_");

        try (Sources sources = discover()) {
            assertThat(sources.compute()).containsExactly("rapl:package-0");
        }
    }
}
