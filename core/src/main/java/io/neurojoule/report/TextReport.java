package io.neurojoule.report;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.DerivedFigure;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.LayerResult;
import io.neurojoule.analysis.PhaseRow;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.Severity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The result as a table for a terminal: one line per cell at the headline boundary, then what was found.
public final class TextReport implements ReportFormat {
    /// The end of the codes of sources that a machine does not have.
    private static final String ABSENT = "-absent";

    /// Data types that take less of the run time are not named.
    private static final double SHOWN_SHARE = 0.05;

    /// Layers of a cell; results.json and layers.csv have them all.
    private static final int SHOWN_LAYERS = 5;

    @Override
    public String name() {
        return "text";
    }

    @Override
    public String fileName() {
        return "report.txt";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        write(report.result(), out);
    }

    /// Writes the table, a line for each cell without a figure, the findings, and the finding in one sentence.
    public static void write(ExperimentResult result, Appendable out) throws IOException {
        StringBuilder text = new StringBuilder();
        describe(result, text);
        out.append(text.toString().replaceAll("[\\p{Cntrl}&&[^\n]]", " "));
    }

    private static void describe(ExperimentResult result, Appendable out) throws IOException {
        Verdict verdict = Verdict.of(result);
        ExperimentResult.RunSummary run = result.run();
        String members = result.headlineMembers();
        out.append("RESULT (boundary: ").append(run.headline());
        out.append(members.isEmpty() ? "" : " = " + members).append(")");
        out.append(run.quick() ? "  QUICK: short windows" : "").append("\n");
        if (!run.simulated().isEmpty()) {
            out.append("SIMULATED: ").append(run.simulated()).append("\n");
        }
        table(result, verdict, out);
        boundaries(result, out);
        executions(result, out);
        holes(result, verdict, out);
        phases(result, out);
        derived(result, out);
        layers(result, out);
        findings(result, out);
        if (verdict.sentence().isPresent()) {
            out.append("  ").append(verdict.sentence().get()).append("\n");
        }
    }

    /// Each phase by each method, or why there is no figure.
    private static void phases(ExperimentResult result, Appendable out) throws IOException {
        if (result.phases().isEmpty()) {
            return;
        }
        boolean targets =
                result.phases().stream().map(PhaseRow::target).distinct().count() > 1;
        String element = result.run().element();
        List<List<String>> lines = new ArrayList<>();
        List<String> heading = new ArrayList<>(targets ? List.of("target") : List.of());
        heading.addAll(List.of(
                "precision",
                "batch",
                "phase",
                "method",
                "J/" + element + " (95 % CI)",
                "± source",
                "J each",
                "time",
                "W",
                "basis",
                "note"));
        lines.add(heading);
        for (PhaseRow row : result.phases()) {
            List<String> line = new ArrayList<>(targets ? List.of(result.run().label(row.target())) : List.of());
            line.addAll(phase(row, Verdict.batch(result, row.cellId(), row.batch())));
            lines.add(line);
        }
        out.append("PHASES (boundary: ").append(result.run().headline()).append(")\n");
        print(lines, out);
    }

    private static List<String> phase(PhaseRow row, String batch) {
        double each = row.joulesPerElement().orElse(0);
        boolean hasInterval = each != 0 && row.joulesPerElementHigh().isPresent();
        return List.of(
                row.precision(),
                batch,
                oneLine(row.phase()),
                row.method().name().toLowerCase(Locale.ROOT).replace('_', ' ').replace("modelled", "MODELLED"),
                Format.quantity(row.joulesPerElement(), "J")
                        + (hasInterval
                                ? " ±"
                                        + Format.percent(
                                                (row.joulesPerElementHigh().orElse(each) - each) / Math.abs(each))
                                : ""),
                each != 0 && row.boundJoulesPerElement().isPresent()
                        ? "±" + Format.percent(row.boundJoulesPerElement().orElse(0) / Math.abs(each))
                        : Format.ABSENT,
                Format.quantity(row.joulesPerOccurrence(), "J"),
                Format.quantity(row.seconds(), "s"),
                Format.quantity(row.watts(), "W"),
                row.basis().name(),
                oneLine(row.reason().orElse("")));
    }

