package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

    /// A board's power that is renewed every second.
    private record Meter() implements Sensor {
        @Override
        public String id() {
            return "test:board";
        }

        @Override
        public List<Channel> channels() {
            return List.of(Channel.power(
                    id(), Component.of(Component.Kind.BOARD, "board"), 1e-6, Duration.ofSeconds(1), Duration.ZERO));
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
    void aSlowPowerIsLookedAtUpToFourTimesPerRefreshWhereThatIsCheapAndOnceWhereItIsNot() {
        assertThat(Pace.of(new Meter(), Optional.of(Duration.ofNanos(2000)))).isEqualTo(Duration.ofMillis(250));
        assertThat(Pace.of(new Meter(), Optional.of(Duration.ofMillis(6))).toMillis())
                .isEqualTo(333);
        assertThat(Pace.of(new Meter(), Optional.of(Duration.ofMillis(8)))).isEqualTo(Duration.ofMillis(500));
        assertThat(Pace.of(new Meter(), Optional.of(Duration.ofMillis(12)))).isEqualTo(Duration.ofSeconds(1));
        assertThat(Pace.of(new Meter(), Optional.of(Duration.ofMillis(80)))).isEqualTo(Duration.ofSeconds(1));
        assertThat(Pace.of(new Meter(), Optional.empty())).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void aCounterIsReadFourTimesPerTurnAtItsMaximumPower() {
        // 20 J a turn at 100 W: 0.2 s.
        assertThat(Pace.of(new Counter(20_000_000), Optional.empty())).isEqualTo(Duration.ofMillis(50));
        assertThat(Pace.of(new Counter(0), Optional.empty())).isEqualTo(Duration.ofMillis(100));
    }

    /// So that it is known when its value was new; a read may take a fiftieth of the time.
    @Test
    void aCounterOfAHundredMillisecondsIsLookedAtFourTimesWhereThatIsCheap() {
        assertThat(Pace.of(new Both(), Optional.of(Duration.ofNanos(50_000)))).isEqualTo(Duration.ofMillis(25));
        assertThat(Pace.of(new Both(), Optional.of(Duration.ofNanos(800_000)))).isEqualTo(Duration.ofMillis(50));
        assertThat(Pace.of(new Counter(0), Optional.of(Duration.ofNanos(1000)))).isEqualTo(Duration.ofMillis(100));
    }

    /// A counter that is renewed often beside a power that is renewed seldom.
    private record Both() implements Sensor {
        @Override
        public String id() {
            return "test:gpu";
        }

        @Override
        public List<Channel> channels() {
            Component gpu = Component.of(Component.Kind.ACCELERATOR, "gpu");
            return List.of(
                    Channel.counter("test:gpu/energy", gpu, 1e-3, 0, Duration.ofMillis(100)),
                    Channel.power("test:gpu/power", gpu, 1e-3, Duration.ofSeconds(1), Duration.ZERO));
        }

        @Override
        public String via() {
            return "test";
        }

        @Override
        public void read(Reading out) {
            out.set(0, 0);
            out.set(1, 0);
        }

        @Override
        public void close() {}
    }

    @Test
    void aSensorIsReadAsItsFastestChannelDeserves() {
        assertThat(Pace.of(new Both(), Optional.of(Duration.ofMillis(5)))).isEqualTo(Duration.ofMillis(100));
    }
}
