package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.recording.Note;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class TrialTest {
    private static final Component PACKAGE = Component.of(Component.Kind.CPU, "package-0");
    private static final Duration PATIENCE = Duration.ofMillis(200);

    private final AtomicLong nowNanos = new AtomicLong();

    /// Its value depends on a clock that each read moves on; every third read fails if so asked.
    private record Made(Channel channel, AtomicLong nowNanos, long readNanos, boolean fails, LongUnaryOperator value)
            implements Sensor {
        @Override
        public String id() {
            return channel.id();
        }

        @Override
        public List<Channel> channels() {
            return List.of(channel);
        }

        @Override
        public String via() {
            return "test";
        }

        @Override
        public void read(Reading out) throws IOException {
            long now = nowNanos.addAndGet(readNanos);
            if (fails && now / readNanos % 3 == 0) {
                throw new IOException("it broke");
            }
            out.set(0, value.applyAsLong(now));
        }

        @Override
        public void close() {}
    }

    private static Channel counter(Duration declared) {
        return Channel.counter("test:package-0", PACKAGE, 1e-6, 1000, declared);
    }

    private static Channel power(Duration declared) {
        return Channel.power("test:package-0", PACKAGE, 1e-3, declared, Duration.ZERO);
    }

    /// A new value each so many nanoseconds, read each tenth of a millisecond.
    private Trial trial(Channel channel, long renewedNanos) {
        return Trial.of(
                new Made(channel, nowNanos, 100_000, false, now -> now / renewedNanos * 61), nowNanos::get, PATIENCE);
    }

    private static List<String> codes(Trial trial) {
        return trial.findings("test:package-0", Duration.ofMillis(100)).stream()
                .map(Note::code)
                .toList();
    }

    @Test
    void theRefreshIsWhatTheSensorReallyDoes() {
        assertThat(trial(counter(Duration.ofMillis(1)), 5_000_000).refresh()).contains(Duration.ofMillis(5));
    }

    @Test
    void readsThatFailAreCountedAndDoNotEndIt() {
        Trial trial = Trial.of(
                new Made(counter(Duration.ofMillis(1)), nowNanos, 100_000, true, now -> now / 5_000_000),
                nowNanos::get,
                PATIENCE);

        assertThat(trial.refresh()).isPresent();
        assertThat(trial.failures()).isBetween(600, 700);
        assertThat(trial.reads()).isEqualTo(2000);
    }

    @Test
    void theStepIsTheSmallestDifferenceInTheUnitOfTheChannel() {
        assertThat(trial(counter(Duration.ofMillis(1)), 1_000_000)
                        .channels()
                        .getFirst()
                        .step()
                        .orElseThrow())
                .isCloseTo(61e-6, within(1e-12));
    }

    @Test
    void aWrapIsNoStep() {
        Trial trial = Trial.of(
                new Made(counter(Duration.ofMillis(1)), nowNanos, 100_000, false, now -> now / 1_000_000 * 7 % 1000),
                nowNanos::get,
                Duration.ofSeconds(1));

        assertThat(trial.channels().getFirst().step().orElseThrow()).isCloseTo(7e-6, within(1e-12));
    }

    @Test
    void theTimeOfAReadIsItsMedianAndItsMost() {
        AtomicLong reads = new AtomicLong();
        Trial trial = Trial.of(
                new Made(counter(Duration.ofMillis(1)), nowNanos, 100_000, false, now -> {
                    if (reads.incrementAndGet() == 50) {
                        nowNanos.addAndGet(3_000_000);
                    }
                    return now;
                }),
                nowNanos::get,
                PATIENCE);

        assertThat(trial.readMedian()).contains(Duration.ofNanos(100_000));
        assertThat(trial.readMost()).contains(Duration.ofNanos(3_100_000));
    }

    @Test
    void aValueThatNeverChangesHasNeitherRefreshNorStep() {
        Trial trial = trial(counter(Duration.ofMillis(1)), Long.MAX_VALUE);

        assertThat(trial.refresh()).isEmpty();
        assertThat(trial.channels().getFirst().step()).isEmpty();
    }

    @Test
    void aCounterThatIsFiveTimesSlowerThanItSaysIsReported() {
        Trial trial = trial(counter(Duration.ofMillis(1)), 5_000_000);

        assertThat(codes(trial)).containsExactly("refresh-differs");
        assertThat(trial.findings("test:package-0", Duration.ofMillis(100))
                        .getFirst()
                        .message())
                .contains("every 1.00 ms", "every 5.00 ms");
    }

    @Test
    void withinAFactorOfTwoItIsWhatItSays() {
        assertThat(codes(trial(counter(Duration.ofMillis(5)), 8_000_000))).isEmpty();
        assertThat(codes(trial(counter(Duration.ofMillis(5)), 3_000_000))).isEmpty();
    }

    @Test
    void aPowerThatStaysTheSameProvesNothingButOneThatIsFasterDoes() {
        assertThat(codes(trial(power(Duration.ofMillis(1)), 10_000_000))).isEmpty();
        assertThat(codes(trial(power(Duration.ofMillis(15)), 2_000_000))).containsExactly("refresh-differs");
    }

    @Test
    void aCounterThatIsNewAtEveryReadMayBeFasterThanItWasRead() {
        assertThat(codes(trial(counter(Duration.ofNanos(1000)), 100_000))).isEmpty();
    }

    @Test
    void anEstimateHasNoRefreshThatCouldBeWrong() {
        assertThat(codes(trial(counter(Duration.ofMillis(10)).withBasis(Basis.ESTIMATED), 1_000_000)))
                .isEmpty();
    }

    @Test
    void aReadThatTakesMoreThanATenthOfThePeriodIsReported() {
        Trial trial = trial(counter(Duration.ofMillis(1)), 1_000_000);

        assertThat(trial.findings("test:package-0", Duration.ofNanos(900_000)))
                .extracting(Note::code)
                .containsExactly("sensor-slow-read");
        assertThat(trial.findings("test:package-0", Duration.ofNanos(1_100_000)))
                .isEmpty();
    }

    @Test
    void aCounterAndAPowerOfOneComponentAreCompared() {
        // A clock of a millisecond a read: 1 J a second against 1.1 W.
        Sensor energy = new Made(counter(Duration.ofMillis(1)), nowNanos, 1_000_000, false, now -> now / 1000 % 1000);
        Channel watts = Channel.power("test:package-0/power", PACKAGE, 1e-3, Duration.ofMillis(1), Duration.ZERO);
        Sensor power = new Made(watts, nowNanos, 1_000_000, false, now -> 1100);
        Channel whole = Channel.counter("test:package-0", PACKAGE, 1e-6, 0, Duration.ofMillis(1));
        Sensor counter = new Made(whole, nowNanos, 1_000_000, false, now -> now / 1000);

        assertThat(CrossCheck.of(List.of(energy), nowNanos::get, PATIENCE)).isEmpty();
        assertThat(CrossCheck.of(List.of(counter, power), nowNanos::get, Duration.ofMillis(20)))
                .singleElement()
                .satisfies(check -> assertThat(check.ratio().orElseThrow()).isCloseTo(1.1, within(0.01)));
    }
}
