package io.neurojoule.experiment;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.Severity;
import io.neurojoule.plugin.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a figure of some cells must keep to, e.g. `cells[target=cpu,batch=1].joules_per_element < 1mJ`.
///
/// A figure is that of the headline boundary; its point value is compared. A cell without the figure does not keep to
/// the threshold, as nobody knows.
///
/// @param text  as written
/// @param field as in `results.csv`
/// @param sign  `<`, `<=`, `>` or `>=`
/// @param value in the unit of the field
public record Threshold(String text, Selection cells, String field, String sign, double value) {
    /// What a cell that misses a threshold is found to be.
    public static final String CODE = "threshold-exceeded";

    private static final Pattern FORM = Pattern.compile(
            "cells(?:\\[([^\\]]+)\\])?\\.(\\w+)\\s*(<=|>=|<|>)\\s*(\\d[\\d.]*(?:[eE][+-]?\\d+)?)\\s*([A-Za-zµ/]*)");

    private static final Map<String, Double> PREFIXES =
            Map.of("p", 1e-12, "n", 1e-9, "u", 1e-6, "µ", 1e-6, "m", 1e-3, "", 1.0, "k", 1e3, "M", 1e6, "G", 1e9);

    private record Field(String unit, Function<ResultRow, OptionalDouble> figure) {}

    private static final Map<String, Field> FIELDS = fields();

    private static Map<String, Field> fields() {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("joules_per_element", new Field("J", ResultRow::joulesPerElement));
        fields.put("above_idle_joules_per_element", new Field("J", ResultRow::aboveIdleJoulesPerElement));
        fields.put("watts", new Field("W", ResultRow::watts));
        fields.put("elements_per_second", new Field("/s", ResultRow::elementsPerSecond));
        fields.put("latency_p50_seconds", new Field("s", ResultRow::latencyP50Seconds));
        fields.put("latency_p90_seconds", new Field("s", ResultRow::latencyP90Seconds));
        fields.put("latency_p99_seconds", new Field("s", ResultRow::latencyP99Seconds));
        return fields;
    }

    /// @throws IllegalArgumentException if it cannot be read; the message begins with `thresholds`
    public static Threshold parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "thresholds: '%s' is none; write e.g. \"cells[target=cpu,batch=1].joules_per_element < 1mJ\""
                            .formatted(text));
        }
        String name = matcher.group(2).equals("j_per_element") ? "joules_per_element" : matcher.group(2);
        Field field = FIELDS.get(name);
        if (field == null) {
            throw new IllegalArgumentException("thresholds: no figure '%s'%s"
                    .formatted(
                            name,
                            Spelling.suggest(name, FIELDS.keySet())
                                    .map(near -> "; did you mean '" + near + "'?")
                                    .orElse("; there are " + String.join(", ", FIELDS.keySet()))));
        }
        Selection cells;
        try {
            cells = matcher.group(1) == null ? Selection.ALL : Selection.parse(matcher.group(1));
        } catch (ExperimentException e) {
            throw new IllegalArgumentException(
                    "thresholds: " + String.valueOf(e.getMessage()).replaceFirst("^--only: ", ""), e);
        }
        return new Threshold(
                text.strip(),
                cells,
                name,
                matcher.group(3),
                number(matcher.group(4), text) * factor(matcher.group(5), field.unit(), text));
    }

    private static double number(String digits, String text) {
        try {
            return Double.parseDouble(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("thresholds: '%s' is no number in '%s'".formatted(digits, text), e);
        }
    }

    private static double factor(String suffix, String unit, String text) {
        String prefix = suffix.endsWith(unit) ? suffix.substring(0, suffix.length() - unit.length()) : suffix;
        Double factor = PREFIXES.get(prefix);
        if (factor == null) {
            throw new IllegalArgumentException(
                    "thresholds: '%s' is no %s with a prefix such as m or k, in '%s'".formatted(suffix, unit, text));
        }
        return factor;
    }

    /// A finding for each cell that does not keep to it.
    List<Finding> check(ExperimentResult result) {
        Field column = Optional.ofNullable(FIELDS.get(field)).orElseThrow();
        List<Finding> findings = new ArrayList<>();
        for (ResultRow row : result.rows()) {
            boolean headline = row.scope() == ResultRow.Scope.BOUNDARY
                    && row.name().equals(result.run().headline());
            if (headline && cells.matches(row.target(), row.precision(), row.batch(), row.load())) {
                OptionalDouble figure = column.figure().apply(row);
                if (figure.isEmpty()) {
                    findings.add(finding(
                            row,
                            "has no such figure"
                                    + row.reason().map(why -> ": " + why).orElse("")));
                } else if (!keeps(figure.getAsDouble())) {
                    findings.add(finding(row, "has %.4g %s".formatted(figure.getAsDouble(), column.unit())));
                }
            }
        }
        return findings;
    }

    private Finding finding(ResultRow row, String what) {
        return Finding.of(CODE, Severity.WARNING, "%s asks for %s; it %s".formatted("the experiment", text, what))
                .inCell(row.cellId());
    }

    private boolean keeps(double figure) {
        return switch (sign) {
            case "<" -> figure < value;
            case "<=" -> figure <= value;
            case ">" -> figure > value;
            default -> figure >= value;
        };
    }
}
