package io.neurojoule.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.time.ClockPair;
import io.neurojoule.time.WallClock;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MeterSensorTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UNIX_SECONDS = 1_800_000_000L;

    private final AtomicLong clock = new AtomicLong(100 * SECOND);
    private final ArrayDeque<Feed.Said> said = new ArrayDeque<>();
    private long tookNanos;

    private final Feed feed = new Feed() {
        @Override
        public String via() {
            return "test";
        }

        @Override
        public Optional<Said> next() {
            clock.addAndGet(tookNanos);
            return Optional.ofNullable(said.poll());
        }

        @Override
        public void close() {}
    };

    private MeterSensor sensor(String time) {
        Meter meter =
                Meter.of("tcp:m", Settings.of("tcp:m", Map.of("unit", "W", "refresh", "1", "time", time), Meter.KEYS));
        WallClock wall = new WallClock(
                clock::get, () -> new ClockPair(Instant.ofEpochSecond(UNIX_SECONDS, clock.get()), clock.get()));
        return new MeterSensor(meter, feed, clock::get, wall);
    }

    private void came(String value, long nanos) {
        said.add(new Feed.Said(value, Optional.empty(), OptionalLong.of(nanos)));
    }

    private void came(String value, String time) {
        said.add(new Feed.Said(value, Optional.of(time), OptionalLong.of(clock.get())));
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading;
    }

    @Test
    void aLineHasTheTimeOfItsArrivalAndNotOfTheRead() throws IOException {
        came("12.5", 99 * SECOND);

        Reading reading = read(sensor("none"));

        assertThat(reading.raw(0)).isEqualTo(12_500_000);
        assertThat(reading.sourceNanos(0)).isEqualTo(99 * SECOND);
    }

    @Test
    void aValueComesAgainOnlyWithItsOwnTime() throws IOException {
        came("12.5", 100 * SECOND);
        MeterSensor sensor = sensor("none");
        read(sensor);

        clock.addAndGet(4 * SECOND);
        Reading again = read(sensor);

        assertThat(again.raw(0)).isEqualTo(12_500_000);
        assertThat(again.isStamped(0)).isTrue();
        assertThat(again.sourceNanos(0)).isEqualTo(100 * SECOND);
    }

    @Test
    void silenceOfMoreThanFiveRefreshesIsAGap() throws IOException {
        came("12.5", 100 * SECOND);
        MeterSensor sensor = sensor("none");
        read(sensor);

        clock.addAndGet(5 * SECOND + 1);
        Reading silent = read(sensor);

        assertThat(silent.isSet(0)).isFalse();
        assertThat(silent.failure(0)).contains("no new value for 5");
    }

    @Test
    void beforeTheFirstValueThereIsAGap() throws IOException {
        Reading reading = read(sensor("none"));

        assertThat(reading.isSet(0)).isFalse();
        assertThat(reading.failure(0)).contains("no value yet");
    }

    @Test
    void anAnswerWithoutATimeIsOfTheRead() throws IOException {
        said.add(new Feed.Said("3", Optional.empty(), OptionalLong.empty()));

        Reading reading = read(sensor("none"));

        assertThat(reading.raw(0)).isEqualTo(3_000_000);
        assertThat(reading.isStamped(0)).isFalse();
    }

    @Test
    void aPowerThatWasLongInComingHasNoTime() throws IOException {
        MeterSensor sensor = sensor("none");
        said.add(new Feed.Said("3", Optional.empty(), OptionalLong.empty()));
        said.add(new Feed.Said("4", Optional.empty(), OptionalLong.empty()));

        tookNanos = 2 * SECOND + 1;
        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class).hasMessageContaining("two refreshes");

        tookNanos = 2 * SECOND;
        assertThat(read(sensor).raw(0)).isEqualTo(4_000_000);
    }

    @Test
    void wallTimesBecomeTimesOfTheRun() throws IOException {
        came("1", String.valueOf(UNIX_SECONDS + 99.5));
        Reading seconds = read(sensor("unix-s"));
        came("1", String.valueOf(UNIX_SECONDS * 1000 + 99_250));
        Reading millis = read(sensor("unix-ms"));
        came("1", String.valueOf(98 * SECOND));
        Reading monotonic = read(sensor("monotonic-ns"));

        assertThat(seconds.sourceNanos(0)).isEqualTo(99_500_000_000L);
        assertThat(millis.sourceNanos(0)).isEqualTo(99_250_000_000L);
        assertThat(monotonic.sourceNanos(0)).isEqualTo(98 * SECOND);
    }

    @Test
    void aTimeInTheFutureIsAGap() {
        came("1", String.valueOf(UNIX_SECONDS + 100.02));

        assertThatThrownBy(() -> read(sensor("unix-s")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("future");
    }

    @Test
    void aTimeThatGoesBackIsAGap() throws IOException {
        came("1", String.valueOf(UNIX_SECONDS + 99.5));
        came("2", String.valueOf(UNIX_SECONDS + 99.4));
        MeterSensor sensor = sensor("unix-s");
        read(sensor);

        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class).hasMessageContaining("goes back");
    }

    @Test
    void aClockThatIsFarBehindIsAGapAndNotAShiftedValue() {
        came("1", String.valueOf(UNIX_SECONDS + 40));

        assertThatThrownBy(() -> read(sensor("unix-s")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("60.0 s old");
    }

    @Test
    void aTimeThatIsNoneIsAGap() {
        for (String time : new String[] {"now", "-1", "1e300", "NaN"}) {
            came("1", time);

            assertThatThrownBy(() -> read(sensor("unix-s"))).as(time).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aLineHasAsManyWordsAsTheSettingTimeSays() throws IOException {
        assertThat(Feed.Said.line(" 5\t12.5 ", Meter.Time.UNIX_S, OptionalLong.empty())
                        .value())
                .isEqualTo("12.5");
        assertThatThrownBy(() -> Feed.Said.line("5 12.5", Meter.Time.NONE, OptionalLong.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("'5 12.5'");
        assertThatThrownBy(() -> Feed.Said.line("12.5", Meter.Time.UNIX_S, OptionalLong.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("TIME VALUE");
    }
}
