package io.neurojoule.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingTest {
    private static final Channel CHANNEL = Channel.counter(
                    "test:package-0", Component.of(Component.Kind.CPU, "package-0"), 1e-6, 0, Duration.ofMillis(1))
            .withMaxWatts(100);

    @TempDir
    Path directory;

    private final AtomicLong reads = new AtomicLong();

    /// Counts its reads; the read number 3 fails.
    private class Counting implements Sensor {
        @Override
        public String id() {
            return "test:package-0";
        }

        @Override
        public List<Channel> channels() {
            return List.of(CHANNEL);
        }

        @Override
        public String via() {
            return "test";
        }

        @Override
        public void read(Reading out) throws IOException {
            long n = reads.incrementAndGet();
            if (n == 3) {
                throw new IOException("it broke,\nonce");
            }
            out.set(0, n);
        }

        @Override
        public void close() {}
    }

    private RunInfo info(int format) {
        return new RunInfo(
                format,
                "neurojoule test",
                "test",
                "frame",
                Instant.EPOCH,
                7,
                "host",
                "user",
                "cpu",
                false,
                Optional.of("made up"),
                Map.of("compute", List.of("test:package-0")),
                "compute",
                List.of(new RunInfo.SensorInfo(
                        "test:package-0",
                        Recorder.signalFile("test:package-0"),
                        "test",
                        Duration.ofMillis(100),
                        Optional.empty(),
                        List.of(CHANNEL),
                        Optional.empty())),
                Map.of("cpu", "2x CPU"),
                Map.of("kernel", "6"),
                Optional.of(new RunInfo.Carbon(OptionalDouble.of(300), OptionalDouble.empty(), "grid")));
    }

    private Path record() throws IOException {
        Path run = directory.resolve("run");
        try (Recorder recorder = Recorder.create(run, Ticker.monotonic())) {
            recorder.begin(info(RunInfo.FORMAT), "version: 1\n", "{\"cells\":[],\"repeats\":0}");
            recorder.record(Map.of(new Counting(), Duration.ofHours(1)));
            for (int i = 0; i < 5; i++) {
                recorder.edge();
            }
            recorder.window(new Window("", "cell", 1, Window.Kind.MEASURE, 10, 20, 3, 24, true));
            recorder.cell(CellRecord.of("cell", "cpu", "model", "fp32", 8));
            recorder.note(Note.of("code", "info", "a message, with a comma").inCell("cell"));
        }
        return run;
    }

    @Test
    void whatWasRecordedIsReadBack() throws IOException {
        Recording recording = Recording.open(record());

        Signal signal = recording.signal("test:package-0").orElseThrow();
        assertThat(signal.channel()).isEqualTo(CHANNEL.withBasis(Basis.SIMULATED));
        assertThat(signal.raw()).doesNotContain(3).contains(1, 2, 4, 5, 6);
        assertThat(signal.timeNanos()).isSorted();
        assertThat(signal.gaps()).hasSize(1).first().extracting(Signal.Gap::why).isEqualTo("it broke, once");
        assertThat(recording.windows())
                .containsExactly(new Window("w0001", "cell", 1, Window.Kind.MEASURE, 10, 20, 3, 24, true));
        assertThat(recording.cells()).containsExactly(CellRecord.of("cell", "cpu", "model", "fp32", 8));
        assertThat(recording.notes())
                .hasSize(1)
                .first()
                .extracting(Note::message)
                .isEqualTo("a message, with a comma");
        assertThat(recording.info()).isEqualTo(info(RunInfo.FORMAT));
    }

    @Test
    void aSlowSensorIsNotReadAtTheEdgesOfWindows() throws IOException {
        AtomicLong clock = new AtomicLong();
        Sensor slow = new Counting() {
            @Override
            public void read(Reading out) throws IOException {
                clock.addAndGet(50_000_000);
                super.read(out);
            }
        };
        try (Recorder recorder = Recorder.create(directory.resolve("run"), clock::get)) {
            recorder.begin(info(RunInfo.FORMAT), "version: 1\n", "{}");
            recorder.record(Map.of(slow, Duration.ofHours(1)));
            long before = clock.get();
            recorder.edge();
            recorder.edge();

            assertThat(clock.get() - before)
                    .as("time spent at edges; the sampler's own first read may fall in")
                    .isLessThanOrEqualTo(50_000_000);
        }
    }

    @Test
    void aSensorThatVanishesIsLookedForOnceASecondAndFollowed() throws IOException {
        AtomicLong clock = new AtomicLong();
        Sensor leaves = new Counting() {
            @Override
            public void read(Reading out) throws IOException {
                long n = reads.incrementAndGet();
                if (n >= 3 && n <= 4) {
                    throw new SensorGoneException("unplugged");
                }
                out.set(0, n);
            }
        };
        Path run = directory.resolve("run");
        try (Recorder recorder = Recorder.create(run, () -> clock.addAndGet(2_000_000))) {
            recorder.begin(info(RunInfo.FORMAT), "version: 1\n", "{\"cells\":[],\"repeats\":0}");
            recorder.record(Map.of(leaves, Duration.ofHours(1)));
            for (int i = 0; i < 3000; i++) {
                recorder.edge();
            }
        }

        Signal signal = Recording.open(run).signal("test:package-0").orElseThrow();
        assertThat(signal.raw()).startsWith(1, 2, 5, 6);
        assertThat(signal.gaps()).singleElement().satisfies(gap -> {
            assertThat(gap.isGone()).isTrue();
            assertThat(gap.atNanos()).isBetween(signal.timeNanos()[1], signal.timeNanos()[2]);
        });
        assertThat(signal.timeNanos()[2] - signal.timeNanos()[1]).isGreaterThan(2_000_000_000L);
    }

    @Test
    void aSensorThatHangsKeepsNoOtherFromBeingRead() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        CountDownLatch others = new CountDownLatch(20);
        Map<Sensor, Duration> sensors = new LinkedHashMap<>();
        sensors.put(
                sensor("test:hangs", out -> {
                    if (reads.incrementAndGet() > 1) { // the first is the recorder's own
                        hangs.countDown();
                        await(over);
                    }
                    out.set(0, 1);
                }),
                Duration.ofMillis(5));
        sensors.put(
                sensor("test:good", out -> {
                    if (hangs.getCount() == 0) {
                        others.countDown();
                    }
                    out.set(0, 1);
                }),
                Duration.ofMillis(5));
        try (Recorder recorder = Recorder.create(directory.resolve("run"), Ticker.monotonic())) {
            recorder.begin(info(RunInfo.FORMAT), "version: 1\n", "{}");
            recorder.record(sensors);

            assertThat(others.await(20, TimeUnit.SECONDS)).isTrue();
            recorder.flush(); // by hand, with the sensor still in its read: neither this nor the others' files wait for
            // it
            assertThat(over.getCount()).isOne();
            assertThat(Files.readAllLines(directory.resolve("run").resolve(Recorder.signalFile("test:good"))))
                    .hasSizeGreaterThan(20);

            over.countDown();
        }
    }

    @Test
    void aSensorThatHangsAtAnEdgeKeepsNeitherTheRunNorTheOthers() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        AtomicLong others = new AtomicLong();
        Map<Sensor, Duration> sensors = new LinkedHashMap<>();
        sensors.put(
                sensor("test:hangs", out -> {
                    if (reads.incrementAndGet() > 2) { // after the recorder's own and its sampler's first
                        await(over);
                    }
                    out.set(0, 1);
                }),
                Duration.ofHours(1));
        sensors.put(
                sensor("test:good", out -> {
                    out.set(0, others.incrementAndGet());
                }),
                Duration.ofHours(1));
        try (Recorder recorder = Recorder.create(directory.resolve("run"), Ticker.monotonic())) {
            recorder.begin(info(RunInfo.FORMAT), "version: 1\n", "{}");
            recorder.record(sensors);

            Thread edges = Thread.ofPlatform().daemon().start(() -> {
                for (int i = 0; i < 10; i++) {
                    edge(recorder);
                }
            });

            assertThat(edges.join(Duration.ofSeconds(20))).isTrue();
            assertThat(reads.get()).isGreaterThan(2);
            assertThat(over.getCount()).isOne();
            assertThat(others.get()).as("edges after the first").isGreaterThanOrEqualTo(9);
            over.countDown();
        }
    }

    private static void edge(Recorder recorder) {
        try {
            recorder.edge();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aRunEndsThoughASensorHangsForEver() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        AtomicLong clock = new AtomicLong();
        Sensor sensor = sensor("test:hangs", out -> {
            if (reads.incrementAndGet() > 1) {
                hangs.countDown();
                await(never);
            }
            out.set(0, 1);
        });
        Path run = directory.resolve("run");
        // Each look at the clock is 11 s later than the one before, so nothing is waited for.
        Recorder recorder = Recorder.create(run, () -> clock.addAndGet(11_000_000_000L));
        recorder.begin(info(RunInfo.FORMAT), "version: 1\n", "{}");
        recorder.record(Map.of(sensor, Duration.ofSeconds(1)));
        assertThat(hangs.await(20, TimeUnit.SECONDS)).isTrue();

        recorder.close();

        assertThat(Files.readString(run.resolve(Recorder.signalFile("test:hangs"))))
                .contains(",1,");
        never.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Sensor sensor(String id, Consumer<Reading> read) {
        return new Sensor() {
            @Override
            public String id() {
                return id;
            }

            @Override
            public List<Channel> channels() {
                return List.of(CHANNEL);
            }

            @Override
            public String via() {
                return "test";
            }

            @Override
            public void read(Reading out) {
                read.accept(out);
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void aTornLastLineIsLeftOut() throws IOException {
        Path run = record();
        Files.writeString(run.resolve("windows.csv"), "w0002,cell,1,meas", StandardOpenOption.APPEND);
        Files.writeString(
                run.resolve(Recorder.signalFile("test:package-0")), "99999999999999,1", StandardOpenOption.APPEND);

        Recording recording = Recording.open(run);

        assertThat(recording.windows()).hasSize(1);
        assertThat(recording.signal("test:package-0").orElseThrow().timeNanos()).doesNotContain(99999999999999L);
    }

    @Test
    void aNewerFormatIsRefusedByName() throws IOException {
        Path run = record();
        String json = Files.readString(run.resolve("run.json"));
        Files.writeString(run.resolve("run.json"), json.replaceFirst("\"format\":1", "\"format\":2"));

        assertThatThrownBy(() -> Recording.open(run)).hasMessageContaining("run format 2");
    }

    @Test
    void aDirectoryWithSomethingInItIsNotWrittenInto() throws IOException {
        Files.writeString(directory.resolve("precious"), "x");

        assertThatThrownBy(() -> Recorder.create(directory, Ticker.monotonic()))
                .isInstanceOf(DirectoryNotEmptyException.class);
    }
}
