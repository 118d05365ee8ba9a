package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.ExperimentResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Not a [ReportFormatContract]: its lines are layers and not rows of the result.
class LayersReportTest {
    @Test
    void everyLayerHasALineAndAnAbsentFigureIsAnEmptyField() throws IOException {
        String actual = write(MadeResult.result());

        Path golden = Path.of("src/test/resources/golden/layers.csv");
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(golden, actual);
        }
        assertThat(actual).isEqualTo(Files.readString(golden)).contains("0.2,0.00624,MODELLED,,,,\n");
    }

    @Test
    void aResultWithoutLayersHasItsHeadingOnly() throws IOException {
        assertThat(write(MadeResult.with(List.of())).lines()).containsExactly(String.join(",", LayersReport.COLUMNS));
    }

    private static String write(ExperimentResult result) throws IOException {
        StringBuilder out = new StringBuilder();
        new LayersReport().write(new Report(result, List.of(), List.of()), out);
        return out.toString();
    }
}
