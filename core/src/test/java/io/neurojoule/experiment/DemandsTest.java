package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.Quality;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/// Gates and thresholds, on one cell of 2 mJ per frame [1.9, 2.1] whose quality the test sets.
class DemandsTest {
    private static final OptionalDouble NONE = OptionalDouble.empty();

    private static Experiment experiment(String demands) {
        return ExperimentFile.parse("""
                version: 1
                name: net
                model: {name: net}
                targets: {cpu: {workload: {adapter: command, command: [x]}}}
                """ + demands, "e.yaml");
    }

    private static ExperimentResult result(Quality quality, OptionalDouble joulesPerElement) {
        ResultRow row = new ResultRow(
                "cpu-fp32-b8",
                "cpu",
                "net",
                "fp32",
                8,
                ResultRow.Scope.BOUNDARY,
                "compute",
                joulesPerElement.isPresent() ? Basis.MEASURED : Basis.UNAVAILABLE,
                3,
                OptionalDouble.of(30),
                Optional.of(1000L),
                NONE,
                OptionalDouble.of(40),
                joulesPerElement,
                joulesPerElement.isPresent() ? OptionalDouble.of(1.9e-3) : NONE,
                joulesPerElement.isPresent() ? OptionalDouble.of(2.1e-3) : NONE,
                NONE,
                NONE,
                NONE,
                NONE,
                NONE,
                Optional.empty(),
                OptionalDouble.of(20_000),
                NONE,
                NONE,
                NONE,
                NONE,
                NONE,
                joulesPerElement.isPresent() ? Optional.empty() : Optional.of("the counter was reset"),
                "c1");
        CellResult cell = new CellResult(
                "cpu-fp32-b8",
                "cpu",
                "fp32",
                8,
                "measured",
                Optional.empty(),
                NONE,
                NONE,
                NONE,
                NONE,
                NONE,
                Optional.empty(),
                OptionalLong.empty(),
                Map.of(),
                Map.of(),
                quality);
        return new ExperimentResult(
                1,
                "test",
                new ExperimentResult.RunSummary(
                        "net", "", "", "", "", "frame", false, "compute", "", Map.of(), Map.of()),
                Map.of("compute", List.of("rapl:package-0")),
                List.of(row),
                List.of(cell),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }

    private static ExperimentResult check(String demands, Quality quality) {
        return Demands.check(experiment(demands), result(quality, OptionalDouble.of(2e-3)));
    }

    private static Quality quality(double drift, double foreign, double cv, long throttles) {
        return new Quality(
                OptionalDouble.of(drift),
                OptionalDouble.of(foreign),
                OptionalDouble.of(0),
                OptionalDouble.of(cv),
                OptionalLong.of(throttles));
    }

    @Test
    void aCellWithinItsGatesHasNoFinding() {
        ExperimentResult result = check(
                "gates: {idle_drift: 3%, foreign_cpu: 2%, repeat_cv: 2%, throttled: false}",
                quality(0.03, 0.01, 0.02, 0));

        assertThat(result.findings()).isEmpty();
        assertThat(Demands.violatesGate(result)).isFalse();
    }

    @Test
    void eachViolatedGateMarksTheCellAndKeepsItsFigure() {
        ExperimentResult result = check(
                "gates: {idle_drift: 3%, foreign_cpu: 2%, repeat_cv: 2%, throttled: false}",
                quality(0.031, 0.021, 0.021, 1));

        assertThat(result.findings())
                .extracting(Finding::code)
                .containsExactly("gate-idle-drift", "gate-foreign-cpu", "gate-repeat-cv", "gate-throttled");
        assertThat(result.findings())
                .allSatisfy(finding -> assertThat(finding.cellId()).contains("cpu-fp32-b8"));
        assertThat(result.rows().getFirst().joulesPerElement()).hasValue(2e-3);
        assertThat(Demands.violatesGate(result)).isTrue();
    }

    @Test
    void aGateThatCannotBeCheckedIsNotPassed() {
        ExperimentResult result = check("gates: {throttled: false, foreign_cpu: 2%}", Quality.UNKNOWN);

        assertThat(result.findings())
                .hasSize(2)
                .allSatisfy(finding -> assertThat(finding.message()).contains("could not be checked"));
        assertThat(Demands.violatesGate(result)).isTrue();
    }

    @Test
    void aThresholdIsComparedInItsUnitAndOnlyForTheCellsItNames() {
        assertThat(check("thresholds: ['cells[target=cpu,batch=8].joules_per_element < 2.5mJ']", Quality.UNKNOWN)
                        .findings())
                .isEmpty();
        assertThat(check("thresholds: ['cells[batch>8].j_per_element < 1uJ']", Quality.UNKNOWN)
                        .findings())
                .isEmpty();
        assertThat(check("thresholds: ['cells.elements_per_second >= 20k']", Quality.UNKNOWN)
                        .findings())
                .isEmpty();

        ExperimentResult missed = check("thresholds: ['cells.j_per_element < 2000uJ']", Quality.UNKNOWN);

        assertThat(missed.findings()).extracting(Finding::code).containsExactly("threshold-exceeded");
        assertThat(missed.findings().getFirst().message()).contains("0.002000 J", "2000uJ");
        assertThat(Demands.exceedsThreshold(missed)).isTrue();
        assertThat(Demands.violatesGate(missed)).isFalse();
    }

    @Test
    void aFigureThatIsNotThereDoesNotKeepToAThreshold() {
        ExperimentResult result = Demands.check(
                experiment("thresholds: ['cells.joules_per_element < 1J']"), result(Quality.UNKNOWN, NONE));

        assertThat(result.findings().getFirst().message()).contains("no such figure", "the counter was reset");
        assertThat(Demands.exceedsThreshold(result)).isTrue();
    }

    @Test
    void aThresholdThatCannotBeReadSaysWhyAndWhere() {
        assertThatThrownBy(() -> experiment("thresholds: ['joules < 1']"))
                .hasMessageContaining("e.yaml:5:14")
                .hasMessageContaining("write e.g.");
        assertThatThrownBy(() -> experiment("thresholds: ['cells.joules_per_elment < 1mJ']"))
                .hasMessageContaining("did you mean 'joules_per_element'?");
        assertThatThrownBy(() -> experiment("thresholds: ['cells.watts < 1mJ']"))
                .hasMessageContaining("'mJ' is no W");
        assertThatThrownBy(() -> experiment("thresholds: ['cells[bach=1].watts < 1W']"))
                .hasMessageContaining("unknown field 'bach'");
    }

    @Test
    void aCellIsSettledWhenItsIntervalIsNarrowOrItHasNoFigure() {
        ExperimentResult fivePerCent = result(Quality.UNKNOWN, OptionalDouble.of(2e-3));

        assertThat(StoppingRule.unsettled(fivePerCent, 0.051)).isEmpty();
        assertThat(StoppingRule.unsettled(fivePerCent, 0.049)).containsExactly("cpu-fp32-b8");
        assertThat(StoppingRule.unsettled(result(Quality.UNKNOWN, NONE), 0.01)).isEmpty();
    }
}
