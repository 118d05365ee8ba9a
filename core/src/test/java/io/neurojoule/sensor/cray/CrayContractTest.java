package io.neurojoule.sensor.cray;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.WallClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Trees made from HPE's page "User Access to Compute Node Power Data" and the listing of a node in CSCS's
/// documentation: which files there are, and that each holds a value, its unit and a time in microseconds.
class CrayContractTest extends PowerSourceContract {
    private static final long SECOND = 1_000_000_000L;
    private static final long UNIX_SECONDS = 1_800_000_000L;

    private final AtomicLong clock = new AtomicLong(100 * SECOND);

    @Override
    protected PowerSource source() {
        return new CraySource(
                clock::get,
                () -> new WallClock(
                        clock::get,
                        () -> new ClockPair(Instant.ofEpochSecond(UNIX_SECONDS, clock.get()), clock.get())));
    }

    @Override
    protected SourceConfig present() throws IOException {
        return node();
    }

    private Path file(String name, String text) throws IOException {
        Path directory = Files.createDirectories(root.resolve("sys/cray/pm_counters"));
        return Files.writeString(directory.resolve(name), text);
    }

    private static long micros(long nanos) {
        return UNIX_SECONDS * 1_000_000 + nanos / 1000;
    }

    /// Both files of a component, as of a time of the run.
    private void counters(String prefix, long joules, long watts, long nanos) throws IOException {
        file(prefix + "energy", "%d J %d us\n".formatted(joules, micros(nanos)));
        file(prefix + "power", "%d W %d us\n".formatted(watts, micros(nanos)));
    }

    private void state(long startup, long generation, long freshness) throws IOException {
        file("startup", startup + "\n");
        file("generation", generation + "\n");
        file("freshness", freshness + "\n");
    }

    private SourceConfig node() throws IOException {
        counters("", 5000, 400, 100 * SECOND);
        counters("cpu_", 2000, 200, 100 * SECOND);
        counters("memory_", 500, 40, 100 * SECOND);
        counters("accel0_", 1000, 90, 100 * SECOND);
        counters("accel3_", 1001, 91, 100 * SECOND);
        file("power_cap", "0 W\n");
        file("raw_scan_hz", "10\n");
        file("version", "3\n");
        state(1, 1, 10);
        return config();
    }

    private SourceConfig config() throws IOException {
        return new SourceConfig(root.resolve("sys"), Files.createDirectories(root.resolve("proc")));
    }

