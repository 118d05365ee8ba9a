package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PowerCurveTest {
    private static final Channel COUNTER = Channel.counter(
            "rapl:package-0", Component.of(Component.Kind.CPU, "package-0"), 1e-6, 0, Duration.ofMillis(1));

    @Test
    void aCounterThatGoesBackLeavesAGap() {
        List<PowerCurve.Point> points = points(COUNTER, 0, 10_000_000, 5_000_000, 15_000_000, 25_000_000);

        assertThat(points).extracting(PowerCurve.Point::joined).containsExactly(false, false, true);
        assertThat(points).allSatisfy(point -> assertThat(point.watts()).isCloseTo(100, within(1e-9)));
    }

    @Test
    void theConstantPartOfAnEstimateIsInItsPower() {
        assertThat(points(COUNTER.withBaseWatts(20), 0, 10_000_000))
                .singleElement()
                .satisfies(point -> assertThat(point.watts()).isCloseTo(120, within(1e-9)));
    }

    @Test
    void aReadThatFailedLeavesAGap() {
        long[] times = {0, 100_000_000, 300_000_000, 400_000_000};
        long[] raw = {0, 10_000_000, 30_000_000, 40_000_000};
        Signal.Gap gap = new Signal.Gap(200_000_000, "busy");

        List<PowerCurve.Point> points = PowerCurve.of(
                        List.of(new Signal(COUNTER, times, new long[4], raw, List.of(gap))))
                .getFirst()
                .points();

        assertThat(points).extracting(PowerCurve.Point::joined).containsExactly(false, false);
    }

    private static List<PowerCurve.Point> points(Channel channel, long... raw) {
        long[] times = new long[raw.length];
        for (int i = 0; i < times.length; i++) {
            times[i] = i * 100_000_000L;
        }
        return PowerCurve.of(List.of(new Signal(channel, times, new long[raw.length], raw, List.of())))
                .getFirst()
                .points();
    }
}
