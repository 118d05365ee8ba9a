package io.neurojoule.report;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.DerivedFigure;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.LayerResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The result as one HTML page that needs no network: verdict, figures, every row, and how it was measured.
///
/// Text and tables stand in the page itself; a script in it draws the figures from the data that the page carries.
public final class HtmlReport implements ReportFormat {
    private static final String CHART_LIBRARY = "/META-INF/resources/webjars/d3/7.9.0/dist/d3.min.js";

    @Override
    public String name() {
        return "html";
    }

    @Override
    public String fileName() {
        return "report.html";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        out.append(page(report.result(), report.signals(), report.windows()));
    }

    private static String page(ExperimentResult result, List<Signal> signals, List<Window> windows) {
        String title = escape(result.run().name()) + " – energy per "
                + escape(result.run().element());
        List<PowerCurve> curves = PowerCurve.of(signals);
        return """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <link rel="icon" href="data:,">
                <title>%s</title>
                <style>
                %s</style>
                </head>
                <body data-errors="">
                <script>
                window.addEventListener("error", e => { document.body.dataset.errors += e.message + "\\n"; });
                </script>
                <main>
                %s
                </main>
                <script type="application/json" id="results">%s</script>
                <script type="application/json" id="power">%s</script>
                <script>%s</script>
                <script>
                %s</script>
                </body>
                </html>
                """.formatted(
                        title,
                        resource("report.css"),
                        body(result, signals, windows, curves),
                        script(JsonReport.compact(result)),
                        script(PowerCurve.json(curves, windows)),
                        resource(CHART_LIBRARY),
                        resource("report.js"));
    }

    private static String body(
            ExperimentResult result, List<Signal> signals, List<Window> windows, List<PowerCurve> curves) {
        return header(result)
                + verdict(result)
                + figure(result)
                + power(curves)
                + layers(result)
                + derived(result)
                + rows(result)
                + cells(result)
                + phases(result)
                + boundaries(result)
                + sources(result)
                + findings(result)
                + methods(result, signals, windows)
                + environment(result);
    }

    private static String header(ExperimentResult result) {
        ExperimentResult.RunSummary run = result.run();
        String where = List.of(run.cpu(), run.host(), run.startedAt(), result.tool()).stream()
                .filter(text -> !text.isEmpty())
                .map(HtmlReport::escape)
                .collect(Collectors.joining(" · "));
        String quick = run.quick()
                ? "<p class=\"mark\">QUICK: short windows. Every figure on this page is a first look.</p>\n"
                : "";
        String simulated =
                run.simulated().isEmpty() ? "" : "<p class=\"mark\">SIMULATED: " + escape(run.simulated()) + "</p>\n";
        return "<header>\n<h1>" + escape(run.name()) + "</h1>\n<p class=\"where\">" + where + "</p>\n" + quick
                + simulated + "</header>\n";
    }

