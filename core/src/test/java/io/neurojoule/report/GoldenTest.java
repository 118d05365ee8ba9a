package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class GoldenTest {
    @Test
    void csvHasEveryColumnAndDigit() throws IOException {
        StringBuilder out = new StringBuilder();

        CsvReport.write(MadeResult.result(), out);

        golden("results.csv", out.toString());
    }

    @Test
    void jsonHasTheWholeResult() throws IOException {
        StringBuilder out = new StringBuilder();

        JsonReport.write(MadeResult.result(), out);

        golden("results.json", out.toString());
    }

    @Test
    void textShowsEveryCellOnce() throws IOException {
        StringBuilder out = new StringBuilder();

        TextReport.write(MadeResult.result(), out);

        golden("results.txt", out.toString());
    }

    @Test
    void theSchemaNamesExactlyTheFieldsThatRowsHave() throws IOException {
        try (var in = GoldenTest.class.getResourceAsStream("results.schema.json")) {
            assertThat(in).isNotNull();
            JsonNode schema = JsonMapper.shared().readTree(in.readAllBytes());

            assertThat(schema.at("/$defs/row/properties").propertyNames())
                    .containsExactlyElementsOf(
                            RowField.ALL.stream().map(RowField::name).toList());
        }
    }

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
        assertThat(Verdict.of(with(List.of(row(1, 0.03, 0.01)))).sentence()).isEmpty();
    }

    private static ResultRow row(int batch, double joules, double spread) {
        return MadeResult.row(
                "c" + batch, "cpu", "fp32", batch, ResultRow.Scope.BOUNDARY, "compute", Basis.MEASURED, joules, spread);
    }

    private static String sentence(ResultRow... rows) {
        return Verdict.of(with(List.of(rows))).sentence().orElseThrow();
    }

    private static ExperimentResult with(List<ResultRow> rows) {
        ExperimentResult made = MadeResult.result();
        return new ExperimentResult(
                1, made.tool(), made.run(), made.boundaries(), rows, List.of(), List.of(), List.of());
    }

    private static void golden(String name, String actual) throws IOException {
        Path file = Path.of("src/test/resources/golden", name);
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(file, actual);
        }
        assertThat(actual).isEqualTo(Files.readString(file));
    }
}
