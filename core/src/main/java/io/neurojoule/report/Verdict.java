package io.neurojoule.report;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// What the figures at the headline boundary say when put into one sentence.
///
/// @param headline rows at the headline boundary, in order of the result
/// @param best     the cell with the least energy per element
/// @param sentence empty when fewer than two cells have a figure
record Verdict(List<ResultRow> headline, Optional<ResultRow> best, Optional<String> sentence) {
    /// Below this agreement the sentence says that the outputs differ.
    private static final double SAME_OUTPUT = 0.99;

    /// Label of the load that goes without saying.
    static final String ONE_AFTER_ANOTHER = "c1";

    static Verdict of(ExperimentResult result) {
        List<ResultRow> headline = result.rows().stream()
                .filter(row -> row.scope() == ResultRow.Scope.BOUNDARY
                        && row.name().equals(result.run().headline()))
                .toList();
        List<ResultRow> ranked = headline.stream()
                .filter(Verdict::available)
                .sorted(Comparator.comparingDouble(row -> row.joulesPerElement().orElseThrow()))
                .toList();
        if (ranked.size() < 2) {
            return new Verdict(headline, ranked.stream().findFirst(), Optional.empty());
        }
        return new Verdict(headline, Optional.of(ranked.getFirst()), Optional.of(sentence(result, ranked)));
    }

    static boolean available(ResultRow row) {
        return row.basis() != Basis.UNAVAILABLE && row.joulesPerElement().isPresent();
    }

    /// Half the interval as a fraction of the value.
    /// How far the figure may be off because of the source, as a fraction: for an estimate this is what it is worth.
    static OptionalDouble bound(ResultRow row) {
        return row.boundJoulesPerElement().isPresent()
                        && row.joulesPerElement().isPresent()
                        && row.joulesPerElement().getAsDouble() > 0
                ? OptionalDouble.of(row.boundJoulesPerElement().getAsDouble()
                        / row.joulesPerElement().getAsDouble())
                : OptionalDouble.empty();
    }

    static OptionalDouble spread(ResultRow row) {
        if (row.joulesPerElement().isEmpty()
                || row.joulesPerElementLow().isEmpty()
                || row.joulesPerElementHigh().isEmpty()
                || row.joulesPerElement().getAsDouble() == 0) {
            return OptionalDouble.empty();
        }
        double width = row.joulesPerElementHigh().getAsDouble()
                - row.joulesPerElementLow().getAsDouble();
        return OptionalDouble.of(Math.abs(width / 2 / row.joulesPerElement().getAsDouble()));
    }

    private static String sentence(ExperimentResult result, List<ResultRow> ranked) {
        ResultRow best = ranked.getFirst();
        ResultRow second = ranked.get(1);
        ResultRow most = ranked.getLast();
        String element = result.run().element();
        boolean targets = ranked.stream().map(ResultRow::target).distinct().count() > 1;
        StringBuilder text = new StringBuilder(capital(label(result.run(), best, targets)));
        double least = best.joulesPerElement().orElseThrow();
        if (overlap(best, most)) {
            text.append(" is not distinguishable from ")
                    .append(label(result.run(), most, targets))
                    .append(" in energy per ")
                    .append(element);
        } else if (least > 0) {
            text.append(" uses ")
                    .append(Format.ratio(most.joulesPerElement().orElseThrow() / least))
                    .append(" less energy per ")
                    .append(element)
                    .append(" than ")
                    .append(label(result.run(), most, targets));
        } else {
            text.append(" uses the least energy per ").append(element);
        }
        text.append("; basis ").append(best.basis().and(most.basis()));
        if (ranked.size() > 2 && overlap(best, second)) {
            text.append("; not distinguishable from ").append(label(result.run(), second, targets));
        }
        if (ranked.stream().noneMatch(row -> row.joulesPerElementLow().isPresent())) {
            text.append("; no interval, as no cell was repeated");
        }
        agreement(result, best)
                .ifPresent(value -> text.append("; its output differs from the first artefact's (agreement ")
                        .append(Format.number(value))
                        .append(")"));
        return text.append('.').toString();
    }

    private static Optional<Double> agreement(ExperimentResult result, ResultRow row) {
        return cell(result, row.cellId()).stream()
                .flatMap(cell -> cell.agreement().stream().boxed())
                .filter(value -> value < SAME_OUTPUT)
                .findFirst();
    }

    static Optional<CellResult> cell(ExperimentResult result, String cellId) {
        return result.cells().stream()
                .filter(cell -> cell.cellId().equals(cellId))
                .findFirst();
    }

    /// Whether interval and bound together leave open which of the two is smaller; `a` has the smaller figure.
    private static boolean overlap(ResultRow a, ResultRow b) {
        double high = a.joulesPerElementHigh().orElse(a.joulesPerElement().orElseThrow())
                + a.boundJoulesPerElement().orElse(0);
        double low = b.joulesPerElementLow().orElse(b.joulesPerElement().orElseThrow())
                - b.boundJoulesPerElement().orElse(0);
        return high >= low;
    }

    static String label(ExperimentResult.RunSummary run, ResultRow row, boolean withTarget) {
        String label = "batch " + row.batch() + " " + row.precision()
                + (row.load().equals(ONE_AFTER_ANOTHER) ? "" : " at " + Format.load(row.load()));
        return withTarget ? label + " on " + run.label(row.target()) : label;
    }

    /// The batch of a cell, and its load where that is not one step after another.
    static String batch(ExperimentResult result, String cellId, int batch) {
        return batch
                + result.rows().stream()
                        .filter(row ->
                                row.cellId().equals(cellId) && !row.load().equals(ONE_AFTER_ANOTHER))
                        .findFirst()
                        .map(row -> " (" + Format.load(row.load()) + ")")
                        .orElse("");
    }

    static String capital(String text) {
        return text.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + text.substring(1);
    }
}
