package io.neurojoule.experiment;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.Severity;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// What an experiment demands of its result: gates on how well each cell was measured, thresholds on its figures.
///
/// A violated demand marks the cell and never deletes its figure.
public final class Demands {
    /// What the code of every violated gate begins with.
    public static final String GATE = "gate-";

    private Demands() {}

    /// The result with a finding for each cell and demand that it does not meet.
    public static ExperimentResult check(Experiment experiment, ExperimentResult result) {
        List<Finding> findings = new ArrayList<>();
        Experiment.Gates gates = experiment.gates();
        for (CellResult cell : result.cells()) {
            if (cell.status().equals("measured")) {
                limit(
                        gates.idleDrift(),
                        cell.quality().idleDrift(),
                        "idle-drift",
                        "idle power drifts by",
                        cell,
                        findings);
                limit(
                        gates.foreignCpu(),
                        cell.quality().foreignCpu(),
                        "foreign-cpu",
                        "other processes use of the processors",
                        cell,
                        findings);
                limit(gates.repeatCv(), cell.quality().repeatCv(), "repeat-cv", "repeats vary by", cell, findings);
                throttled(gates, cell, findings);
            }
        }
        experiment.thresholds().forEach(threshold -> findings.addAll(threshold.check(result)));
        return result.withFindings(findings);
    }

    private static void limit(
            OptionalDouble most,
            OptionalDouble found,
            String name,
            String what,
            CellResult cell,
            List<Finding> findings) {
        if (most.isEmpty()) {
            return;
        }
        if (found.isEmpty()) {
            findings.add(unchecked(name, cell));
        } else if (found.getAsDouble() > most.getAsDouble()) {
            findings.add(Finding.of(
                            GATE + name,
                            Severity.WARNING,
                            "%s %s; the gate allows %s"
                                    .formatted(what, percent(found.getAsDouble()), percent(most.getAsDouble())))
                    .inCell(cell.cellId()));
        }
    }

    private static void throttled(Experiment.Gates gates, CellResult cell, List<Finding> findings) {
        if (gates.throttled().isEmpty() || gates.throttled().get()) {
            return;
        }
        if (cell.quality().throttleEvents().isEmpty()) {
            findings.add(unchecked("throttled", cell));
        } else if (cell.quality().throttleEvents().getAsLong() > 0) {
            findings.add(Finding.of(
                            GATE + "throttled",
                            Severity.WARNING,
                            "processors were throttled %d times because of heat; the gate allows none"
                                    .formatted(cell.quality().throttleEvents().getAsLong()))
                    .inCell(cell.cellId()));
        }
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(share)
                        .movePointRight(2)
                        .round(new MathContext(2))
                        .stripTrailingZeros()
                        .toPlainString()
                + " %";
    }

    /// A gate that cannot be checked is not passed.
    private static Finding unchecked(String name, CellResult cell) {
        return Finding.of(
                        GATE + name,
                        Severity.WARNING,
                        "the gate could not be checked: this machine or method does not tell; take the gate out to go"
                                + " without")
                .inCell(cell.cellId());
    }

    /// Whether a gate was violated.
    public static boolean violatesGate(ExperimentResult result) {
        return result.findings().stream().anyMatch(finding -> finding.code().startsWith(GATE));
    }

    /// Whether a threshold was missed.
    public static boolean exceedsThreshold(ExperimentResult result) {
        return result.findings().stream().anyMatch(finding -> finding.code().equals(Threshold.CODE));
    }
}
