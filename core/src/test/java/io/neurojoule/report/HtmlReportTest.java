package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.LayerResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HtmlReportTest extends ReportFormatContract {
    private static final Pattern LAYER = Pattern.compile(
            "<rect width=\"([0-9.]+)\"[^>]*class=\"layer\" data-name=\"([^\"]*)\" data-share=\"([0-9.]+)\"");
    private static final Pattern ROW = Pattern.compile(
            "<tr data-cell-id=\"([^\"]*)\" data-scope=\"([^\"]*)\" data-name=\"([^\"]*)\"[^>]*>(.*?)</tr>",
            Pattern.DOTALL);
    private static final Pattern CELL = Pattern.compile("<td data-field=\"([^\"]*)\" data-value=\"([^\"]*)\"");
    private static final Pattern POINT = Pattern.compile(
            "<path class=\"point\"[^>]*data-cell-id=\"([^\"]*)\" data-field=\"([^\"]*)\" data-value=\"([^\"]*)\"");

    @TempDir
    Path dir;

    @Override
    protected ReportFormat format() {
        return new HtmlReport();
    }

    /// Without styles, scripts and the notes that explain the figures.
    @Override
    protected String shown(String text) {
        return text.replace(" tabindex=\"0\"", "")
                .replaceAll("(?s)<(style|script)[^>]*>.*?</\\1>", "")
                .replaceAll("(?s)<p class=\"note[^>]*>.*?</p>", "");
    }

    private static void write(ExperimentResult result, List<Signal> signals, List<Window> windows, Path file)
            throws IOException {
        StringBuilder page = new StringBuilder();
        new HtmlReport().write(new Report(result, signals, windows), page);
        Files.writeString(file, page);
    }

    @Test
    void thePageAsksForNothingFromElsewhere() throws IOException {
        String page = Files.readString(page());

        assertThat(page).doesNotContainPattern("(?i)(src|href)\\s*=\\s*[\"']?(https?:)?//");
        assertThat(page).doesNotContainPattern("(?i)@import|url\\(\\s*[\"']?(https?:)?//");
    }

    @Test
    void textFromElsewhereStaysText() throws IOException {
        assertThat(Files.readString(page())).doesNotContain("<script>alert").doesNotContain("<b>&\"");
    }

    @Test
    void theTableInTheBrowserHasExactlyTheValuesOfTheJson() throws Exception {
        StringBuilder json = new StringBuilder();
        JsonReport.write(MadeResult.result(), json);
        JsonNode rows = JsonMapper.shared().readTree(json.toString()).get("rows");

        Map<String, Map<String, String>> shown = table(dom(chromium(), page(), ""));

        assertThat(shown).hasSize(rows.size());
        for (JsonNode row : rows) {
            String key = row.get("cell_id").asString() + "|" + row.get("scope").asString() + "|"
                    + row.get("name").asString();
            Map<String, String> cells = shown.getOrDefault(key, Map.of());
            assertThat(new TreeSet<>(cells.keySet()))
                    .as(key)
                    .isEqualTo(new TreeSet<>(
                            RowField.ALL.stream().map(RowField::name).toList()));
            cells.forEach((field, value) -> {
                JsonNode expected = row.path(field);
                assertThat(value)
                        .as("%s %s", key, field)
                        .isEqualTo(expected.isMissingNode() ? "" : expected.asString());
            });
        }
    }

    @Test
    void theFigureHasAPointForEveryCellAndTheSwitchShowsAboveIdle() throws Exception {
        String chromium = chromium();
        Path page = page();

        Map<String, Double> total = points(dom(chromium, page, ""), "joules_per_element");
        Map<String, Double> aboveIdle = points(dom(chromium, page, "#above-idle"), "above_idle_joules_per_element");

        assertThat(total).isEqualTo(expected(row -> row.joulesPerElement().orElseThrow()));
        assertThat(aboveIdle)
                .isEqualTo(expected(row -> row.aboveIdleJoulesPerElement().orElseThrow()));
    }

    @Test
    void aLayerIsAsWideAsItsShareOfTheTimeAndWhatIsNotAttributedIsDrawnToo() throws Exception {
        Matcher box = LAYER.matcher(dom(chromium(), page(), ""));
        Map<String, Double> widths = new HashMap<>();
        while (box.find()) {
            assertThat(Double.parseDouble(box.group(3))).isBetween(0.0, 1.0);
            widths.put(unescape(box.group(2)), Double.parseDouble(box.group(1)) + 1); // and a gap of one
        }

        double whole = widths.getOrDefault("step", 0.0);
        for (LayerResult layer : MadeResult.result().layers()) {
            assertThat(widths.getOrDefault(layer.name(), 0.0))
                    .as(layer.name())
                    .isCloseTo(layer.timeShare() * whole, within(0.01));
        }
    }

    /// The widest intervals are those that a logarithmic axis has no place for; leaving them out would look like
    /// certainty.
    @Test
    void anIntervalThatReachesZeroIsDrawnOpenAndNotLeftOut() throws Exception {
        ExperimentResult made = MadeResult.result();
        Path page = dir.resolve("wide.html");
        List<ResultRow> rows = List.of(
                MadeResult.row("wide", "cpu", "fp32", 1, ResultRow.Scope.BOUNDARY, "compute", Basis.MEASURED, 2, 1.5),
                MadeResult.row(
                        "narrow", "cpu", "fp32", 8, ResultRow.Scope.BOUNDARY, "compute", Basis.MEASURED, 1, 0.1));
        write(
                new ExperimentResult(
                        1,
                        made.tool(),
                        made.run(),
                        made.boundaries(),
                        rows,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()),
                List.of(),
                List.of(),
                page);

        String dom = dom(chromium(), page, "");

        assertThat(dom)
                .containsPattern("class=\"interval\"[^>]*data-cell-id=\"wide\" data-open=\"true\"")
                .containsPattern("class=\"interval\"[^>]*data-cell-id=\"narrow\" data-open=\"false\"");
    }

    @Test
    void aResultWithoutRowsOrSignalsStillMakesAPage() throws Exception {
        ExperimentResult made = MadeResult.result();
        Path page = dir.resolve("empty.html");
        write(
                new ExperimentResult(
                        1,
                        made.tool(),
                        made.run(),
                        Map.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()),
                List.of(),
                List.of(),
                page);

        assertThat(dom(chromium(), page, "")).contains("No cell has a figure at this boundary.");
    }

    private Path page() throws IOException {
        Path page = dir.resolve("report.html");
        write(MadeResult.result(), MadeResult.signals(), MadeResult.windows(), page);
        String keep = System.getProperty("report.keep", "");
        if (!keep.isEmpty()) {
            Files.copy(page, Path.of(keep), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        return page;
    }

    private static Map<String, Double> expected(java.util.function.ToDoubleFunction<ResultRow> value) {
        Map<String, Double> expected = new HashMap<>();
        Verdict.of(MadeResult.result()).headline().stream()
                .filter(Verdict::available)
                .forEach(row -> expected.put(row.cellId(), value.applyAsDouble(row)));
        return expected;
    }

    private static Map<String, Double> points(String dom, String field) {
        Map<String, Double> points = new HashMap<>();
        Matcher point = POINT.matcher(dom);
        while (point.find()) {
            if (point.group(2).equals(field)) {
                points.put(unescape(point.group(1)), Double.parseDouble(point.group(3)));
            }
        }
        return points;
    }

    private static Map<String, Map<String, String>> table(String dom) {
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        Matcher row = ROW.matcher(dom);
        while (row.find()) {
            Map<String, String> cells = new LinkedHashMap<>();
            Matcher cell = CELL.matcher(row.group(4));
            while (cell.find()) {
                cells.put(cell.group(1), unescape(cell.group(2)));
            }
            rows.put(unescape(row.group(1) + "|" + row.group(2) + "|" + row.group(3)), cells);
        }
        return rows;
    }

    private static String unescape(String text) {
        return text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&nbsp;", "\u00a0")
                .replace("&amp;", "&");
    }

    /// The page as the browser sees it after its scripts ran; fails on any message of the console.
    private String dom(String chromium, Path page, String hash) throws Exception {
        Path out = dir.resolve("dom.html");
        Path log = dir.resolve("chromium.log");
        Process process = new ProcessBuilder(
                        chromium,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--no-first-run",
                        "--user-data-dir=" + dir.resolve("profile"),
                        "--host-resolver-rules=MAP * ~NOTFOUND",
                        "--virtual-time-budget=5000",
                        "--enable-logging=stderr",
                        "--dump-dom",
                        page.toUri() + hash)
                .redirectOutput(out.toFile())
                .redirectError(log.toFile())
                .start();
        if (!process.waitFor(90, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            fail("chromium did not end within 90 s: " + Files.readString(log));
        }
        assertThat(Files.readAllLines(log)).noneMatch(line -> line.contains("CONSOLE"));
        String dom = Files.readString(out);
        assertThat(dom).contains("<body data-errors=\"\"");
        return dom;
    }

    private static String chromium() {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(Stream.of("/usr/bin"), Stream.of(path.split(File.pathSeparator, -1)))
                .map(folder -> Path.of(folder, "chromium"))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElseGet(HtmlReportTest::absent);
    }

    private static String absent() {
        String why = "no chromium on PATH: the page was not looked at";
        if ("true".equals(System.getenv("CI"))) {
            return fail(why);
        }
        return abort(why);
    }
}