    private static void derived(ExperimentResult result, Appendable out) throws IOException {
        List<List<String>> lines = new ArrayList<>();
        for (DerivedFigure figure : result.derived()) {
            lines.add(List.of(
                    figure.cellId(),
                    figure.name(),
                    HtmlReport.value(figure),
                    figure.basis().name(),
                    figure.reason().map(TextReport::oneLine).orElse("")));
        }
        if (!lines.isEmpty()) {
            lines.addFirst(List.of("cell", "derived figure", "value", "basis", ""));
            print(lines, out);
        }
    }

    /// The largest of each cell, and what belongs to none.
    private static void layers(ExperimentResult result, Appendable out) throws IOException {
        List<List<String>> lines = new ArrayList<>();
        result.layers().stream()
                .collect(Collectors.groupingBy(LayerResult::cellId, LinkedHashMap::new, Collectors.toList()))
                .values()
                .forEach(layers -> layers.stream()
                        .sorted(Comparator.comparing(
                                        (LayerResult layer) -> layer.name().equals(LayerResult.UNATTRIBUTED))
                                .thenComparing(LayerResult::timeShare, Comparator.reverseOrder()))
                        .filter(layer -> layers.size() <= SHOWN_LAYERS
                                || layer.name().equals(LayerResult.UNATTRIBUTED)
                                || rank(layers, layer) < SHOWN_LAYERS)
                        .forEach(layer -> lines.add(List.of(
                                layer.cellId(),
                                oneLine(layer.name()),
                                layer.operator(),
                                Format.percent(layer.timeShare()),
                                Format.quantity(layer.joulesPerElement(), "J"),
                                layer.basis().name(),
                                HtmlReport.alone(layer),
                                layer.aloneBasis().map(Enum::name).orElse(Format.ABSENT)))));
        if (!lines.isEmpty()) {
            String each = "J/" + result.run().element();
            lines.addFirst(List.of(
                    "cell",
                    "layer",
                    "operator",
                    "time",
                    each + " by time, MODELLED",
                    "basis",
                    each + " alone",
                    "basis"));
            print(lines, out);
        }
    }

    private static long rank(List<LayerResult> layers, LayerResult layer) {
        return layers.stream()
                .filter(other -> other.timeShare() > layer.timeShare())
                .count();
    }

    /// What is said more than once, for each window for example, is printed once; a failure stands with its cell above;
    /// sources that this machine does not have are named in one line, and `doctor` says why.
    private static void findings(ExperimentResult result, Appendable out) throws IOException {
        Set<String> absent = new TreeSet<>();
        Map<Said, List<String>> cells = new LinkedHashMap<>();
        for (Finding finding : result.findings()) {
            if (finding.severity() == Severity.INFO && finding.code().endsWith(ABSENT)) {
                absent.add(finding.code().substring(0, finding.code().length() - ABSENT.length()));
            } else if (!finding.code().equals("network-failed")) {
                cells.computeIfAbsent(new Said(finding.code(), oneLine(finding.message())), said -> new ArrayList<>())
                        .add(finding.cellId().orElse(""));
            }
        }
        for (Map.Entry<Said, List<String>> line : cells.entrySet()) {
            Said said = line.getKey();
            out.append("  ").append(said.code()).append(cells(line.getValue()));
            out.append(": ").append(said.message()).append(times(line.getValue()));
        }
        if (!absent.isEmpty()) {
            out.append("  not on this machine: ")
                    .append(String.join(", ", absent))
                    .append(" (`neurojoule doctor` says why)\n");
        }
    }

    private record Said(String code, String message) {}

