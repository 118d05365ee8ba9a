package io.neurojoule.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.OptionalDouble;

/// Numbers as people read them: rounded, with SI prefix and unit. The only place that rounds.
public final class Format {
    /// What stands where there is no figure.
    public static final String ABSENT = "–";

    private static final MathContext FIGURES = new MathContext(4, RoundingMode.HALF_EVEN);
    private static final MathContext SHARE = new MathContext(2, RoundingMode.HALF_EVEN);
    private static final MathContext RATIO = new MathContext(3, RoundingMode.HALF_EVEN);
    private static final String[] PREFIXES = {"a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E"};
    private static final int NO_PREFIX = 6;

    private Format() {}

    /// At most four significant digits with SI prefix and unit, e.g. `31.2 mJ`; `10.9 k` with an empty unit.
    ///
    /// @throws IllegalArgumentException if the value is not finite
    public static String quantity(double value, String unit) {
        BigDecimal rounded = round(value, FIGURES);
        if (rounded.signum() == 0) {
            return withUnit("0", unit);
        }
        int exponent = rounded.precision() - rounded.scale() - 1;
        int index = NO_PREFIX + Math.floorDiv(exponent, 3);
        if (index < 0 || index >= PREFIXES.length) {
            return withUnit(rounded.stripTrailingZeros().toString(), unit);
        }
        BigDecimal scaled = rounded.scaleByPowerOfTen(-3 * (index - NO_PREFIX));
        return withUnit(plain(scaled), PREFIXES[index] + unit);
    }

    /// As [#quantity(double,String)]; [#ABSENT] when there is no value.
    public static String quantity(OptionalDouble value, String unit) {
        return value.isPresent() ? quantity(value.getAsDouble(), unit) : ABSENT;
    }

    /// A share as per cent with two significant digits, e.g. `1.1 %`.
    /// A load's label as people say it: `c8` is `8 in flight`, `r0.5` is `0.5/s`.
    static String load(String label) {
        String amount = label.substring(1);
        return label.startsWith("r") ? amount + "/s" : amount + " in flight";
    }

    public static String percent(double fraction) {
        return plain(round(fraction * 100, SHARE)) + " %";
    }

    /// A ratio with three significant digits, e.g. `10.9×`.
    public static String ratio(double value) {
        return plain(round(value, RATIO)) + "×";
    }

    /// A plain number with at most four significant digits and no prefix, e.g. `0.9987`.
    public static String number(double value) {
        return plain(round(value, FIGURES));
    }

    /// As [#number(double)]; [#ABSENT] when there is no value.
    public static String number(OptionalDouble value) {
        return value.isPresent() ? number(value.getAsDouble()) : ABSENT;
    }

    private static BigDecimal round(double value, MathContext digits) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("not a finite number: " + value);
        }
        return BigDecimal.valueOf(value).round(digits);
    }

    private static String plain(BigDecimal value) {
        return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
    }

    private static String withUnit(String number, String unit) {
        return unit.isEmpty() ? number : number + " " + unit;
    }
}
