package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FormatTest {
    @Test
    void aFigureHasAPrefixAndAtMostFourDigits() {
        assertThat(Format.quantity(0.0312, "J")).isEqualTo("31.2 mJ");
        assertThat(Format.quantity(10_900, "")).isEqualTo("10.9 k");
        assertThat(Format.quantity(0.00331234, "J")).isEqualTo("3.312 mJ");
        assertThat(Format.quantity(-12.5e-6, "J")).isEqualTo("-12.5 µJ");
        assertThat(Format.quantity(0, "W")).isEqualTo("0 W");
        assertThat(Format.quantity(340, "W")).isEqualTo("340 W");
    }

    @Test
    void roundingUpMovesToTheNextPrefix() {
        assertThat(Format.quantity(999.96, "W")).isEqualTo("1 kW");
        assertThat(Format.quantity(0.99999e-3, "s")).isEqualTo("1 ms");
    }

    @Test
    void whatNoPrefixReachesKeepsItsPowerOfTen() {
        assertThat(Format.quantity(1.5e-30, "J")).isEqualTo("1.5E-30 J");
        assertThat(Format.quantity(1.5e30, "J")).isEqualTo("1.5E+30 J");
    }

    @Test
    void anAbsentFigureIsADashAndANumberThatIsNoneIsABug() {
        assertThat(Format.quantity(OptionalDouble.empty(), "J")).isEqualTo("–");
        assertThatThrownBy(() -> Format.quantity(Double.NaN, "J")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void roundingNeverMovesAFigureByMoreThanHalfOfItsFourthDigit() {
        String prefixes = "afpnµm kMGTPE";
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            double value = random.nextDouble(1, 10) * Math.pow(10, random.nextInt(-15, 18));

            String[] parts = Format.quantity(value, "J").split(" ", 2);

            String prefix = parts[1].length() == 1 ? " " : parts[1].substring(0, 1);
            double back = Double.parseDouble(parts[0]) * Math.pow(1000, prefixes.indexOf(prefix) - 6);
            assertThat(Math.abs(back / value - 1))
                    .as("seed %d: %s", seed, value)
                    .isLessThan(5.0001e-4);
        }
    }
}