    /// The first cell, and how many more.
    private static String cells(List<String> ids) {
        List<String> different =
                ids.stream().distinct().filter(id -> !id.isEmpty()).toList();
        return switch (different.size()) {
            case 0 -> "";
            case 1 -> " [" + different.getFirst() + "]";
            default -> " [" + different.getFirst() + " and " + (different.size() - 1) + " more]";
        };
    }

    private static String times(List<String> ids) {
        long different = ids.stream().distinct().count();
        return ids.size() > different ? " (" + ids.size() + " times)\n" : "\n";
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\R", " ");
    }

    private static void table(ExperimentResult result, Verdict verdict, Appendable out) throws IOException {
        List<ResultRow> rows =
                verdict.headline().stream().filter(Verdict::available).toList();
        if (rows.isEmpty()) {
            out.append("  no cell has a figure at this boundary\n");
            return;
        }
        boolean targets = rows.stream().map(ResultRow::target).distinct().count() > 1;
        boolean loads = rows.stream().anyMatch(row -> !row.load().equals(Verdict.ONE_AFTER_ANOTHER));
        String element = result.run().element();
        List<List<String>> lines = new ArrayList<>();
        List<String> heading = new ArrayList<>(targets ? List.of("target") : List.of());
        heading.addAll(List.of("precision", "batch"));
        heading.addAll(loads ? List.of("load") : List.of());
        heading.addAll(
                List.of("J/" + element + " (95 % CI)", "± source", "above idle", element + "s/s", "W", "p50 latency"));
        heading.addAll(loads ? List.of("p99 latency") : List.of());
        heading.addAll(List.of("agreement", "basis (above idle)", "note"));
        lines.add(heading);
        for (ResultRow row : rows) {
            List<String> line = new ArrayList<>(targets ? List.of(result.run().label(row.target())) : List.of());
            line.addAll(cells(result, verdict, row, loads));
            lines.add(line);
        }
        print(lines, out);
    }

    /// What lies in the other boundaries: a line for each, from its least to its greatest figure.
    private static void boundaries(ExperimentResult result, Appendable out) throws IOException {
        Map<String, List<ResultRow>> others = result.rows().stream()
                .filter(row -> row.scope() == ResultRow.Scope.BOUNDARY
                        && !row.name().equals(result.run().headline())
                        && Verdict.available(row))
                .collect(Collectors.groupingBy(ResultRow::name, LinkedHashMap::new, Collectors.toList()));
        for (Map.Entry<String, List<ResultRow>> other : others.entrySet()) {
            List<ResultRow> rows = other.getValue();
            out.append("  boundary %s: %s, %s/%s, %s\n"
                    .formatted(
                            other.getKey(),
                            range(rows, ResultRow::watts, "W"),
                            range(rows, ResultRow::joulesPerElement, "J"),
                            result.run().element(),
                            rows.stream()
                                    .map(row -> row.basis().name())
                                    .distinct()
                                    .collect(Collectors.joining(" or "))));
        }
    }

    private static String range(List<ResultRow> rows, Function<ResultRow, OptionalDouble> figure, String unit) {
        DoubleSummaryStatistics all = rows.stream()
                .map(figure)
                .flatMapToDouble(OptionalDouble::stream)
                .summaryStatistics();
        String least = Format.quantity(all.getMin(), unit);
        String greatest = Format.quantity(all.getMax(), unit);
        return least.equals(greatest) ? least : least + " to " + greatest;
    }

