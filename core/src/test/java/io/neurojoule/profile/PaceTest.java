package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {
    private final AtomicLong nowNanos = new AtomicLong();

    /// Renews its value every 5 ms of a clock that each read moves by 0.1 ms; every third read fails if so asked.
    private record Stepping(AtomicLong nowNanos, boolean fails, long wrapsAt) implements Sensor {
        @Override
        public String id() {
            return "test:package-0";
        }

        @Override
        public List<Channel> channels() {
            return List.of(Channel.counter(
                            id(), Component.of(Component.Kind.CPU, "package-0"), 1e-6, wrapsAt, Duration.ofMillis(1))
                    .withMaxWatts(100));
        }

        @Override
        public String via() {
            return "test";
        }

        @Override
        public void read(Reading out) throws IOException {
            long now = nowNanos.addAndGet(100_000);
            if (fails && now / 100_000 % 3 == 0) {
                throw new IOException("it broke");
            }
            out.set(0, now / 5_000_000);
        }

        @Override
        public void close() {}
    }

    @Test
    void theRefreshIsWhatTheSensorReallyDoes() {
        assertThat(Pace.measure(new Stepping(nowNanos, false, 0), nowNanos::get, Duration.ofMillis(200)))
                .hasValueSatisfying(
                        refresh -> assertThat(refresh).isBetween(Duration.ofMillis(4), Duration.ofMillis(6)));
    }

    @Test
    void readsThatFailDoNotEndIt() {
        assertThat(Pace.measure(new Stepping(nowNanos, true, 0), nowNanos::get, Duration.ofMillis(200)))
                .isPresent();
    }

    @Test
    void aCounterIsReadFourTimesPerTurnAtItsMaximumPower() {
        // 20 J a turn at 100 W: 0.2 s.
        assertThat(Pace.of(new Stepping(nowNanos, false, 20_000_000))).isEqualTo(Duration.ofMillis(50));
        assertThat(Pace.of(new Stepping(nowNanos, false, 0))).isEqualTo(Duration.ofMillis(100));
    }
}
