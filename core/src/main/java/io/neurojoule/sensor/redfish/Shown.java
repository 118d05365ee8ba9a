package io.neurojoule.sensor.redfish;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import tools.jackson.databind.JsonNode;

/// Decimal numbers as a document shows them, kept as whole steps of their last decimal.
final class Shown {
    /// Finer than mW and mJ is noise of the controller's own arithmetic.
    private static final int MOST_DECIMALS = 3;

    /// A long has at least 18 digits.
    private static final int MOST_DIGITS = 18;

    private Shown() {}

    /// How many decimals the number shows, 0 to 3; 0 if there is no number.
    static int decimals(JsonNode node) {
        return node.isNumber() ? Math.clamp(node.decimalValue().scale(), 0, MOST_DECIMALS) : 0;
    }

    /// What one step of the last decimal means.
    ///
    /// @param unit what a whole one means, e.g. 3.6e6 for a number in kWh that is to be read in joules
    static double scale(double unit, int decimals) {
        return BigDecimal.valueOf(unit).movePointLeft(decimals).doubleValue();
    }

    /// The number in steps of the last decimal; what shows more decimals than that is rounded.
    ///
    /// @throws IOException if there is no number: a gap, never 0
    static long raw(JsonNode node, int decimals) throws IOException {
        if (node.isMissingNode()) {
            throw new IOException("the answer does not have it");
        }
        if (node.isNull()) {
            throw new IOException("it is null: the controller has no value now");
        }
        if (!node.isNumber()) {
            throw new IOException("it is no number: " + shortened(node.toString()));
        }
        BigDecimal number = node.decimalValue();
        long digits = (long) number.precision() - number.scale() + decimals;
        if (digits > MOST_DIGITS || number.scale() > 100) {
            throw new IOException("it is no number that can be meant: " + shortened(number.toString()));
        }
        return number.setScale(decimals, RoundingMode.HALF_EVEN).unscaledValue().longValueExact();
    }

    private static String shortened(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "…" : text;
    }
}
