package io.neurojoule.sensor.ptdaemon;

import static io.neurojoule.sensor.LineServer.say;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Component.Kind;
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
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Against a small server of our own, made from what is known of the protocol: the commands and answers that MLPerf's
/// `power-dev` sends and checks. Not proven against SPEC's program, which is not free.
class PtdaemonContractTest extends PowerSourceContract {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("MM-dd-uuuu HH:mm:ss.SSS");

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final List<String> samples = new ArrayList<>();
    private final Map<String, String> answers = new HashMap<>(Map.of(
            "Hello", "Hello, PTDaemon here!",
            "Identify", "YokogawaWT310,1000,1,1,1,1,1,version=1.9.2",
            "RR", "Ranges,0,5.0,1,-1.0",
            "Uncertainty", "Uncertainty,0.0012,0.0010,0.0025,10,0,10,0",
            "Stop", "Stopping untimed measurement"));
    private boolean automatic = true;
    private String mark = "neurojoule";
    private final LineServer server = new LineServer(this::talk);

    PtdaemonContractTest() throws IOException {}

    private void talk(BufferedReader in, OutputStream out) throws Exception {
        for (String command = in.readLine(); command != null; command = in.readLine()) {
            heard.add(command);
            say(out, answer(command) + "\r\n");
        }
    }

    private synchronized String answer(String command) {
        if (command.startsWith("Go,")) {
            mark = command.split(",", -1)[3];
            return answers.getOrDefault(
                    "Go", "Starting untimed measurement, maximum 500000 samples at 100ms with 0 rampup samples");
        }
        if (command.startsWith("SR,")) {
            return answers.getOrDefault("SR", "Range %s changed".formatted(command.charAt(3)));
        }
        if (command.equals("RL") && !answers.containsKey("RL")) {
            if (automatic) {
                sample(LocalDateTime.now(ZoneOffset.UTC), "13.900000");
            }
            if (samples.isEmpty()) {
                return "No unread samples";
            }
            String text = "Last %d samples\r\n%s".formatted(samples.size(), String.join("\r\n", samples));
            samples.clear();
            return text;
        }
        return answers.getOrDefault(command, "Unknown command");
    }

    private synchronized void sample(LocalDateTime time, String watts) {
        samples.add("Time,%s,Watts,%s,Volts,228.730000,Amps,0.153200,PF,0.393500,Mark,%s"
                .formatted(TIME.format(time), watts, mark));
    }

    private synchronized void set(String command, String answer) {
        answers.put(command, answer);
    }

