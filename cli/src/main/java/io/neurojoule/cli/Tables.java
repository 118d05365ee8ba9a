package io.neurojoule.cli;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Integral;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.WindowEnergy;
import io.neurojoule.sensor.Basis;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// Results as text for a terminal and as CSV.
final class Tables {
    private Tables() {}

    /// `analyze --windows`: one row per window × channel, full precision; no joules where there is no figure.
    static String windows(List<WindowEnergy> rows, boolean simulated) {
        StringBuilder out = new StringBuilder("window_id,channel,joules,bound_joules,basis\n");
        for (WindowEnergy row : rows) {
            out.append(row.window().id()).append(',').append(row.channel().id()).append(',');
            switch (row.integral()) {
                case Energy energy ->
                    out.append(energy.joules())
                            .append(',')
                            .append(energy.boundJoules())
                            .append(',')
                            .append(
                                    simulated
                                            ? row.channel().basis().and(Basis.SIMULATED)
                                            : row.channel().basis());
                case Integral.Unavailable none -> out.append(",,").append(Basis.UNAVAILABLE);
            }
            out.append('\n');
        }
        return out.toString();
    }

    /// The headline boundary, one line per cell; then what to know before trusting it.
    static String result(ExperimentResult result) {
        StringBuilder out = new StringBuilder();
        out.append("%n%-18s %-12s %8s %-12s %14s %8s %14s %14s %10s %12s%n"
                .formatted(
                        "cell",
                        "precision",
                        "batch",
                        "basis",
                        "J/" + result.run().element(),
                        "± 95 %",
                        "± sensor",
                        "above idle",
                        "W",
                        result.run().element() + "s/s"));
        for (ResultRow row : result.rows()) {
            if (row.scope() == ResultRow.Scope.BOUNDARY
                    && row.name().equals(result.run().headline())) {
                out.append(line(row));
            }
        }
        if (result.run().quick()) {
            out.append("quick: short windows; take the figures as a first look\n");
        }
        result.findings().stream()
                .map(finding -> finding.code()
                        + finding.cellId().map(id -> " (" + id + ")").orElse("") + ": " + finding.message())
                .distinct()
                .limit(12)
                .forEach(finding -> out.append(finding).append('\n'));
        return out.toString();
    }

    private static String line(ResultRow row) {
        String figure = "%-18s %-12s %8d %-12s %14s %8s %14s %14s %10s %12s%n"
                .formatted(
                        row.cellId(),
                        row.precision(),
                        row.batch(),
                        row.basis(),
                        si(row.joulesPerElement(), "J"),
                        percent(row),
                        si(row.boundJoulesPerElement(), "J"),
                        si(row.aboveIdleJoulesPerElement(), "J"),
                        si(row.watts(), "W"),
                        si(row.elementsPerSecond(), ""));
        return row.reason()
                .map(reason -> figure + "    no figure: " + reason + "\n")
                .orElse(figure);
    }

    private static String percent(ResultRow row) {
        if (row.joulesPerElementHigh().isEmpty() || row.joulesPerElement().isEmpty()) {
            return "–";
        }
        double half = row.joulesPerElementHigh().getAsDouble()
                - row.joulesPerElement().getAsDouble();
        return "%.2g %%".formatted(100 * half / row.joulesPerElement().getAsDouble());
    }

    /// At most four significant digits, with an SI prefix.
    static String si(OptionalDouble value, String unit) {
        if (value.isEmpty()) {
            return "–";
        }
        double v = value.getAsDouble();
        if (v == 0) {
            return "0 " + unit;
        }
        String[] prefixes = {"p", "n", "µ", "m", "", "k", "M", "G", "T"};
        int step = Math.clamp((int) Math.floor(Math.log10(Math.abs(v)) / 3) + 4, 0, prefixes.length - 1);
        double scaled = v / Math.pow(1000, step - 4);
        int decimals = Math.max(0, 3 - (int) Math.floor(Math.log10(Math.abs(scaled))));
        return String.format(Locale.ROOT, "%." + Math.min(3, decimals) + "f %s%s", scaled, prefixes[step], unit)
                .strip();
    }
}
