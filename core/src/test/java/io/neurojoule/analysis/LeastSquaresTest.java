package io.neurojoule.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LeastSquaresTest {
    @Test
    void agreesWithAWorkedExample() {
        double[][] x = {{1, 2}, {2, 1}, {3, 5}};
        double[] y = {3, 5, 5};

        LeastSquares fit = LeastSquares.of(x, y).orElseThrow();

        // X'X = (14 19; 19 30), X'y = (28 36), det = 59: b = (156/59, -28/59).
        assertThat(fit.coefficients()[0]).isCloseTo(156 / 59.0, within(1e-12));
        assertThat(fit.coefficients()[1]).isCloseTo(-28 / 59.0, within(1e-12));
        // RSS = y'y - b'X'y = 59 - (156*28 - 28*36)/59 = 121/59; one degree of freedom.
        assertThat(fit.standardErrors()[0]).isCloseTo(Math.sqrt(121 / 59.0 * 30 / 59), within(1e-12));
        assertThat(fit.standardErrors()[1]).isCloseTo(Math.sqrt(121 / 59.0 * 14 / 59), within(1e-12));
        assertThat(fit.leastAngleSine()).isCloseTo(Math.sqrt(59 / (14.0 * 30)), within(1e-12));
        assertThat(fit.freedoms()).isEqualTo(1);
    }

    @Test
    void theIntervalHoldsTheTruthInNineteenOfTwentyCases() {
        int held = 0;
        int cases = 2000;
        for (int seed = 0; seed < cases; seed++) {
            Random random = new Random(seed);
            double[][] x = new double[8][3];
            double[] y = new double[8];
            for (int i = 0; i < 8; i++) {
                for (int j = 0; j < 3; j++) {
                    x[i][j] = random.nextDouble();
                    y[i] += 10 * (j + 1) * x[i][j];
                }
                y[i] += random.nextGaussian();
            }
            LeastSquares fit = LeastSquares.of(x, y).orElseThrow();
            held += Math.abs(fit.coefficients()[1] - 20) <= fit.halfWidth(1) ? 1 : 0;
        }
        // Binomial, n = 2000, p = 0.95: five standard deviations are 2.4 %.
        assertThat(held / (double) cases).isCloseTo(0.95, within(0.025));
    }

    /// Errors of either sign up to each bound: the worst of all combinations is the bound, no less and no more.
    @Test
    void theBoundOfACoefficientIsTheWorstThatBoundedErrorsCanDo() {
        Random random = new Random(7);
        for (int seed = 0; seed < 50; seed++) {
            double[][] x = new double[5][2];
            double[] y = new double[5];
            double[] bounds = new double[5];
            for (int i = 0; i < 5; i++) {
                x[i] = new double[] {random.nextDouble(), random.nextDouble()};
                y[i] = 100 * x[i][0] + 20 * x[i][1];
                bounds[i] = random.nextDouble();
            }
            double worst = 0;
            for (int signs = 0; signs < 32; signs++) {
                double[] off = y.clone();
                for (int i = 0; i < 5; i++) {
                    off[i] += ((signs >> i & 1) == 0 ? -1 : 1) * bounds[i];
                }
                worst = Math.max(
                        worst, Math.abs(LeastSquares.of(x, off).orElseThrow().coefficients()[0] - 100));
            }
            assertThat(LeastSquares.of(x, y).orElseThrow().bound(0, bounds)).isCloseTo(worst, withinPercentage(1e-6));
        }
    }

    @Test
    void columnsThatDependOnEachOtherAreRefusedOrShowASmallAngle() {
        assertThat(LeastSquares.of(new double[][] {{1, 2}, {2, 4}, {3, 6}}, new double[] {1, 2, 3}))
                .isEmpty();
        assertThat(LeastSquares.of(new double[][] {{1, 0}, {2, 0}, {3, 0}}, new double[] {1, 2, 3}))
                .isEmpty();
        double[][] almost = {{1, 2}, {2, 4.01}, {3, 6}};
        assertThat(LeastSquares.of(almost, new double[] {1, 2, 3}).orElseThrow().leastAngleSine())
                .isLessThan(0.01);
    }
}