    private synchronized void byHand() {
        automatic = false;
        samples.clear();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Override
    protected PowerSource source() {
        return new PtdaemonSource();
    }

    @Override
    protected SourceConfig present() {
        return analyser();
    }

    private SourceConfig analyser(String... more) {
        Map<String, String> settings = new HashMap<>(
                Map.of("host", "127.0.0.1", "port", String.valueOf(server.port()), "refresh", "0.1", "zone", "UTC"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return SourceConfig.thisMachine().withNamed(Map.of("wt310", settings));
    }

    private Sensor sensor(String... more) {
        Discovery found = source().discover(analyser(more));
        assertThat(found.missing()).isEmpty();
        return found.sensors().getFirst();
    }

    private Missing missing(String... more) {
        Discovery found = source().discover(analyser(more));
        assertThat(found.sensors()).isEmpty();
        return found.missing().getFirst();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading;
    }

    /// The sample of the discovery is the first.
    private Sensor emptied(String... more) throws IOException {
        Sensor sensor = sensor(more);
        byHand();
        read(sensor);
        return sensor;
    }

    @Test
    void aSampleIsAWallPowerWithTheTimeAndTheUncertaintyOfTheAnalyser() throws IOException {
        long before = System.nanoTime();
        try (Sensor sensor = sensor()) {
            Reading reading = read(sensor);

            assertThat(reading.raw(0)).isEqualTo(13_900_000);
            assertThat(reading.sourceNanos(0)).isBetween(before - 10_000_000, System.nanoTime());
            assertThat(sensor.channels().getFirst().component().kind()).isEqualTo(Kind.WALL);
            assertThat(sensor.channels().getFirst().accuracy()).hasValue(0.0025);
            assertThat(sensor.channels().getFirst().averagedOver()).isEqualTo(Duration.ofMillis(100));
            assertThat(sensor.via()).contains("YokogawaWT310").contains("Ranges,0,5.0");
        }
    }

    @Test
    void itMeasuresAtTheRefreshAndUnderItsMark() throws IOException {
        try (Sensor sensor = sensor("mark", "run-7")) {
            assertThat(read(sensor).isSet(0)).isTrue();
            assertThat(heard).contains("Go,100,0,run-7");
        }
    }

    @Test
    void rangesAreSetAndPutBackAtTheEnd() throws IOException {
        sensor("volts", "300", "amps", "2").close();

        assertThat(heard)
                .containsSubsequence("SR,A,2", "SR,V,300", "Go,100,0,neurojoule", "Stop", "SR,A,5.0", "SR,V,Auto");
    }

    @Test
    void rangesThatNobodyAskedForStayAsTheyAre() throws IOException {
        sensor().close();

        assertThat(heard).noneMatch(command -> command.startsWith("SR,")).contains("Stop");
    }

    @Test
    void theNewestSampleIsReadAndComesAgainOnlyWithItsOwnTime() throws IOException {
        try (Sensor sensor = emptied()) {
            LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
            sample(now, "1");
            sample(now.plusNanos(5_000_000), "2");

            Reading two = read(sensor);
            Reading again = read(sensor);

            assertThat(two.raw(0)).isEqualTo(2_000_000);
            assertThat(again.sourceNanos(0)).isEqualTo(two.sourceNanos(0));
        }
    }

    @Test
    void aTimeInAnotherZoneIsAGapAndNoShiftedValue() throws IOException {
        try (Sensor sensor = emptied("zone", "UTC")) {
            sample(LocalDateTime.now(ZoneId.of("Asia/Tokyo")), "1");
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("future");

            sample(LocalDateTime.now(ZoneId.of("America/New_York")), "1");
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("goes back");
        }
    }

    @Test
    void withoutItsClockASampleIsOfTheRead() throws IOException {
        try (Sensor sensor = emptied("clock", "arrival")) {
            sample(LocalDateTime.of(2001, 1, 1, 0, 0), "4");
            sample(LocalDateTime.of(2001, 1, 1, 0, 1), "5");
            long before = System.nanoTime();

            Reading reading = read(sensor);

            assertThat(reading.raw(0)).isEqualTo(5_000_000);
            assertThat(reading.sourceNanos(0)).isBetween(before, System.nanoTime());
        }
    }

    @Test
    void anErrorOfTheAnalyserIsAGap() throws IOException {
        try (Sensor sensor = emptied()) {
            sample(LocalDateTime.now(ZoneOffset.UTC), "-2.000000");

            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no value");
        }
    }

    @Test
    void aSampleOfSomebodyElseIsAGap() throws IOException {
        try (Sensor sensor = emptied()) {
            synchronized (this) {
                mark = "spec_ranging";
            }
            sample(LocalDateTime.now(ZoneOffset.UTC), "1");

            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("spec_ranging");
        }
    }

    @Test
    void anAnalyserThatIsBusyIsMissingAndIsLeftAlone() {
        set("Go", "Error: measurement already running");

        assertThat(missing().why()).contains("already running");
        assertThat(heard).doesNotContain("Stop");
    }

    @Test
    void whoIsNotPtdaemonIsMissing() {
        set("Hello", "220 mail ready");

        assertThat(missing().why()).contains("220 mail ready");
    }

    @Test
    void silenceAndNobodyAreMissing() throws IOException {
        byHand();
        assertThat(missing().why()).contains("no sample");

        server.hangUp();
        assertThat(missing().code()).isEqualTo("ptdaemon-failed");
    }

    @Test
    void oddAnswersAreGaps() throws IOException {
        try (Sensor sensor = emptied()) {
            for (String wrong : List.of(
                    "Last x samples",
                    "Unknown command",
                    "Last 1 samples\r\nWatts,5",
                    "Last 1 sample\r\nTime,now,Watts,5")) {
                set("RL", wrong);

                assertThatThrownBy(() -> read(sensor))
                        .as(wrong)
                        .isInstanceOf(IOException.class)
                        .isNotInstanceOf(SensorGoneException.class);
            }
        }
    }

    @Test
    void aBrokenConnectionIsAGapAndOurOwnMeasurementIsStartedAgain() throws IOException {
        try (Sensor sensor = sensor()) {
            read(sensor);
            server.hangUp();
            server.comeBack();
            heard.clear();
            assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class);

            long until = System.nanoTime() + 5_000_000_000L;
            while (!heard.contains("Go,100,0,neurojoule") && System.nanoTime() < until) {
                LockSupport.parkNanos(1_000_000);
                try {
                    read(sensor);
                } catch (IOException e) {
                    assertThat(e).isNotInstanceOf(SensorGoneException.class);
                }
            }
            assertThat(heard).containsSubsequence("Hello", "Stop", "Go,100,0,neurojoule", "RL");
        }
    }

    @Test
    void anUncertaintyThatIsNotSaidIsNotMadeUp() throws IOException {
        set("Uncertainty", "Uncertainty,-1,-1,-1,0,0,0,0");
        try (Sensor sensor = sensor()) {
            assertThat(sensor.channels().getFirst().accuracy()).isEmpty();
        }
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        for (List<String> wrong : List.of(
                List.of("volts", "high"),
                List.of("amps", "-1"),
                List.of("mark", "a,b"),
                List.of("zone", "Mars"),
                List.of("unit", "W"),
                List.of("refresh", "0.0015"))) {
            assertThatThrownBy(() -> source().discover(analyser(wrong.toArray(String[]::new))))
                    .as(wrong.toString())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(wrong.getFirst());
        }
    }
}
