package io.neurojoule.sensor.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Trees made from proc_stat(5) and proc_cpuinfo(5).
class EstimateContractTest extends PowerSourceContract {
    private static final String EPYC = "model name\t: AMD EPYC 7763 64-Core Processor\n";

    @Override
    protected PowerSource source() {
        return new EstimateSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        return machine(4, EPYC + "physical id\t: 0\n" + EPYC + "physical id\t: 1\n", "");
    }

    private SourceConfig machine(int cpus, String cpuinfo, String mounts) throws IOException {
        Path proc = root.resolve("proc");
        Files.createDirectories(proc.resolve("self"));
        StringBuilder stat = new StringBuilder("cpu  100 20 30 5000 600 7 8 9 50 0\n");
        for (int i = 0; i < cpus; i++) {
            stat.append("cpu").append(i).append(" 1 1 1 1 1 1 1 1 0 0\n");
        }
        Files.writeString(proc.resolve("stat"), stat + "intr 1\n");
        Files.writeString(proc.resolve("cpuinfo"), cpuinfo);
        Files.writeString(proc.resolve("self/mountinfo"), mounts);
        return new SourceConfig(root.resolve("sys"), proc);
    }

    private Sensor sensor(SourceConfig config) {
        return source().discover(config).sensors().getFirst();
    }

    @Test
    void busyIsWhatIsNeitherIdleNorWaitingNorCountedTwice() throws IOException {
        Reading reading = new Reading(1);

        sensor(present()).read(reading);

        assertThat(reading.raw(0)).isEqualTo(100 + 20 + 30 + 7 + 8 + 9);
    }

    @Test
    void allCpusOfAKnownProcessorBusyMakeItsMaximum() throws IOException {
        Sensor sensor = sensor(present());
        Channel channel = sensor.channels().getFirst();

        double watts = channel.baseWatts() + 4 * 100 * channel.scale();

        assertThat(sensor.via()).isEqualTo("table:amd-epyc-7763");
        assertThat(channel.basis()).isEqualTo(Basis.ESTIMATED);
        assertThat(channel.baseWatts()).isCloseTo(2 * 98.0, within(1e-9));
        assertThat(watts).isCloseTo(2 * 280.0, within(1e-9));
    }

    @Test
    void inAVirtualMachineTheNameOfTheProcessorIsNotBelieved() throws IOException {
        Sensor sensor = sensor(machine(2, EPYC + "flags\t\t: fpu hypervisor sse\n", ""));
        Channel channel = sensor.channels().getFirst();

        assertThat(sensor.via()).isEqualTo("table:unknown-vm");
        assertThat(channel.baseWatts() + 2 * 100 * channel.scale()).isCloseTo(2 * 8.6, within(1e-9));
        assertThat(channel.accuracy()).hasValue(0.9);
    }

    @Test
    void aContainerIsKnownByItsRootOfLayers() throws IOException {
        String mounts = "700 600 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a\n";

        assertThat(sensor(machine(2, EPYC, mounts)).via()).isEqualTo("table:unknown-container");
    }

    @Test
    void anUnknownProcessorTakesTheSpread() throws IOException {
        assertThat(sensor(machine(2, "model name : Frobnicator 9\n", "")).via()).isEqualTo("table:unknown");
    }

    @Test
    void theBoundOfTheSpreadCoversEveryKnownProcessor() {
        Row spread = Row.of(new Machine("", 1, 1, false, false));

        for (Row row : Row.table()) {
            double idle = row.idleWatts() / row.threads();
            double max = row.maxWatts() / row.threads();
            assertThat(idle).as(row.key()).isCloseTo(1.0, within(spread.accuracy() * spread.idleWatts()));
            assertThat(max).as(row.key()).isCloseTo(8.6, within(spread.accuracy() * spread.maxWatts()));
            assertThat(row.source()).as(row.key()).isNotBlank();
        }
    }

    @Test
    void contentThatIsNotTheKernelsIsAGap() throws IOException {
        SourceConfig config = present();
        Sensor sensor = sensor(config);

        for (String content : new String[] {"", "cpu  1 2 3\n", "cpu  1 2 x 4 5 6 7 8\n", "intr 1\n"}) {
            Files.writeString(config.proc().resolve("stat"), content);
            assertThatThrownBy(() -> sensor.read(new Reading(1))).as(content).isInstanceOf(IOException.class);
        }
    }
}
