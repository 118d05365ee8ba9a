package io.neurojoule.sensor.tcp;

import static io.neurojoule.sensor.LineServer.say;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.LineServer;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TcpContractTest extends PowerSourceContract {
    private static final LineServer.Talk METER = (in, out) -> {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            say(out, line.equals("MEAS:POW?") ? "+1.250000E+01\n" : "ERROR\n");
        }
    };

    private final AtomicReference<LineServer.Talk> talk = new AtomicReference<>(METER);
    private final CountDownLatch over = new CountDownLatch(1);
    private final LineServer server = new LineServer(this::talk);

    TcpContractTest() throws IOException {}

    private void talk(BufferedReader in, OutputStream out) throws Exception {
        talk.get().on(in, out);
    }

    @AfterEach
    void stop() throws IOException {
        over.countDown();
        server.close();
    }

    @Override
    protected PowerSource source() {
        return new TcpSource();
    }

    @Override
    protected SourceConfig present() {
        return meter("ask", "MEAS:POW?");
    }

    private SourceConfig meter(String... more) {
        Map<String, String> settings =
                new HashMap<>(Map.of("host", "127.0.0.1", "port", String.valueOf(server.port()), "unit", "W"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return SourceConfig.thisMachine().withNamed(Map.of("meter", settings));
    }

    private Sensor sensor(String... more) {
        return source().discover(meter(more)).sensors().getFirst();
    }

    private Missing missing(String... more) {
        Discovery found = source().discover(meter(more));
        assertThat(found.sensors()).isEmpty();
        return found.missing().getFirst();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading;
    }

    /// Reads until there is a value like this; other values and gaps are let pass.
    private static Reading value(Sensor sensor, long raw) {
        long until = System.nanoTime() + 10_000_000_000L;
        while (System.nanoTime() < until) {
            try {
                Reading reading = read(sensor);
                if (reading.isSet(0) && reading.raw(0) == raw) {
                    return reading;
                }
            } catch (IOException e) {
                assertThat(e).isNotInstanceOf(SensorGoneException.class);
            }
            LockSupport.parkNanos(1_000_000);
        }
        throw new AssertionError("no value " + raw);
    }

    @Test
    void anInstrumentIsAskedAtEachRead() throws IOException {
        try (Sensor sensor = sensor("ask", "MEAS:POW?")) {
            Reading reading = read(sensor);

            assertThat(reading.raw(0)).isEqualTo(12_500_000);
            assertThat(reading.isStamped(0)).isFalse();
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void whatIsNoNumberIsMissingAtTheStartWithItsText() {
        assertThat(missing("ask", "MEAS:CURR?").why()).contains("'ERROR'");
    }

    @Test
    void aLateAnswerIsNeverTakenForThatToALaterQuestion() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        talk.set((in, out) -> {
            while (in.readLine() != null) {
                int n = asked.incrementAndGet();
                if (n == 2) {
                    LockSupport.parkNanos(900_000_000);
                }
                say(out, n + "\n");
            }
        });
        try (Sensor sensor = sensor("ask", "W?", "timeout", "0.5")) {
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("0.5 s");

            assertThat(read(sensor).raw(0)).isEqualTo(3_000_000);
        }
    }

    @Test
    void anAnswerToNothingIsThrownAway() throws IOException {
        CountDownLatch more = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        talk.set((in, out) -> {
            while (in.readLine() != null) {
                boolean first = asked.incrementAndGet() == 1;
                say(out, first ? "1\n99\n" : "2\n");
                more.countDown();
            }
        });
        try (Sensor sensor = sensor("ask", "W?")) {
            LockSupport.parkNanos(50_000_000); // until the second line is here

            assertThat(read(sensor).raw(0)).isEqualTo(2_000_000);
        }
    }

    @Test
    void anInstrumentThatHangsUpIsAGapAndIsAskedAgain() throws IOException {
        talk.set((in, out) -> {
            in.readLine();
            say(out, "7\n");
        });
        try (Sensor sensor = sensor("ask", "W?")) {
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SensorGoneException.class);
            assertThat(read(sensor).raw(0)).isEqualTo(7_000_000);
        }
    }

    @Test
    void aLineThatDripsEndsAtTheTimeout() {
        talk.set((in, out) -> {
            for (int i = 0; i < 1000; i++) {
                say(out, "1");
                LockSupport.parkNanos(20_000_000);
            }
        });
        long before = System.nanoTime();

        String why = missing("ask", "W?", "timeout", "0.3").why();

        assertThat(why).contains("0.3 s");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(4));
    }

    @Test
    void aLineWithoutEndIsRefused() {
        talk.set((in, out) -> {
            in.readLine();
            say(out, "1".repeat(10_000));
            over.await();
        });

        assertThat(missing("ask", "W?").why()).contains("without end");
    }

    @Test
    void nobodyThereIsMissing() throws IOException {
        server.hangUp();

        assertThat(missing("ask", "W?").code()).isEqualTo("tcp-failed");
        assertThat(missing().why()).contains(":" + server.port());
    }

    @Test
    void linesThatComeUnaskedHaveTheTimeOfTheirArrival() throws IOException {
        talk.set((in, out) -> {
            say(out, "34.5\n12.5\n"); // the first may be the end of another
            over.await();
        });
        long before = System.nanoTime();
        try (Sensor sensor = sensor()) {
            Reading reading = value(sensor, 12_500_000);

            assertThat(reading.sourceNanos(0)).isBetween(before, System.nanoTime());
            assertThat(read(sensor).sourceNanos(0)).isEqualTo(reading.sourceNanos(0));
        }
    }

    @Test
    void theFirstLineOfAConnectionIsNeverAValue() throws IOException {
        talk.set((in, out) -> {
            say(out, "34.5\n");
            over.await();
        });
        try (Sensor sensor = sensor("refresh", "0.1")) {
            Reading reading = read(sensor);

            assertThat(reading.isSet(0)).isFalse();
        }
    }

    @Test
    void aStreamThatBreaksIsAGapUntilItIsBack() throws IOException {
        talk.set((in, out) -> {
            say(out, "0\n1\n");
            over.await();
        });
        try (Sensor sensor = sensor()) {
            value(sensor, 1_000_000);
            server.hangUp();
            talk.set((in, out) -> {
                say(out, "0\n2\n");
                over.await();
            });

            long until = System.nanoTime() + 5_000_000_000L;
            String gap = "";
            while (gap.isEmpty() && System.nanoTime() < until) {
                try {
                    read(sensor);
                } catch (IOException e) {
                    gap = String.valueOf(e.getMessage());
                }
            }
            assertThat(gap).contains(":" + server.port());

            server.comeBack();
            value(sensor, 2_000_000);
        }
    }

    @Test
    void noThreadIsLeftAfterClose() throws IOException {
        talk.set((in, out) -> {
            say(out, "0\n1\n");
            over.await();
        });
        Sensor sensor = sensor();
        value(sensor, 1_000_000);
        assertThat(threads()).isEqualTo(1);

        sensor.close();

        assertThat(threads()).isZero();
    }

    private long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().endsWith(":" + server.port()))
                .count();
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        for (List<String> wrong : List.of(
                List.of("port", "0"), List.of("port", "x"), List.of("timeout", "0"), List.of("unit", "horsepower"))) {
            assertThatThrownBy(() -> source().discover(meter(wrong.toArray(String[]::new))))
                    .as(wrong.toString())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(wrong.getFirst());
        }
    }
}
