package io.neurojoule.report;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// The headline boundary as a LaTeX table for a paper: one line per cell; needs the package `booktabs`.
///
/// @see <a href="https://ctan.org/pkg/booktabs">booktabs</a>
public final class LatexReport implements ReportFormat {
    private static final String NONE = "---";

    @Override
    public String name() {
        return "latex";
    }

    @Override
    public String fileName() {
        return "results.tex";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        ExperimentResult result = report.result();
        List<ResultRow> rows = Verdict.of(result).headline();
        String element = escape(result.run().element());
        out.append("""
                %% \\usepackage{booktabs}
                \\begin{table}
                \\centering
                \\caption{%s}
                \\begin{tabular}{llrrrrrrl}
                \\toprule
                target & precision & batch & energy per %s & 95\\,\\%% interval & source bound & above idle & %ss/s & basis \\\\
                \\midrule
                """.formatted(caption(result), element, element));
        for (ResultRow row : rows) {
            out.append(line(result, row)).append(" \\\\\n");
        }
        out.append("\\bottomrule\n\\end{tabular}\n");
        for (String hole : holes(result, rows)) {
            out.append("\n\\par\\footnotesize ").append(hole).append('\n');
        }
        out.append("\\end{table}\n");
    }

    private static String caption(ExperimentResult result) {
        ExperimentResult.RunSummary run = result.run();
        String members = result.headlineMembers();
        return "Energy of %s at the boundary %s%s, with intervals over repeats and the bound of the source.%s%s"
                .formatted(
                        escape(run.name()),
                        escape(run.headline()),
                        members.isEmpty() ? "" : " (" + escape(members) + ")",
                        run.quick() ? " Quick: short windows." : "",
                        run.simulated().isEmpty() ? "" : " SIMULATED: " + escape(run.simulated()) + ".");
    }

    private static String line(ExperimentResult result, ResultRow row) {
        List<String> cells = new ArrayList<>(List.of(
                escape(result.run().label(row.target())),
                escape(row.precision()),
                row.batch()
                        + (row.load().equals(Verdict.ONE_AFTER_ANOTHER)
                                ? ""
                                : " (" + escape(Format.load(row.load())) + ")")));
        cells.add(quantity(row.joulesPerElement(), "J"));
        cells.add(
                row.joulesPerElementLow().isPresent()
                                && row.joulesPerElementHigh().isPresent()
                        ? "[%s, %s]"
                                .formatted(
                                        quantity(row.joulesPerElementLow(), "J"),
                                        quantity(row.joulesPerElementHigh(), "J"))
                        : NONE);
        cells.add(
                row.boundJoulesPerElement().isPresent() ? "$\\pm$" + quantity(row.boundJoulesPerElement(), "J") : NONE);
        cells.add(quantity(row.aboveIdleJoulesPerElement(), "J"));
        cells.add(quantity(row.elementsPerSecond(), ""));
        cells.add(escape(TextReport.basis(row)));
        return String.join(" & ", cells);
    }

    /// Why a planned cell has no figure: those at the boundary, then those that no row names.
    private static List<String> holes(ExperimentResult result, List<ResultRow> rows) {
        List<String> holes = new ArrayList<>();
        for (ResultRow row : rows) {
            if (!Verdict.available(row)) {
                holes.add(hole(
                        Verdict.label(result.run(), row, true), row.reason().orElse("no reason recorded")));
            }
        }
        List<String> named = rows.stream().map(ResultRow::cellId).toList();
        for (CellResult cell : result.cells()) {
            if (!named.contains(cell.cellId())) {
                holes.add(hole(cell.cellId(), cell.reason().orElse(cell.status())));
            }
        }
        return holes;
    }

    private static String hole(String what, String why) {
        return escape(Verdict.capital(what)) + ": UNAVAILABLE, " + escape(why);
    }

    private static String quantity(OptionalDouble value, String unit) {
        return value.isPresent()
                ? Format.quantity(value, unit).replace(" ", "\\,").replace("-", "$-$")
                : NONE;
    }

    /// Text that LaTeX sets as it is; a control character becomes a space.
    private static String escape(String text) {
        return text.codePoints()
                .mapToObj(point -> switch (point) {
                    case '\\' -> "\\textbackslash{}";
                    case '~' -> "\\textasciitilde{}";
                    case '^' -> "\\textasciicircum{}";
                    case '<' -> "\\textless{}";
                    case '>' -> "\\textgreater{}";
                    case '"' -> "''";
                    case '{', '}', '$', '&', '#', '_', '%' -> "\\" + (char) point;
                    default -> Character.isISOControl(point) ? " " : Character.toString(point);
                })
                .collect(Collectors.joining());
    }
}
