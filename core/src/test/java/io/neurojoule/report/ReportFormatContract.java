package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.TimeZone;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every report format promises; a format's test extends it and seals one output in `golden/`.
///
/// The golden file has the format's own file name and is written anew with `-Dgolden.update=true`.
public abstract class ReportFormatContract {
    private static final List<Basis> BASES = Stream.of(Basis.values())
            .filter(basis -> basis != Basis.UNAVAILABLE)
            .toList();

    @TempDir
    Path directory;

    /// A new format.
    protected abstract ReportFormat format();

    /// What a reader gets to see of a file: without code, fixed explanations and the like.
    protected String shown(String text) {
        return text;
    }

    private String text(ExperimentResult result) throws IOException {
        StringBuilder out = new StringBuilder();
        format().write(new Report(result, MadeResult.signals(), MadeResult.windows()), out);
        return out.toString();
    }

    @Test
    void theOutputIsTheSealedOne() throws IOException {
        Path golden = Path.of("src/test/resources/golden", format().fileName());
        String actual = shown(text(MadeResult.result()));

        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(golden, actual);
        }

        assertThat(actual).isEqualTo(Files.readString(golden));
    }

    @Test
    void nameAndFileAreFoundAndNobodyElses() {
        List<ReportFormat> all = new ArrayList<>();
        ServiceLoader.load(ReportFormat.class).forEach(all::add);

        assertThat(format().name()).matches("[a-z][a-z0-9-]*").isEqualTo(format().name());
        assertThat(format().fileName()).matches("[a-z][a-z0-9-]*\\.[a-z0-9]+").isEqualTo(format().fileName());
        assertThat(all).extracting(ReportFormat::name).contains(format().name()).doesNotHaveDuplicates();
        assertThat(all)
                .extracting(ReportFormat::fileName)
                .contains(format().fileName())
                .doesNotHaveDuplicates();
    }

    @Test
    void aFileIsReplacedAsAWholeAndIsUtf8() throws IOException {
        Path file = directory.resolve(format().fileName());
        Files.writeString(file, "old ".repeat(1_000_000));

        Path saved =
                new Report(MadeResult.result(), MadeResult.signals(), MadeResult.windows()).save(format(), directory);

        String back = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                .toString();
        assertThat(saved).isEqualTo(file);
        assertThat(back).isEqualTo(text(MadeResult.result())).contains("größer");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void nothingIsSaidTwiceDifferently() throws IOException {
        Locale locale = Locale.getDefault();
        TimeZone zone = TimeZone.getDefault();
        String once = text(MadeResult.result());
        try {
            Locale.setDefault(Locale.of("tr", "TR"));
            TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Kiritimati"));

            assertThat(text(MadeResult.result())).isEqualTo(once);

            Locale.setDefault(Locale.of("ar", "EG"));
            assertThat(text(MadeResult.result())).isEqualTo(once);
        } finally {
            Locale.setDefault(locale);
            TimeZone.setDefault(zone);
        }
    }

    @Test
    void aFigureThatIsNotThereIsNeverANumber() throws IOException {
        ExperimentResult hole = MadeResult.with(List.of(MadeResult.absent("c1", "fp32", "why-it-is-absent")));

        StringBuilder out = new StringBuilder();
        format().write(new Report(hole, List.of(), List.of()), out);

        String shown = shown(out.toString());
        assertThat(shown).contains("UNAVAILABLE", "why-it-is-absent");
        assertThat(shown).doesNotContain("NaN", "Infinity", "null", "Optional");
        assertThat(shown).doesNotContainPattern("(?<![\\w.:-])[-+]?0(\\.0+)?(?![\\w.:-])");
    }

    @Test
    void everyFigureHasItsBasis() throws IOException {
        for (Basis basis : BASES) {
            for (Basis aboveIdle : BASES) {
                String shown = shown(text(MadeResult.with(List.of(MadeResult.boundary("c1", basis, aboveIdle)))));

                assertThat(shown).contains(basis.name(), aboveIdle.name());
            }
        }
    }

    @Test
    void everyCellIsThereAlsoWhenThereAreMany() throws IOException {
        List<ResultRow> rows = new ArrayList<>();
        for (int batch = 100_001; batch < 100_501; batch++) {
            rows.add(MadeResult.row(
                    "c" + batch,
                    "cpu",
                    "fp32",
                    batch,
                    ResultRow.Scope.BOUNDARY,
                    "compute",
                    Basis.MEASURED,
                    1.0 / batch,
                    0.1));
        }

        String shown = shown(text(MadeResult.with(rows)));

        assertThat(rows).allSatisfy(row -> assertThat(shown).contains(Integer.toString(row.batch())));
    }

    @Test
    void aResultWithoutRowsIsAReport() throws IOException {
        ExperimentResult nothing = MadeResult.with(List.of());

        assertThat(text(nothing)).isNotBlank().endsWith("\n");
        format().write(new Report(nothing, List.of(), List.of()), new StringBuilder());
    }

    @Test
    void anAnonymousResultNamesNeitherHostNorUser() throws IOException {
        assertThat(text(MadeResult.result().anonymous())).doesNotContain(MadeResult.HOST, MadeResult.USER);
    }

    @Test
    void whatCannotBeWrittenIsAnError() throws IOException {
        Path inTheWay = Files.createDirectories(
                        directory.resolve(format().fileName()).resolve("x"))
                .getParent();
        Report report = new Report(MadeResult.result(), List.of(), List.of());

        assertThatThrownBy(() -> report.save(format(), directory)).isInstanceOf(IOException.class);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(inTheWay);
        }
    }
}
