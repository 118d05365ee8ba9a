package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextReportTest extends ReportFormatContract {
    @Override
    protected ReportFormat format() {
        return new TextReport();
    }

    @Test
    void whatLiesInAnotherBoundaryIsOneLineFromItsLeastToItsGreatestFigure() throws IOException {
        StringBuilder out = new StringBuilder();

        TextReport.write(
                MadeResult.with(List.of(
                        beside("c1", "compute", Basis.MEASURED, 0.5),
                        beside("c1", "rest", Basis.DERIVED, 0.02),
                        beside("c2", "rest", Basis.ESTIMATED, 0.01),
                        beside("c1", "node", Basis.UNAVAILABLE, 1))),
                out);

        assertThat(out.toString().lines())
                .contains("  boundary rest: 340 W, 10 mJ to 20 mJ/frame, DERIVED or ESTIMATED")
                .noneMatch(line -> line.startsWith("  boundary node") || line.startsWith("  boundary compute"));
    }

    private static ResultRow beside(String cell, String boundary, Basis basis, double joules) {
        return MadeResult.row(cell, "cpu", "fp32", 1, ResultRow.Scope.BOUNDARY, boundary, basis, joules, 0.01);
    }
}
