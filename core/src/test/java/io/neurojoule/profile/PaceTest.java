package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PaceTest {
    private record Counter(long wrapsAt) implements Sensor {
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
        public void read(Reading out) {
            out.set(0, 0);
        }

        @Override
        public void close() {}
    }

    @Test
    void aCounterIsReadFourTimesPerTurnAtItsMaximumPower() {
        // 20 J a turn at 100 W: 0.2 s.
        assertThat(Pace.of(new Counter(20_000_000))).isEqualTo(Duration.ofMillis(50));
        assertThat(Pace.of(new Counter(0))).isEqualTo(Duration.ofMillis(100));
    }
}
