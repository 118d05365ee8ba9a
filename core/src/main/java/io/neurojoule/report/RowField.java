package io.neurojoule.report;

import io.neurojoule.analysis.ResultRow;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/// One column of the results, the same in every format.
///
/// @param name   snake_case name in CSV, JSON and HTML
/// @param unit   SI unit of a figure, empty for text and plain counts
/// @param figure whether it is shown rounded to people
/// @param value  a String, Integer, Long or Double; empty when absent
record RowField(String name, String unit, boolean figure, Function<ResultRow, Optional<Object>> value) {
    /// All columns in the order of `results.csv`.
    static final List<RowField> ALL = List.of(
            plain("cell_id", ResultRow::cellId),
            plain("target", ResultRow::target),
            plain("model", ResultRow::model),
            plain("precision", ResultRow::precision),
            plain("batch", ResultRow::batch),
            plain("scope", row -> row.scope().name().toLowerCase(Locale.ROOT)),
            plain("name", ResultRow::name),
            plain("basis", row -> row.basis().name()),
            plain("repeats", ResultRow::repeats),
            figure("seconds", "s", ResultRow::seconds),
            new RowField("elements", "", true, row -> row.elements().map(count -> count)),
            figure("joules", "J", ResultRow::joules),
            figure("watts", "W", ResultRow::watts),
            figure("joules_per_element", "J", ResultRow::joulesPerElement),
            figure("joules_per_element_low", "J", ResultRow::joulesPerElementLow),
            figure("joules_per_element_high", "J", ResultRow::joulesPerElementHigh),
            figure("bound_joules_per_element", "J", ResultRow::boundJoulesPerElement),
            figure("above_idle_joules", "J", ResultRow::aboveIdleJoules),
            figure("above_idle_joules_per_element", "J", ResultRow::aboveIdleJoulesPerElement),
            figure("above_idle_joules_per_element_low", "J", ResultRow::aboveIdleJoulesPerElementLow),
            figure("above_idle_joules_per_element_high", "J", ResultRow::aboveIdleJoulesPerElementHigh),
            new RowField(
                    "above_idle_basis", "", false, row -> row.aboveIdleBasis().map(Enum::name)),
            figure("elements_per_second", "/s", ResultRow::elementsPerSecond),
            figure("elements_per_second_low", "/s", ResultRow::elementsPerSecondLow),
            figure("elements_per_second_high", "/s", ResultRow::elementsPerSecondHigh),
            figure("latency_p50_seconds", "s", ResultRow::latencyP50Seconds),
            figure("latency_p90_seconds", "s", ResultRow::latencyP90Seconds),
            figure("latency_p99_seconds", "s", ResultRow::latencyP99Seconds),
            new RowField("reason", "", false, row -> row.reason().map(text -> text)));

    private static RowField plain(String name, Function<ResultRow, Object> value) {
        return new RowField(name, "", false, row -> Optional.of(value.apply(row)));
    }

    private static RowField figure(String name, String unit, Function<ResultRow, OptionalDouble> value) {
        return new RowField(name, unit, true, row -> {
            OptionalDouble number = value.apply(row);
            return number.isPresent() ? Optional.of(number.getAsDouble()) : Optional.empty();
        });
    }

    /// The value with all its digits; empty text when absent.
    String exact(ResultRow row) {
        return value.apply(row).map(Object::toString).orElse("");
    }

    /// The value as people read it.
    String readable(ResultRow row) {
        Optional<Object> present = value.apply(row);
        if (present.isEmpty()) {
            return Format.ABSENT;
        }
        return figure && present.get() instanceof Number number
                ? Format.quantity(number.doubleValue(), unit)
                : present.get().toString();
    }
}
