package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictTest {
    @Test
    void theSentenceNamesARatioOnlyWhereTheIntervalsAreApart() {
        assertThat(sentence(row(1, 0.030, 0.01), row(64, 0.003, 0.01)))
                .isEqualTo("Batch 64 fp32 uses 10× less energy per frame than batch 1 fp32; basis MEASURED.");
        assertThat(sentence(row(1, 0.030, 0.1), row(64, 0.029, 0.1)))
                .isEqualTo(
                        "Batch 64 fp32 is not distinguishable from batch 1 fp32 in energy per frame; basis MEASURED.");
        assertThat(sentence(row(1, 0.030, 0.1), row(64, 0.003, 0.1), row(128, 0.0029, 0.1)))
                .endsWith("; not distinguishable from batch 64 fp32.");
    }

    @Test
    void oneFigureAloneMakesNoSentence() {
        assertThat(Verdict.of(MadeResult.with(List.of(row(1, 0.03, 0.01)))).sentence())
                .isEmpty();
    }

    private static ResultRow row(int batch, double joules, double spread) {
        return MadeResult.row(
                "c" + batch, "cpu", "fp32", batch, ResultRow.Scope.BOUNDARY, "compute", Basis.MEASURED, joules, spread);
    }

    private static String sentence(ResultRow... rows) {
        return Verdict.of(MadeResult.with(List.of(rows))).sentence().orElseThrow();
    }
}