    private Sensor sensor(String id) throws IOException {
        Discovery found = source().discover(node());
        for (Sensor one : found.sensors()) {
            if (!one.id().equals(id)) {
                one.close();
            }
        }
        return found.sensors().stream()
                .filter(one -> one.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(2);
        sensor.read(reading);
        return reading;
    }

    @Test
    void aNodeHasItsPartsAndTheirAccelerators() throws IOException {
        Discovery found = source().discover(node());

        assertThat(found.sensors())
                .extracting(Sensor::id)
                .containsExactlyInAnyOrder("cray:node", "cray:cpu", "cray:memory", "cray:accel-0", "cray:accel-3");
        assertThat(found.sensors().getFirst().channels())
                .extracting(Channel::id)
                .containsExactly("cray:node/energy", "cray:node/power");
    }

    @Test
    void aValueHasTheTimeOfTheController() throws IOException {
        try (Sensor sensor = sensor("cray:cpu")) {
            counters("cpu_", 2020, 210, 100 * SECOND + 50_000_000);
            clock.addAndGet(80_000_000);

            Reading reading = read(sensor);

            assertThat(reading.raw(0)).isEqualTo(2020);
            assertThat(reading.raw(1)).isEqualTo(210);
            assertThat(reading.sourceNanos(0)).isEqualTo(100 * SECOND + 50_000_000);
        }
    }

    @Test
    void aControllerThatStandsStillIsAGap() throws IOException {
        try (Sensor sensor = sensor("cray:node")) {
            clock.addAndGet(SECOND + 1);
            counters("", 5000, 400, clock.get());

            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("stale");

            state(1, 1, 11);
            assertThat(read(sensor).raw(0)).isEqualTo(5000);
        }
    }

    @Test
    void anEnergyThatGoesBackWithTheControllerIsShownSoThatTheResetIsSeen() throws IOException {
        try (Sensor sensor = sensor("cray:node")) {
            state(2, 1, 11);
            counters("", 3, 400, clock.get());

            Reading reading = read(sensor);

            assertThat(reading.raw(0)).isEqualTo(3);
            assertThat(reading.raw(1)).isEqualTo(400);
        }
    }

    @Test
    void anEnergyThatGrewOverAStartOfTheControllerIsNoneAnyMore() throws IOException {
        try (Sensor sensor = sensor("cray:node")) {
            state(2, 1, 11);
            counters("", 5001, 400, clock.get());
            Reading first = read(sensor);
            counters("", 5002, 401, clock.get());
            Reading later = read(sensor);

            assertThat(first.isSet(0)).isFalse();
            assertThat(first.failure(0)).contains("started again").contains("2");
            assertThat(first.raw(1)).isEqualTo(400);
            assertThat(later.isSet(0)).isFalse();
            assertThat(later.raw(1)).isEqualTo(401);
        }
    }

    @Test
    void aChangeOfThePowerCapIsAGapOnce() throws IOException {
        try (Sensor sensor = sensor("cray:node")) {
            state(1, 2, 11);

            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("power cap");
            assertThat(read(sensor).raw(0)).isEqualTo(5000);
        }
    }

    @Test
    void aControllerWhoseClockIsWrongGivesGapsAndNoShiftedValues() throws IOException {
        try (Sensor sensor = sensor("cray:node")) {
            counters("", 5001, 400, clock.get() + SECOND);
            assertThat(read(sensor).failure(0)).contains("future");

            counters("", 5001, 400, clock.get() - SECOND);
            assertThat(read(sensor).failure(1)).contains("old");
        }
    }

    @Test
    void whatIsNotAValueWithItsUnitAndTimeIsAGap() throws IOException {
        long now = micros(clock.get());
        try (Sensor sensor = sensor("cray:node")) {
            for (String text : List.of(
                    "",
                    "5001",
                    "5001 J",
                    "5001 W " + now + " us",
                    "5001 mJ " + now + " us",
                    "-1 J " + now + " us",
                    "5001 J " + now + " ms",
                    "5001 J " + now + " us x",
                    "99999999999999999999 J " + now + " us",
                    "5001.5 J " + now + " us")) {
                file("energy", text + "\n");

                Reading reading = read(sensor);

                assertThat(reading.isSet(0)).as(text).isFalse();
                assertThat(reading.raw(1)).as(text).isEqualTo(400);
            }
        }
    }

    @Test
    void allProcessorsContainTheirPackagesWhoeverReadsThem() throws IOException {
        for (int i = 0; i < 2; i++) {
            counters("cpu" + i + "_", 900, 90, 100 * SECOND);
        }
        try (Sensor cpu = sensor("cray:cpu");
                Sensor first = sensor("cray:cpu-0");
                Sensor node = sensor("cray:node")) {
            Component all = cpu.channels().getFirst().component();

            assertThat(all.contains(first.channels().getFirst().component())).isTrue();
            assertThat(first.channels().getFirst().component().id()).isEqualTo("package-0");
            assertThat(node.channels().getFirst().component().contains(all)).isTrue();
            assertThat(all.overlaps(Component.of(Kind.DRAM, "memory"))).isFalse();
        }
    }

    @Test
    void aFileThatIsNoneIsMissingAndTheOthersAreRead() throws IOException {
        node();
        file("memory_energy", "n/a\n");

        Discovery found = source().discover(config());

        assertThat(found.sensors()).extracting(Sensor::id).doesNotContain("cray:memory");
        assertThat(found.missing()).extracting(Missing::code).containsExactly("cray-unreadable");
        assertThat(found.missing().getFirst().channel())
                .get()
                .extracting(Channel::id)
                .isEqualTo("cray:memory/energy");
    }

    @Test
    void aReadMakesNoGarbage() throws IOException {
        try (Sensor sensor = sensor("cray:node")) {
            Reading reading = new Reading(2);
            com.sun.management.ThreadMXBean threads =
                    (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
            for (int i = 0; i < 20_000; i++) {
                reading.clear();
                sensor.read(reading);
            }
            long before = threads.getCurrentThreadAllocatedBytes();

            for (int i = 0; i < 1000; i++) {
                reading.clear();
                sensor.read(reading);
            }

            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
        }
    }

    @Test
    void itHasNoSettings() {
        assertThatThrownBy(() -> source().discover(config().withOptions(Map.of("x", "1"))))
                .hasMessageContaining("no setting 'x'");
    }
}