    private static String verdict(ExperimentResult result) {
        Verdict verdict = Verdict.of(result);
        String element = escape(result.run().element());
        String quick = result.run().quick() ? " <em>(quick)</em>" : "";
        String best = verdict.best()
                .map(row -> """
                        <p class="best"><strong>%s</strong> per %s%s%s</p>
                        <p>Least energy: %s on %s, basis <span class="basis %s">%s</span>. Above idle %s (%s). %s %ss/s at %s.</p>
                        """.formatted(
                                Format.quantity(row.joulesPerElement(), "J"),
                                element,
                                spread(row),
                                quick,
                                escape(Verdict.label(result.run(), row, false)),
                                escape(result.run().label(row.target())),
                                row.basis(),
                                row.basis(),
                                Format.quantity(row.aboveIdleJoulesPerElement(), "J"),
                                row.aboveIdleBasis().map(Enum::name).orElse(Basis.UNAVAILABLE.name()),
                                Format.quantity(row.elementsPerSecond(), ""),
                                element,
                                Format.quantity(row.watts(), "W")))
                .orElse("<p class=\"best\">No cell has a figure at this boundary.</p>\n");
        Map<Basis, Long> mix = verdict.headline().stream()
                .collect(Collectors.groupingBy(ResultRow::basis, TreeMap::new, Collectors.counting()));
        String mixed = mix.entrySet().stream()
                .map(entry -> entry.getValue() + " of " + verdict.headline().size() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
        String members = result.headlineMembers();
        return """
                <section class="verdict" id="verdict">
                <h2>Verdict</h2>
                %s%s<dl>
                <div><dt>Boundary</dt><dd>%s <small>%s</small></dd></div>
                <div><dt>Basis of the cells</dt><dd>%s</dd></div>
                <div><dt>Missing windows</dt><dd>%s</dd></div>
                </dl>
                </section>
                """.formatted(
                best,
                verdict.sentence().map(text -> "<p>" + escape(text) + "</p>\n").orElse(""),
                escape(result.run().headline()),
                escape(members),
                mixed.isEmpty() ? Format.ABSENT : mixed,
                result.missingWindows().size());
    }

    private static String spread(ResultRow row) {
        OptionalDouble spread = Verdict.spread(row);
        String interval = spread.isPresent() ? " ±" + Format.percent(spread.getAsDouble()) + " (95 % interval)" : "";
        OptionalDouble bound = Verdict.bound(row);
        return bound.isPresent()
                ? interval + ", ±" + Format.percent(bound.getAsDouble()) + " (bound of the source)"
                : interval;
    }

    /// Whether the load is what varies; the page's script decides alike.
    private static boolean isOverLoad(List<ResultRow> headline) {
        return headline.stream().map(ResultRow::batch).distinct().count() == 1
                && headline.stream().map(ResultRow::load).distinct().count() > 1;
    }

    private static String figure(ExperimentResult result) {
        String element = escape(result.run().element());
        String holes = Verdict.of(result).headline().stream()
                .filter(row -> !Verdict.available(row))
                .map(row -> "<li>" + escape(Verdict.label(result.run(), row, true)) + ": "
                        + escape(row.reason().orElse("no reason recorded")) + "</li>\n")
                .collect(Collectors.joining());
        return """
                <section id="figure-1">
                <h2>Fig. 1 Energy and throughput against %s</h2>
                <fieldset class="switch"><legend>Energy</legend>
                <label><input type="radio" name="energy" value="total" checked> total</label>
                <label><input type="radio" name="energy" value="above-idle"> above idle</label>
                </fieldset>
                <div class="legend" id="legend"></div>
                <h3>Energy per %s</h3>
                <div class="chart" id="energy-chart"></div>
                <p class="note" id="not-drawn"></p>
                <h3>%ss per second</h3>
                <div class="chart" id="rate-chart"></div>
                <p class="note">Colour: target. Shape: precision. Bars: 95 %% interval over repeats. Hollow: not measured
                (basis at the line's end). An arrow: the interval reaches 0 or below. A cross on the axis: no figure.</p>
                %s</section>
                """.formatted(
                        isOverLoad(Verdict.of(result).headline()) ? "load" : "batch size",
                        element,
                        Verdict.capital(element),
                        holes.isEmpty() ? "" : "<ul>\n" + holes + "</ul>\n");
    }

    private static String power(List<PowerCurve> curves) {
        String charts = curves.isEmpty()
                ? "<p>The report was made without signals of power or energy.</p>\n"
                : "<div id=\"power-charts\"></div>\n";
        return """
                <section id="power-over-time">
                <h2>Power over time</h2>
                %s<p class="note">Dots are values as read, without smoothing. Power of a counter is its difference between reads
                at least one refresh apart, divided by the time; a counter that went back, or a failed read, leaves a gap.
                Bands: measured windows, and paler idle and warm-up.</p>
                </section>
                """.formatted(charts);
    }

    private static String rows(ExperimentResult result) {
        String heading = RowField.ALL.stream()
                .map(field -> "<th scope=\"col\" data-field=\"" + field.name() + "\">"
                        + field.name().replace("_", "_<wbr>") + "</th>")
                .collect(Collectors.joining());
        String rows = result.rows().stream().map(row -> row(result, row)).collect(Collectors.joining());
        return """
                <section id="rows">
                <h2>All figures%s</h2>
                <p class="note on-screen">Point at a figure for all its digits; results.csv and results.json have the same.</p>
                <p class="note in-print">Printed without sums, model, cell, and some of the intervals: results.csv has every column.</p>
                <div class="scroll" tabindex="0"><table>
                <thead><tr>%s</tr></thead>
                <tbody>
                %s</tbody>
                </table></div>
                </section>
                """.formatted(result.run().quick() ? " (quick)" : "", heading, rows);
    }

    private static String row(ExperimentResult result, ResultRow row) {
        boolean headline = row.scope() == ResultRow.Scope.BOUNDARY
                && row.name().equals(result.run().headline());
        String cells = RowField.ALL.stream()
                .map(field -> {
                    String exact = escape(field.exact(row));
                    return "<td data-field=\"%s\" data-value=\"%s\"%s title=\"%s\">%s</td>"
                            .formatted(
                                    field.name(),
                                    exact,
                                    field.figure() ? " class=\"figure\"" : "",
                                    exact,
                                    escape(field.readable(row)));
                })
                .collect(Collectors.joining());
        return "<tr data-cell-id=\"%s\" data-scope=\"%s\" data-name=\"%s\"%s>%s</tr>\n"
                .formatted(
                        escape(row.cellId()),
                        row.scope().name().toLowerCase(java.util.Locale.ROOT),
                        escape(row.name()),
                        headline ? " class=\"headline\"" : "",
                        cells);
    }

    private static String layers(ExperimentResult result) {
        if (result.layers().isEmpty()) {
            return "";
        }
        String choices = result.layers().stream()
                .map(LayerResult::cellId)
                .distinct()
                .map(id -> "<option>" + escape(id) + "</option>")
                .collect(Collectors.joining());
        String rows = result.layers().stream()
                .map(layer -> tableRow(List.of(
                        layer.cellId(),
                        layer.name(),
                        layer.operator(),
                        Format.percent(layer.timeShare()),
                        Format.quantity(layer.joulesPerElement(), "J"),
                        layer.basis().name(),
                        alone(layer),
                        layer.aloneBasis().map(Enum::name).orElse(Format.ABSENT),
                        layer.reason().orElse(""))))
                .collect(Collectors.joining());
        return """
                <section id="layers">
                <h2>Layers</h2>
                <p><label>Cell <select id="layer-cell">%s</select></label></p>
                <div class="chart" id="layer-chart"></div>
                <p class="note">Width: share of the step's time in a profile of its own, after fusion. Above the step its operators, above them its
                layers. Energy by time is MODELLED: it takes the power as the same in every layer. Energy alone is of the layer in a loop
                of its own, with the start of each run in it. Grey: not attributed to a layer.</p>
                <div class="scroll" tabindex="0"><table>
                <thead><tr><th>cell</th><th>layer</th><th>operator</th><th>time</th><th>J/%s by time, MODELLED</th><th>basis</th>\
                <th>J/%s alone</th><th>basis</th><th>why not</th></tr></thead>
                <tbody>
                %s</tbody>
                </table></div>
                </section>
                """.formatted(
                choices, escape(result.run().element()), escape(result.run().element()), rows);
    }

    private static String derived(ExperimentResult result) {
        if (result.derived().isEmpty()) {
            return "";
        }
        String rows = result.derived().stream()
                .map(figure -> tableRow(List.of(
                        figure.cellId(),
                        figure.name(),
                        value(figure),
                        figure.basis().name(),
                        figure.reason().orElse(""))))
                .collect(Collectors.joining());
        return """
                <section id="derived">
                <h2>Derived figures</h2>
                <div class="scroll" tabindex="0"><table>
                <thead><tr><th>cell</th><th>figure</th><th>value</th><th>basis</th><th>note</th></tr></thead>
                <tbody>
                %s</tbody>
                </table></div>
                </section>
                """.formatted(rows);
    }

    /// A share as a percentage, all else with its unit; and its bound.
    static String value(DerivedFigure figure) {
        if (figure.unit().isEmpty() && figure.value().isPresent()) {
            return Format.percent(figure.value().getAsDouble());
        }
        return Format.quantity(figure.value(), figure.unit()) + plusMinus(figure.bound(), figure.unit());
    }

    /// Energy of a layer in a loop of its own, and its bound.
    static String alone(LayerResult layer) {
        return Format.quantity(layer.aloneJoulesPerElement(), "J") + plusMinus(layer.aloneBoundJoulesPerElement(), "J");
    }

    private static String plusMinus(OptionalDouble bound, String unit) {
        return bound.isPresent() ? " ±" + Format.quantity(bound, unit) : "";
    }

    private static String cells(ExperimentResult result) {
        String rows = result.cells().stream()
                .map(cell -> tableRow(List.of(
                        cell.cellId(),
                        cell.status(),
                        cell.reason().orElse(Format.ABSENT),
                        Format.number(cell.agreement()),
                        Format.quantity(cell.loadSeconds(), "s"),
                        Format.quantity(cell.firstStepSeconds(), "s"),
                        Format.quantity(cell.coldStartJoules(), "J")
                                + (cell.coldStartBoundJoules().isPresent()
                                        ? " ±" + Format.quantity(cell.coldStartBoundJoules(), "J")
                                        : "")
                                + cell.coldStartBasis()
                                        .map(basis -> " " + basis)
                                        .orElse(""),
                        cell.peakMemoryBytes().isPresent()
                                ? Format.quantity(
                                        (double) cell.peakMemoryBytes().getAsLong(), "B")
                                : Format.ABSENT,
                        executed(cell),
                        pairs(cell.settings()))))
                .collect(Collectors.joining());
        return """
                <section id="cells">
                <h2>Cells</h2>
                <div class="scroll" tabindex="0"><table>
                <thead><tr><th>cell</th><th>status</th><th>reason</th><th>agreement</th><th>load</th><th>first step</th>\
                <th>cold start</th><th>peak memory</th><th>executed as</th><th>settings</th></tr></thead>
                <tbody>
                %s</tbody>
                </table></div>
                <p class="note">Agreement: 1 is the same output as the first artefact's on the same input, 0 is no better than its mean.</p>
                </section>
                """.formatted(rows);
    }

    private static String phases(ExperimentResult result) {
        if (result.phases().isEmpty()) {
            return "";
        }
        String heading = RowField.PHASES.stream()
                .map(field -> "<th scope=\"col\">" + field.name().replace("_", "_<wbr>") + "</th>")
                .collect(Collectors.joining());
        String rows = result.phases().stream()
                .map(row -> RowField.PHASES.stream()
                        .map(field -> "<td%s title=\"%s\">%s</td>"
                                .formatted(
                                        field.figure() ? " class=\"figure\"" : "",
                                        escape(field.exact(row)),
                                        escape(field.readable(row))))
                        .collect(Collectors.joining("", "<tr>", "</tr>\n")))
                .collect(Collectors.joining());
        return """
                <section id="phases">
                <h2>Phases (boundary: %s)</h2>
                <div class="scroll" tabindex="0"><table>
                <thead><tr>%s</tr></thead>
                <tbody>
                %s</tbody>
                </table></div>
                <p class="note">cut: the signal at the edges of each span. isolated: the phase looped alone. modelled_regression:
                least squares of the energy of windows on the time in each phase. modelled_time_share: as if every phase drew
                the same power.</p>
                </section>
                """.formatted(escape(result.run().headline()), heading, rows);
    }

    private static String executed(CellResult cell) {
        return cell.executed().isEmpty()
                ? Format.ABSENT
                : new TreeMap<>(cell.executed())
                        .entrySet().stream()
                                .map(entry -> entry.getKey() + " " + Format.percent(entry.getValue()))
                                .collect(Collectors.joining(", "));
    }

    private static String pairs(Map<String, String> map) {
        return map.isEmpty()
                ? Format.ABSENT
                : new TreeMap<>(map)
                        .entrySet().stream()
                                .map(entry -> entry.getKey() + " " + entry.getValue())
                                .collect(Collectors.joining(", "));
    }

    private static String boundaries(ExperimentResult result) {
        String rows = result.boundaries().entrySet().stream()
                .map(entry -> tableRow(List.of(
                        entry.getKey() + (entry.getKey().equals(result.run().headline()) ? " (headline)" : ""),
                        entry.getValue().isEmpty() ? Format.ABSENT : String.join(", ", entry.getValue()))))
                .collect(Collectors.joining());
        return """
                <section id="boundaries">
                <h2>Boundaries</h2>
                <div class="scroll" tabindex="0"><table><thead><tr><th>boundary</th><th>sum of</th></tr></thead><tbody>
                %s</tbody></table></div>
                </section>
                """.formatted(rows);
    }

    private static String sources(ExperimentResult result) {
        String rows = result.observed().stream()
                .map(one -> tableRow(List.of(
                        one.channel().id(),
                        seconds(Optional.of(one.channel().refresh()).filter(refresh -> !refresh.isZero())),
                        seconds(one.startRefresh()),
                        seconds(one.refresh()),
                        seconds(one.reading()),
                        one.delay().seconds().isPresent()
                                ? Format.quantity(one.delay().seconds(), "s")
                                : one.delay().reason().orElse(Format.ABSENT),
                        one.channel().seenShare().isPresent()
                                ? Format.percent(one.channel().seenShare().getAsDouble())
                                : Format.ABSENT)))
                .collect(Collectors.joining());
        String checks = result.counterChecks().stream()
                .map(check -> tableRow(List.of(
                        check.counter(),
                        check.power(),
                        Format.number(check.powerOverCounter()),
                        check.apart() + " of " + check.windows())))
                .collect(Collectors.joining());
        return rows.isEmpty() ? "" : """
                <section id="sources">
                <h2>How the sources behaved</h2>
                <div class="scroll" tabindex="0"><table><thead><tr><th>channel</th><th>refresh, as declared</th><th>at the start</th>\
                <th>in the run</th><th>read every</th><th>delay</th><th>part of the time it looks</th></tr></thead><tbody>
                %s</tbody></table></div>
                %s</section>
                """.formatted(rows, checks.isEmpty() ? "" : """
                <div class="scroll" tabindex="0"><table><thead><tr><th>counter</th><th>power</th><th>power over counter</th>\
                <th>windows beyond both bounds</th></tr></thead><tbody>
                %s</tbody></table></div>
                """.formatted(checks));
    }

    private static String seconds(Optional<Duration> duration) {
        return duration.map(known -> Format.quantity(known.toNanos() * 1e-9, "s"))
                .orElse(Format.ABSENT);
    }

    private static String findings(ExperimentResult result) {
        String list = result.findings().stream().map(HtmlReport::finding).collect(Collectors.joining());
        String missing = result.missingWindows().isEmpty()
                ? ""
                : "<p>Planned windows that the recording lacks: " + escape(String.join(", ", result.missingWindows()))
                        + "</p>\n";
        return "<section id=\"findings\">\n<h2>Findings</h2>\n"
                + (list.isEmpty() ? "<p>None.</p>\n" : "<ul class=\"findings\">\n" + list + "</ul>\n")
                + missing
                + "</section>\n";
    }

    private static String finding(Finding finding) {
        String subject = List.of(finding.cellId(), finding.channel(), finding.windowId()).stream()
                .flatMap(Optional::stream)
                .collect(Collectors.joining(", "));
        return "<li class=\"%s\"><code>%s</code> <b>%s</b> %s <small>%s</small></li>\n"
                .formatted(
                        finding.severity(),
                        escape(finding.code()),
                        finding.severity(),
                        escape(finding.message()),
                        escape(subject));
    }

    private static String methods(ExperimentResult result, List<Signal> signals, List<Window> windows) {
        String sentences = Methods.sentences(result, signals, windows).stream()
                .map(HtmlReport::escape)
                .collect(Collectors.joining(" "));
        return "<section id=\"methods\">\n<h2>Methods</h2>\n<p>" + sentences + "</p>\n</section>\n";
    }

    private static String environment(ExperimentResult result) {
        String rows = new TreeMap<>(result.run().environment())
                .entrySet().stream()
                        .map(entry -> tableRow(List.of(entry.getKey(), entry.getValue())))
                        .collect(Collectors.joining());
        return rows.isEmpty()
                ? ""
                : "<section id=\"environment\">\n<h2>Environment</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><tbody>\n"
                        + rows + "</tbody></table></div>\n</section>\n";
    }

    private static String tableRow(Collection<String> cells) {
        return cells.stream()
                .map(cell -> "<td>" + escape(cell) + "</td>")
                .collect(Collectors.joining("", "<tr>", "</tr>\n"));
    }

    /// JSON that cannot end the script element that it stands in.
    private static String script(String json) {
        return json.replace("<", "\\u003c");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    private static String resource(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("not on the class path: " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
