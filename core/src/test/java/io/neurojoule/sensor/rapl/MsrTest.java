package io.neurojoule.sensor.rapl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// A plain file in place of `/dev/cpu/0/msr`: eight bytes at the address of each register.
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64")
class MsrTest {
    @TempDir
    Path root;

    private static Registers registers(String vendor, int family, int model) {
        return Registers.of(new Processor(vendor, family, model, false)).orElseThrow();
    }

    private Msr msr() {
        return new Msr(LibC.bind().orElseThrow(), root.resolve("cpu"), root, registers("GenuineIntel", 6, 0x55), false);
    }

    private void cpu(Map<Integer, Long> values) throws IOException {
        Path topology = Files.createDirectories(root.resolve("devices/system/cpu/cpu0/topology"));
        Files.writeString(topology.resolve("physical_package_id"), "0\n");
        Path file = Files.createDirectories(root.resolve("cpu/0")).resolve("msr");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (Map.Entry<Integer, Long> value : values.entrySet()) {
                ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
                channel.write(bytes.putLong(value.getValue()).flip(), value.getKey());
            }
        }
    }

    @Test
    void aRegisterThatNeverCountedIsNoDomain() throws IOException {
        cpu(Map.of(0x606, 0xA0E03L, 0x611, 7L, 0x619, 9L, 0x64D, 0L));

        assertThat(msr().domains(id -> true)).containsOnlyKeys("rapl:package-0", "rapl:dram-0");
    }

    @Test
    void theLowHalfOfARegisterIsTheCounter() throws IOException {
        cpu(Map.of(0x606, 0xA0E03L, 0x611, 0xDEADL << 32 | 0xFFFF_FFFFL, 0x64D, 0L));

        try (Sensor sensor = Optional.ofNullable(msr().domains(id -> true).get("rapl:package-0"))
                .orElseThrow()) {
            Reading reading = new Reading(1);
            sensor.read(reading);

            assertThat(reading.raw(0)).isEqualTo(0xFFFF_FFFFL);
            assertThat(sensor.via()).isEqualTo("msr");
            assertThat(sensor.channels().getFirst().wrapsAt()).isEqualTo(1L << 32);
            assertThat(sensor.channels().getFirst().scale()).isEqualTo(0x1p-14);
        }
    }

    @Test
    void aMissingDeviceIsToldFromARegisterThatDoesNotExist() throws IOException {
        cpu(Map.of(0x606, 0xA0E03L));
        Files.delete(root.resolve("cpu/0/msr"));

        assertThatThrownBy(() -> msr().domains(id -> true))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.is(LibC.ENOENT)).isTrue());
    }

    @Test
    void someUnitsAreNotWhatTheUnitRegisterSays() {
        long unit = 0xA0E03L;
        Registers client = registers("GenuineIntel", 6, 0x9E);
        Registers haswellServer = registers("GenuineIntel", 6, 0x3F);
        Registers sapphireRapids = registers("GenuineIntel", 6, 0x8F);

        assertThat(client.scale("dram", unit)).isEqualTo(0x1p-14);
        assertThat(haswellServer.scale("dram", unit)).isEqualTo(0x1p-16);
        assertThat(haswellServer.scale("package", unit)).isEqualTo(0x1p-14);
        assertThat(sapphireRapids.scale("psys", unit)).isEqualTo(1);
        assertThat(registers("HygonGenuine", 0x18, 1).scale("package", 0xA1003L))
                .isEqualTo(0x1p-16);
    }

    @Test
    void modelsWhoseUnitsAreNotKnownAreNotRead() {
        int silvermont = 0x37;
        int beforeZen = 0x15;

        assertThat(Registers.of(new Processor("GenuineIntel", 6, silvermont, false)))
                .isEmpty();
        assertThat(Registers.of(new Processor("AuthenticAMD", beforeZen, 1, false)))
                .isEmpty();
        assertThat(Registers.of(Processor.parse(""))).isEmpty();
    }

    @Test
    void aCoreIsPartOfItsPackageAndNoSumOfCores() {
        assertThat(Domain.core(1, 70).id()).isEqualTo("rapl:core-1-cpu-70");
        assertThat(Domain.core(1, 70).toComponent().within()).contains("package-1", "cpu", "psys");
    }
}
