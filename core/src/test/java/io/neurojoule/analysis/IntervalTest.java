package io.neurojoule.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IntervalTest {
    @Test
    void oneValueHasNoInterval() {
        assertThat(Interval.around(1, new double[] {1})).isEmpty();
    }

    /// Half width t(0.975, 4) · s / √n with s = √2.5: 2.776445 · 1.581139 / 2.236068.
    @Test
    void theHalfWidthIsStudents() {
        Interval interval = Interval.around(3, new double[] {1, 2, 3, 4, 5}).orElseThrow();

        assertThat(interval.high() - 3).isCloseTo(1.963243, within(1e-6));
        assertThat(3 - interval.low()).isCloseTo(1.963243, within(1e-6));
    }

    @Test
    void ninetyFivePercentOfIntervalsContainTheMean() {
        SplittableRandom random = new SplittableRandom(1);
        int hits = 0;
        for (int trial = 0; trial < 4000; trial++) {
            double[] values = new double[5];
            double mean = 0;
            for (int i = 0; i < 5; i++) {
                values[i] = 10 + random.nextGaussian();
                mean += values[i] / 5;
            }
            Interval interval = Interval.around(mean, values).orElseThrow();
            hits += interval.low() <= 10 && 10 <= interval.high() ? 1 : 0;
        }

        assertThat(hits / 4000.0).isBetween(0.94, 0.96);
    }
}
