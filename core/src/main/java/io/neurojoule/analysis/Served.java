package io.neurojoule.analysis;

import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import io.neurojoule.workload.ServerPlace;
import io.neurojoule.workload.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// What a cell whose steps counted or timed something says beside its row: joules per token, time to first token, what
/// the server says of itself, how much of the work was the client's.
///
/// @param row     the cell at the headline boundary
/// @param windows of the cell
record Served(ResultRow row, CellRecord cell, List<Window> windows, Joules energies) {
    /// More cached tokens than this, and what is measured is the cache.
    private static final double MOST_CACHED = 0.01;

    private static final String PREFILL = "prefill";
    private static final String SERVER_REQUESTS = "server_requests";
    private static final String NANOS = "_ns";

    /// None of a cell that failed, whatever some of its windows counted.
    List<DerivedFigure> figures() {
        List<DerivedFigure> figures = new ArrayList<>();
        if (!cell.status().equals("measured")) {
            return figures;
        }
        long out = count(Tally.TOKENS_OUT);
        long in = count(Tally.TOKENS_IN);
        if (out > 0) {
            figures.add(perOutputToken(out));
            row.seconds().ifPresent(seconds -> figures.add(time("output_tokens_per_second", "/s", out / seconds)));
        }
        if (in > 0) {
            figures.add(perInputToken());
            figures.add(cachedShare(in));
        }
        new TreeMap<>(cell.timings()).forEach((timed, histogram) -> {
            Latency.quantile(histogram, 0.5)
                    .ifPresent(seconds -> figures.add(time(timed + "_p50_seconds", "s", seconds)));
            Latency.quantile(histogram, 0.99)
                    .ifPresent(seconds -> figures.add(time(timed + "_p99_seconds", "s", seconds)));
        });
        figures.addAll(server());
        clientShare().ifPresent(figures::add);
        return figures;
    }

    private DerivedFigure cachedShare(long in) {
        String name = "tokens_cached_share";
        boolean told = windows.stream()
                .anyMatch(window ->
                        window.kind() == Window.Kind.MEASURE && window.counts().containsKey(Tally.TOKENS_CACHED));
        if (!told) {
            return DerivedFigure.missing(row.cellId(), name, "", "the server does not tell what came from a cache");
        }
        long untold = count(Tally.CACHE_UNTOLD);
        return untold == 0
                ? time(name, "", (double) count(Tally.TOKENS_CACHED) / in)
                : DerivedFigure.missing(
                        row.cellId(),
                        name,
                        "",
                        "the server does not tell of %d requests what came from a cache".formatted(untold));
    }

    /// With tokens that were not computed anew the joules per token are those of a cache.
    Optional<Finding> finding() {
        // Prompts that are read alone make a figure, too.
        long in = count(Tally.TOKENS_IN) + count(Window.Kind.ISOLATED, Tally.TOKENS_IN);
        long cached = count(Tally.TOKENS_CACHED) + count(Window.Kind.ISOLATED, Tally.TOKENS_CACHED);
        return in > 0 && cached > MOST_CACHED * in
                ? Optional.of(Finding.of(
                                "tokens-cached",
                                Severity.WARNING,
                                "%.3g %% of the input tokens came from the server's cache and were not computed: the figure is that of the cache too"
                                        .formatted(100.0 * cached / in))
                        .inCell(row.cellId()))
                : Optional.empty();
    }

    private long count(String what) {
        return count(Window.Kind.MEASURE, what);
    }

    private long count(Window.Kind kind, String what) {
        return windows.stream()
                .filter(window -> window.kind() == kind)
                .mapToLong(window -> window.counts().getOrDefault(what, 0L))
                .sum();
    }

    private DerivedFigure time(String name, String unit, double value) {
        return DerivedFigure.of(row.cellId(), name, unit, value, energies.times());
    }

    /// All of the energy, that for reading the prompts too, over the tokens that came out.
    private DerivedFigure perOutputToken(long tokens) {
        String name = "joules_per_output_token";
        if (row.joules().isEmpty() || row.boundJoulesPerElement().isEmpty()) {
            return DerivedFigure.missing(row.cellId(), name, "J", row.reason().orElse("the cell has no figure"));
        }
        double bound =
                row.boundJoulesPerElement().getAsDouble() * row.elements().orElse(0L);
        return DerivedFigure.joules(
                row.cellId(), name, new Energy(row.joules().getAsDouble(), bound), 1.0 / tokens, row.basis());
    }

    /// From windows in which prompts were read and one token came out.
    private DerivedFigure perInputToken() {
        String name = "joules_per_input_token";
        double joules = 0;
        double bound = 0;
        long tokens = 0;
        for (Window window : windows) {
            if (window.kind() == Window.Kind.ISOLATED && window.phaseNanos().containsKey(PREFILL)) {
                switch (energies.of(energies.members(row), window)) {
                    case Energy of -> {
                        joules += of.joules();
                        bound += of.boundJoules();
                        tokens += window.counts().getOrDefault(Tally.TOKENS_IN, 0L);
                    }
                    case Integral.Unavailable none -> {
                        return DerivedFigure.missing(row.cellId(), name, "J", none.reason());
                    }
                }
            }
        }
        return tokens > 0
                ? DerivedFigure.joules(
                        row.cellId(),
                        name,
                        new Energy(joules, bound),
                        1.0 / tokens,
                        energies.basis(energies.members(row)))
                : DerivedFigure.missing(
                        row.cellId(), name, "J", "the phase prefill was not run alone (method.phases.isolate)");
    }

    /// Times that the server itself adds up, per request.
    private List<DerivedFigure> server() {
        long requests = count(SERVER_REQUESTS);
        List<DerivedFigure> figures = new ArrayList<>();
        if (requests > 0) {
            windows.stream()
                    .flatMap(window -> window.counts().keySet().stream())
                    .filter(name -> name.startsWith("server_") && name.endsWith(NANOS))
                    .distinct()
                    .sorted()
                    .forEach(name -> figures.add(time(
                            name.substring(0, name.length() - NANOS.length()) + "_mean_seconds",
                            "s",
                            1e-9 * count(name) / requests)));
        }
        return figures;
    }

    /// The client's own CPU time as a share of all that was used: its energy is in the figure of a server that is here.
    private Optional<DerivedFigure> clientShare() {
        if (!ServerPlace.HERE.text().equals(cell.settings().get(ServerPlace.SETTING))) {
            return Optional.empty();
        }
        double client = 0;
        double all = 0;
        for (Window window : windows) {
            if (window.kind() == Window.Kind.MEASURE) {
                OptionalDouble own = window.conditions().networkCpuSeconds();
                OptionalDouble machine = window.conditions().machineCpuSeconds();
                if (own.isEmpty() || machine.isEmpty()) {
                    return Optional.of(DerivedFigure.missing(
                            row.cellId(), "client_cpu_share", "", "the CPU time of the client is not known"));
                }
                client += own.getAsDouble();
                all += machine.getAsDouble();
            }
        }
        return all > 0
                ? Optional.of(DerivedFigure.of(
                        row.cellId(), "client_cpu_share", "", client / all, Basis.MEASURED.and(energies.times())))
                : Optional.empty();
    }
}
