package io.neurojoule.sensor.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class CommandContractTest extends PowerSourceContract {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Override
    protected PowerSource source() {
        return new CommandSource();
    }

    @Override
    protected SourceConfig present() {
        return running("while echo 12.5; do sleep 0.02; done");
    }

    private SourceConfig running(String command, String... more) {
        Map<String, String> settings = new HashMap<>(Map.of("run", command, "unit", "W"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return SourceConfig.thisMachine().withNamed(Map.of("plug", settings));
    }

    /// A shell's wait for [#ask].
    private String untilAsked() {
        return "until [ -e %s ]; do sleep 0.02; done".formatted(root.resolve("asked"));
    }

    private void ask() throws IOException {
        Files.createFile(root.resolve("asked"));
    }

    private Sensor sensor(String command, String... more) {
        return source().discover(running(command, more)).sensors().getFirst();
    }

    /// Reads until there is another value than the given one.
    private static Reading value(Sensor sensor, long notRaw) throws IOException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until) {
            Reading reading = new Reading(1);
            sensor.read(reading);
            if (reading.isSet(0) && reading.raw(0) != notRaw) {
                return reading;
            }
            LockSupport.parkNanos(1_000_000);
        }
        throw new AssertionError("no value");
    }

    private static Optional<IOException> failure(Sensor sensor) {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until) {
            try {
                sensor.read(new Reading(1));
            } catch (IOException e) {
                return Optional.of(e);
            }
            LockSupport.parkNanos(1_000_000);
        }
        return Optional.empty();
    }

    private static boolean eventuallyGone(Path pidFile) throws IOException {
        long pid = Long.parseLong(Files.readString(pidFile).strip());
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until) {
            if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
                return true;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return false;
    }

    @Test
    void aLineIsAValueInTheUserUnitWithTheTimeOfItsArrival() throws IOException {
        long before = System.nanoTime();
        try (Sensor sensor = sensor("echo 12.345; sleep 60", "kind", "wall")) {
            Reading reading = value(sensor, 0);

            assertThat(reading.raw(0)).isEqualTo(12_345_000);
            assertThat(reading.sourceNanos(0)).isBetween(before, System.nanoTime());
            assertThat(sensor.id()).isEqualTo("command:plug");
            assertThat(sensor.channels().getFirst().component().kind()).isEqualTo(Kind.WALL);
        }
    }

    @Test
    void aCounterWithTimesOfItsOwnIsReadWithThem() throws IOException {
        String python = "import time; print(time.monotonic_ns(), 7, flush=True); time.sleep(60)";
        long before = System.nanoTime();
        try (Sensor sensor = sensor("python3 -c '" + python + "'", "unit", "kWh", "time", "monotonic-ns")) {
            Reading reading = value(sensor, 0);

            assertThat(reading.raw(0) * sensor.channels().getFirst().scale()).isEqualTo(7 * 3.6e6);
            assertThat(reading.sourceNanos(0)).isBetween(before, System.nanoTime());
        }
    }

    @Test
    void aLineComesAgainOnlyWithItsOwnTime() throws IOException {
        try (Sensor sensor = sensor("echo 1; sleep 60")) {
            Reading one = value(sensor, 0);
            Reading again = value(sensor, 0);

            assertThat(again.raw(0)).isEqualTo(1_000_000);
            assertThat(again.sourceNanos(0)).isEqualTo(one.sourceNanos(0));
        }
    }

    @Test
    void garbageIsAGapWithItsTextAndTheNextLineCounts() throws IOException {
        try (Sensor sensor = sensor("echo error: no meter; %s; echo 5; sleep 60".formatted(untilAsked()))) {
            assertThatThrownBy(() -> sensor.read(new Reading(1)))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SensorGoneException.class)
                    .hasMessageContaining("error: no meter");
            ask();
            assertThat(value(sensor, 0).raw(0)).isEqualTo(5_000_000);
        }
    }

    @Test
    void whatAProgramSaysBesideItsValuesIsNoValue() throws IOException {
        try (Sensor sensor = sensor("echo 99 >&2; echo 5; sleep 60")) {
            assertThat(value(sensor, 0).raw(0)).isEqualTo(5_000_000);
        }
    }

    @Test
    void aSilentProgramIsAGap() throws IOException {
        try (Sensor sensor = sensor("sleep 60", "refresh", "0.1")) {
            Reading reading = new Reading(1);

            sensor.read(reading);

            assertThat(reading.failure(0)).contains("no value yet");
        }
    }

    @Test
    void aLineWithoutAnEndIsNoValue() throws IOException {
        try (Sensor sensor = sensor("printf 12; sleep 60", "refresh", "0.1")) {
            Reading reading = new Reading(1);

            sensor.read(reading);

            assertThat(reading.isSet(0)).isFalse();
        }
    }

    @Test
    void aLineWithoutEndInSightEndsTheSensor() throws IOException {
        try (Sensor sensor = sensor("echo 1; head -c 5000 /dev/zero | tr '\\0' 7; sleep 60")) {
            assertThat(failure(sensor))
                    .get()
                    .isInstanceOf(SensorGoneException.class)
                    .asString()
                    .contains("more than");
        }
    }

    @Test
    void aProgramThatEndsTakesTheSensorWithItAfterItsLastLine() throws IOException {
        try (Sensor sensor = sensor("echo 1; %s; echo 2; echo meter unplugged >&2; exit 3".formatted(untilAsked()))) {
            assertThat(value(sensor, 0).raw(0)).isEqualTo(1_000_000);
            ask();
            assertThat(value(sensor, 1_000_000).raw(0)).isEqualTo(2_000_000);
            assertThat(failure(sensor))
                    .get()
                    .isInstanceOf(SensorGoneException.class)
                    .asString()
                    .contains("meter unplugged")
                    .contains("exit 3");
        }
    }

    @Test
    void aProgramThatCannotStartIsMissingAndSaysWhy() {
        Discovery found = source().discover(running("no-such-program-here --watts"));

        assertThat(found.sensors()).isEmpty();
        Missing missing = found.missing().getFirst();
        assertThat(missing.code()).isEqualTo("command-failed");
        assertThat(missing.why()).contains("not found").contains("exit 127");
        assertThat(missing.channel()).isPresent();
    }

    @Test
    void closingEndsTheWholeGroupEvenIfItDoesNotWantTo() throws IOException {
        Path pid = root.resolve("pid");
        Path childPid = root.resolve("child");
        Sensor sensor = sensor(
                "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > %s; while :; do sleep 1; done' & ".formatted(childPid)
                        + "echo $$ > %s; while echo 1; do sleep 0.05; done".formatted(pid));
        value(sensor, 0);
        long before = System.nanoTime();

        sensor.close();

        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
        assertThat(eventuallyGone(pid)).isTrue();
        assertThat(eventuallyGone(childPid)).isTrue();
    }

    @Test
    void aProgramThatListensMayTidyUpBeforeItIsEnded() throws IOException {
        Path done = root.resolve("done");
        Sensor sensor = sensor("trap 'echo tidy > %s; exit' TERM; while echo 1; do sleep 0.05; done".formatted(done));
        value(sensor, 0);

        sensor.close();

        assertThat(done).content().isEqualTo("tidy\n");
    }

    @Test
    void noThreadIsLeftAfterClose() throws IOException {
        Sensor sensor = sensor("while echo 1; do sleep 0.05; done # threads");
        value(sensor, 0);
        assertThat(threads()).isEqualTo(2);

        sensor.close();

        assertThat(threads()).isZero();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().endsWith("# threads"))
                .count();
    }

    /// A profiler of its own, to be killed.
    static final class Victim {
        public static void main(String[] args) throws IOException {
            Map<String, String> settings = Map.of("run", args[0], "unit", "W");
            Sensor sensor = new CommandSource()
                    .discover(SourceConfig.thisMachine().withNamed(Map.of("plug", settings)))
                    .sensors()
                    .getFirst();
            value(sensor, 0);
            System.out.println("reading");
            LockSupport.parkNanos(Long.MAX_VALUE);
        }
    }

    @Test
    void aProgramDoesNotOutliveAProfilerThatIsKilled() throws Exception {
        Path pid = root.resolve("pid");
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        "echo $$ > %s; trap '' TERM; while :; do echo 1; sleep 0.05; done".formatted(pid))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(victim.inputReader().readLine()).isEqualTo("reading");
        long before = System.nanoTime();

        victim.destroyForcibly().waitFor(5, TimeUnit.SECONDS);

        assertThat(eventuallyGone(pid)).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aDescriptionThatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> source().discover(running("echo 1", "colour", "red")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("colour");
        assertThatThrownBy(() ->
                        source().discover(SourceConfig.thisMachine().withOptions(Map.of("run", "echo 1", "unit", "W"))))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("needs a name");
    }
}
