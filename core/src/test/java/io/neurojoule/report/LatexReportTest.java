package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatexReportTest extends ReportFormatContract {
    @Override
    protected ReportFormat format() {
        return new LatexReport();
    }

    @Test
    void everyLineOfTheTableHasTheColumnsThatItsHeadPromises() throws IOException {
        List<String> lines = table(MadeResult.HOSTILE.replace('\n', ' '));

        assertThat(lines)
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line.split("(?<!\\\\)&", -1)).hasSize(9));
    }

    @Test
    void whatLatexTakesForACommandIsSetAsText() throws IOException {
        assertThat(table("a_b & 5 % of {x}$ \\input{/etc/passwd}#~^"))
                .last()
                .asString()
                .startsWith("a\\_b \\& 5 \\% of \\{x\\}\\$ \\textbackslash{}input\\{/etc/passwd\\}\\#"
                        + "\\textasciitilde{}\\textasciicircum{} & fp32 & 1 & ");
    }

    @Test
    void aMinusIsNoHyphen() throws IOException {
        StringBuilder out = new StringBuilder();
        ExperimentResult wide = MadeResult.with(List.of(MadeResult.row(
                "c1", "cpu", "fp32", 1, ResultRow.Scope.BOUNDARY, "compute", Basis.MEASURED, 0.002, 1.5)));

        new LatexReport().write(new Report(wide, List.of(), List.of()), out);

        assertThat(out).contains("[$-$1\\,mJ, 5\\,mJ]");
    }

    private static List<String> table(String target) throws IOException {
        StringBuilder out = new StringBuilder();
        new LatexReport()
                .write(new Report(MadeResult.with(List.of(MadeResult.onTarget(target))), List.of(), List.of()), out);
        return out.toString().lines().filter(line -> line.endsWith("\\\\")).toList();
    }
}
