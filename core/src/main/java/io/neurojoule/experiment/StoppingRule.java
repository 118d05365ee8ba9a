package io.neurojoule.experiment;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import java.util.Set;
import java.util.stream.Collectors;

/// When a cell has been repeated often enough: its 95 % interval is narrow.
public final class StoppingRule {
    private StoppingRule() {}

    /// The cells that a further repeat may help: those with a figure at the headline boundary whose interval is still
    /// wider than asked to one side.
    ///
    /// @param halfWidth as a fraction of the figure
    public static Set<String> unsettled(ExperimentResult result, double halfWidth) {
        return result.rows().stream()
                .filter(row -> row.scope() == ResultRow.Scope.BOUNDARY
                        && row.name().equals(result.run().headline())
                        && row.joulesPerElement().isPresent()
                        && !isNarrow(row, halfWidth))
                .map(ResultRow::cellId)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static boolean isNarrow(ResultRow row, double halfWidth) {
        if (row.joulesPerElementLow().isEmpty() || row.joulesPerElementHigh().isEmpty()) {
            return false;
        }
        double half = (row.joulesPerElementHigh().getAsDouble()
                        - row.joulesPerElementLow().getAsDouble())
                / 2;
        return half <= halfWidth * Math.abs(row.joulesPerElement().getAsDouble());
    }
}
