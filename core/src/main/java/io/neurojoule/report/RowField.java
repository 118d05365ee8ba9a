package io.neurojoule.report;

import io.neurojoule.analysis.PhaseRow;
import io.neurojoule.analysis.ResultRow;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/// One column of the results, the same in every format.
///
/// @param <R>    what the rows are
/// @param name   snake_case name in CSV, JSON and HTML
/// @param unit   SI unit of a figure, empty for text and plain counts
/// @param figure whether it is shown rounded to people
/// @param value  a String, Integer, Long or Double; empty when absent
record RowField<R>(String name, String unit, boolean figure, Function<R, Optional<Object>> value) {
    /// All columns in the order of `results.csv`.
    static final List<RowField<ResultRow>> ALL = List.of(
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
            new RowField<>("elements", "", true, row -> row.elements().map(count -> count)),
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
            new RowField<>(
                    "above_idle_basis", "", false, row -> row.aboveIdleBasis().map(Enum::name)),
            figure("elements_per_second", "/s", ResultRow::elementsPerSecond),
            figure("elements_per_second_low", "/s", ResultRow::elementsPerSecondLow),
            figure("elements_per_second_high", "/s", ResultRow::elementsPerSecondHigh),
            figure("latency_p50_seconds", "s", ResultRow::latencyP50Seconds),
            figure("latency_p90_seconds", "s", ResultRow::latencyP90Seconds),
            figure("latency_p99_seconds", "s", ResultRow::latencyP99Seconds),
            new RowField<>("reason", "", false, row -> row.reason().map(text -> text)),
            plain("load", ResultRow::load));

    /// All columns in the order of `phases.csv`.
    static final List<RowField<PhaseRow>> PHASES = List.of(
            plain("cell_id", PhaseRow::cellId),
            plain("target", PhaseRow::target),
            plain("precision", PhaseRow::precision),
            plain("batch", PhaseRow::batch),
            plain("phase", PhaseRow::phase),
            plain("method", row -> row.method().name().toLowerCase(Locale.ROOT)),
            plain("basis", row -> row.basis().name()),
            plain("windows", PhaseRow::windows),
            figure("seconds", "s", PhaseRow::seconds),
            new RowField<>("occurrences", "", true, row -> row.occurrences().map(count -> count)),
            figure("joules", "J", PhaseRow::joules),
            figure("watts", "W", PhaseRow::watts),
            figure("watts_standard_error", "W", PhaseRow::wattsStandardError),
            figure("joules_per_occurrence", "J", PhaseRow::joulesPerOccurrence),
            figure("joules_per_element", "J", PhaseRow::joulesPerElement),
            figure("joules_per_element_low", "J", PhaseRow::joulesPerElementLow),
            figure("joules_per_element_high", "J", PhaseRow::joulesPerElementHigh),
            figure("bound_joules_per_element", "J", PhaseRow::boundJoulesPerElement),
            new RowField<>("reason", "", false, row -> row.reason().map(text -> text)));

    private static <R> RowField<R> plain(String name, Function<R, Object> value) {
        return new RowField<>(name, "", false, row -> Optional.of(value.apply(row)));
    }

    private static <R> RowField<R> figure(String name, String unit, Function<R, OptionalDouble> value) {
        return new RowField<>(name, unit, true, row -> {
            OptionalDouble number = value.apply(row);
            return number.isPresent() ? Optional.of(number.getAsDouble()) : Optional.empty();
        });
    }

    /// The value with all its digits; empty text when absent.
    String exact(R row) {
        return value.apply(row).map(Object::toString).orElse("");
    }

    /// The value as people read it.
    String readable(R row) {
        Optional<Object> present = value.apply(row);
        if (present.isEmpty()) {
            return Format.ABSENT;
        }
        return figure && present.get() instanceof Number number
                ? Format.quantity(number.doubleValue(), unit)
                : present.get().toString();
    }
}
