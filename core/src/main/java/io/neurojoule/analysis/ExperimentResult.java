package io.neurojoule.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The result of a run as plain data: `results.json`, and what every report is made from.
///
/// @param format         version of the result's layout
/// @param tool           name and version that computed it
/// @param boundaries     members of each boundary, by name, or by `TARGET/NAME` where targets differ; `-` stands before
/// one that
///                       is taken away
/// @param rows           one per cell × (channel or boundary)
/// @param cells          one per planned cell
/// @param phases         where the energy goes inside a step: one per cell × phase × method; empty unless asked for
/// @param layers         of the cells whose network told them
/// @param derived        figures about a cell that follow from others
/// @param missingWindows ids as `cell-id#repeat` of planned `measure` windows that the recording lacks
/// @param observed       how each energy and power channel really behaved
/// @param counterChecks  one per counter × power channel of the same component
public record ExperimentResult(
        int format,
        String tool,
        RunSummary run,
        Map<String, List<String>> boundaries,
        List<ResultRow> rows,
        List<CellResult> cells,
        List<PhaseRow> phases,
        List<LayerResult> layers,
        List<DerivedFigure> derived,
        List<Finding> findings,
        List<String> missingWindows,
        List<Observed> observed,
        List<CounterCheck> counterChecks) {
    public static final int FORMAT = 1;

    public ExperimentResult {
        rows = List.copyOf(rows);
        cells = List.copyOf(cells);
        phases = List.copyOf(phases);
        layers = List.copyOf(layers);
        derived = List.copyOf(derived);
        findings = List.copyOf(findings);
        missingWindows = List.copyOf(missingWindows);
        observed = List.copyOf(observed);
        counterChecks = List.copyOf(counterChecks);
    }

    /// The same result with more findings.
    public ExperimentResult withFindings(List<Finding> more) {
        List<Finding> all = new ArrayList<>(findings);
        all.addAll(more);
        return new ExperimentResult(
                format,
                tool,
                run,
                boundaries,
                rows,
                cells,
                phases,
                layers,
                derived,
                all,
                missingWindows,
                observed,
                counterChecks);
    }

    /// What the headline boundary sums, for people; by target where targets differ. Empty if it sums nothing.
    public String headlineMembers() {
        if (boundaries.containsKey(run.headline)) {
            return String.join(", ", boundaries.getOrDefault(run.headline, List.of()));
        }
        return boundaries.entrySet().stream()
                .filter(boundary -> boundary.getKey().endsWith("/" + run.headline))
                .map(boundary -> run.label(
                                boundary.getKey().substring(0, boundary.getKey().indexOf('/'))) + ": "
                        + String.join(", ", boundary.getValue()))
                .collect(Collectors.joining("; "));
    }

    /// The figure that is quoted first for a cell, if it has a row.
    public Optional<ResultRow> headline(String cellId) {
        return rows.stream()
                .filter(row -> row.cellId().equals(cellId)
                        && row.scope() == ResultRow.Scope.BOUNDARY
                        && row.name().equals(run.headline()))
                .findFirst();
    }

    /// The same result without host and user, for what is published.
    public ExperimentResult anonymous() {
        RunSummary nobody = new RunSummary(
                run.name,
                run.startedAt,
                "",
                "",
                run.cpu,
                run.element,
                run.quick,
                run.headline,
                run.simulated,
                run.labels,
                run.environment);
        return new ExperimentResult(
                format,
                tool,
                nobody,
                boundaries,
                rows,
                cells,
                phases,
                layers,
                derived,
                findings,
                missingWindows,
                observed,
                counterChecks);
    }

    /// Where and when.
    ///
    /// @param startedAt ISO 8601, UTC
    /// @param element   what one element is called, e.g. `frame`
    /// @param quick     short windows: every figure is marked
    /// @param headline  name of the boundary whose figure is quoted first
    /// @param labels    what people call a target, by its name; not every target has one
    public record RunSummary(
            String name,
            String startedAt,
            String host,
            String user,
            String cpu,
            String element,
            boolean quick,
            String headline,
            String simulated,
            Map<String, String> labels,
            Map<String, String> environment) {
        public RunSummary {
            labels = Map.copyOf(labels);
            environment = Map.copyOf(environment);
        }

        /// What people call a target.
        public String label(String target) {
            return labels.getOrDefault(target, target);
        }
    }
}