    private static List<String> cells(ExperimentResult result, Verdict verdict, ResultRow row, boolean loads) {
        OptionalDouble spread = Verdict.spread(row);
        String interval = spread.isPresent() ? " ±" + Format.percent(spread.getAsDouble()) : "";
        Optional<CellResult> cell = Verdict.cell(result, row.cellId());
        boolean best = verdict.sentence().isPresent()
                && verdict.best().filter(row::equals).isPresent();
        List<String> cells = new ArrayList<>(List.of(row.precision(), Integer.toString(row.batch())));
        cells.addAll(loads ? List.of(Format.load(row.load())) : List.of());
        cells.addAll(List.of(
                Format.quantity(row.joulesPerElement(), "J") + interval,
                Verdict.bound(row).isPresent()
                        ? "±" + Format.percent(Verdict.bound(row).getAsDouble())
                        : Format.ABSENT,
                Format.quantity(row.aboveIdleJoulesPerElement(), "J"),
                Format.quantity(row.elementsPerSecond(), ""),
                Format.quantity(row.watts(), "W"),
                Format.quantity(row.latencyP50Seconds(), "s")));
        cells.addAll(loads ? List.of(Format.quantity(row.latencyP99Seconds(), "s")) : List.of());
        cells.addAll(List.of(
                Format.number(cell.map(CellResult::agreement).orElse(OptionalDouble.empty())),
                basis(row),
                best ? "least energy" : ""));
        return cells;
    }

    /// The basis of the energy, and that of the energy above idle where it is another one.
    static String basis(ResultRow row) {
        return row.basis()
                + row.aboveIdleBasis()
                        .filter(other -> other != row.basis())
                        .map(other -> " (" + other + ")")
                        .orElse("");
    }

    private static void print(List<List<String>> lines, Appendable out) throws IOException {
        int columns = lines.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> line : lines) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(
                        widths[i], line.get(i).codePointCount(0, line.get(i).length()));
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String cell = line.get(i);
                text.append("  ").append(cell).repeat(' ', widths[i] - cell.codePointCount(0, cell.length()));
            }
            out.append(text.toString().stripTrailing()).append("\n");
        }
    }

    /// What really ran, as the runtimes say: a line for each target and precision, more where batches differ in it.
    private static void executions(ExperimentResult result, Appendable out) throws IOException {
        Set<String> lines = new LinkedHashSet<>();
        for (CellResult cell : result.cells()) {
            String said = execution(cell);
            if (!said.isEmpty()) {
                lines.add("  ran %s %s: %s\n".formatted(result.run().label(cell.target()), cell.precision(), said));
            }
        }
        for (String line : lines) {
            out.append(line);
        }
    }

    private static String execution(CellResult cell) {
        Map<String, String> settings = cell.settings();
        String types = cell.executed().entrySet().stream()
                .filter(share -> share.getValue() >= SHOWN_SHARE)
                .sorted(Map.Entry.<String, Double>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .collect(Collectors.joining("+"));
        return Stream.of(
                        settings.getOrDefault("runtime", ""),
                        types.isEmpty() ? settings.getOrDefault("dtype", "") : types,
                        settings.containsKey("threads") ? "threads " + settings.get("threads") : "",
                        settings.getOrDefault("provider", ""),
                        settings.getOrDefault("protocol", ""),
                        settings.getOrDefault("device", ""),
                        settings.containsKey("tuned") ? "tuned: " + settings.get("tuned") : "")
                .filter(part -> !part.isEmpty())
                .map(TextReport::oneLine)
                .collect(Collectors.joining(", "));
    }

    private static void holes(ExperimentResult result, Verdict verdict, Appendable out) throws IOException {
        Set<String> named = new HashSet<>();
        for (ResultRow row : verdict.headline()) {
            named.add(row.cellId());
            if (!Verdict.available(row)) {
                String reason = row.reason()
                        .or(() -> Verdict.cell(result, row.cellId()).flatMap(CellResult::reason))
                        .orElse("no reason recorded");
                hole(result.run().label(row.target()), row.precision(), row.batch(), reason, out);
            }
        }
        for (CellResult cell : result.cells()) {
            if (!named.contains(cell.cellId())) {
                hole(
                        result.run().label(cell.target()),
                        cell.precision(),
                        cell.batch(),
                        cell.reason().orElse(cell.status()),
                        out);
            }
        }
    }

    private static void hole(String target, String precision, int batch, String reason, Appendable out)
            throws IOException {
        out.append("  %s %s batch %s: UNAVAILABLE, %s\n".formatted(target, precision, batch, oneLine(reason)));
    }
}
