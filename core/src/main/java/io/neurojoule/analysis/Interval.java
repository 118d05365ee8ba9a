package io.neurojoule.analysis;

import java.util.Optional;
import org.apache.commons.statistics.distribution.TDistribution;

/// A 95 % confidence interval of a mean over repeats, by Student's t.
///
/// @see <a href="https://doi.org/10.1093/biomet/6.1.1">Student, The probable error of a mean, 1908</a>
public record Interval(double low, double high) {
    private static final double TAIL = 0.975;

    /// The interval around `center` whose half width comes from the spread of `values`; empty below two values.
    ///
    /// @param center the figure itself: Σ joules / Σ elements, which need not be the mean of the values
    public static Optional<Interval> around(double center, double[] values) {
        int n = values.length;
        if (n < 2) {
            return Optional.empty();
        }
        double mean = 0;
        for (double value : values) {
            mean += value / n;
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double half = TDistribution.of(n - 1).inverseCumulativeProbability(TAIL) * Math.sqrt(squares / (n - 1) / n);
        return Optional.of(new Interval(center - half, center + half));
    }
}
