package io.neurojoule.experiment;

import io.neurojoule.workload.Load;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// What will be measured in which order: `plan.json`.
///
/// @param repeats of each cell, at least
/// @param seed    of the order
/// @param order   ids of cells, for each repeat; each cell once in each. Those beyond `repeats` are for cells whose
/// interval
///                is still too wide
/// @param seconds how long the run takes at least; loading is not counted, nor windows that a slow sensor lengthens
public record Plan(List<Cell> cells, int repeats, long seed, List<List<String>> order, double seconds) {
    public Plan {
        cells = List.copyOf(cells);
        order = order.stream().map(List::copyOf).toList();
        List<String> ids = cells.stream().map(Cell::id).sorted().toList();
        for (int i = 1; i < ids.size(); i++) {
            if (ids.get(i).equals(ids.get(i - 1))) {
                throw new IllegalArgumentException(
                        "two cells would be called '%s'; rename a target or a precision".formatted(ids.get(i)));
            }
        }
        if (repeats < 1 || order.size() < repeats) {
            throw new IllegalArgumentException(
                    "an order of %d repeats does not fit repeats = %d".formatted(order.size(), repeats));
        }
        for (List<String> repeat : order) {
            if (!repeat.stream().sorted().toList().equals(ids)) {
                throw new IllegalArgumentException("each repeat must visit each cell once: " + repeat);
            }
        }
    }

    /// The plan of the selected cells of an experiment.
    ///
    /// @throws ExperimentException if no cell is selected, or two would have the same id
    public static Plan of(Experiment experiment, Selection selection) {
        List<Cell> all = new ArrayList<>();
        for (String target : experiment.targets().keySet()) {
            for (String precision : experiment.precisions(target)) {
                for (int batch : experiment.batches(target)) {
                    for (Load load : experiment.loads(target)) {
                        all.add(Cell.of(target, experiment.model().name(), precision, batch, load));
                    }
                }
            }
        }
        List<Cell> cells = selection.select(all);
        Experiment.Method method = experiment.method();
        int repeats = method.measure().repeats();
        int most = method.measure().ciHalfWidth().isPresent() ? method.measure().maxRepeats() : repeats;
        try {
            return new Plan(
                    cells,
                    repeats,
                    method.seed(),
                    shuffled(cells, most, method.seed()),
                    estimateSeconds(method, cells));
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(String.valueOf(e.getMessage()));
        }
    }

    /// Repeats are the outer loop and cells are shuffled anew in each, so that a slow drift of the machine does not
    /// look like an effect of the batch size. The cells of a target stand together, as they share a process.
    private static List<List<String>> shuffled(List<Cell> cells, int repeats, long seed) {
        Random random = new Random(seed);
        List<List<String>> order = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            Map<String, List<String>> byTarget = new LinkedHashMap<>();
            for (Cell cell : cells) {
                byTarget.computeIfAbsent(cell.target(), target -> new ArrayList<>())
                        .add(cell.id());
            }
            List<List<String>> targets = new ArrayList<>(byTarget.values());
            Collections.shuffle(targets, random);
            targets.forEach(ids -> Collections.shuffle(ids, random));
            order.add(targets.stream().flatMap(List::stream).toList());
        }
        return order;
    }

    /// Two loops of warm-up are the fewest that can show a steady throughput.
    private static double estimateSeconds(Experiment.Method method, List<Cell> cells) {
        Experiment.Idle idle = method.idle();
        double pause = idle.seconds() * idle.when().size();
        double warmup =
                Math.min(2 * method.warmup().minSeconds(), method.warmup().maxSeconds());
        double visit = (idle.kinds().contains("loaded") ? pause : 0)
                + warmup
                + method.measure().minSeconds() * (method.phases().isSampled() ? 2 : 1)
                + method.cooldown().seconds();
        long targets = cells.stream().map(Cell::target).distinct().count();
        return visit * cells.size() * method.measure().repeats()
                + method.latencySeconds() * cells.size()
                + (idle.kinds().contains("bare") ? pause * targets : 0);
    }

    /// How long the run takes at least, in seconds: idle, warm-up, measured windows, those with each
    /// phase timed and the latency pass; phases that are run alone come on top.
    public double estimateSeconds() {
        return seconds;
    }

    /// What `--dry-run` shows, line by line: the cells, the order and the time that it takes.
    public List<String> describe() {
        List<String> lines = new ArrayList<>();
        lines.add("%d cells × %d repeats, at least %s (loading and slow sensors come on top)"
                .formatted(cells.size(), repeats, clock(seconds)));
        Map<String, List<Cell>> rows =
                cells.stream().collect(Collectors.groupingBy(cell -> cell.target() + "  " + cell.precision()));
        cells.stream()
                .map(cell -> cell.target() + "  " + cell.precision())
                .distinct()
                .forEach(row -> lines.add("cells     %s  batch %s"
                        .formatted(
                                row,
                                rows.getOrDefault(row, List.of()).stream()
                                        .map(cell -> cell.batch()
                                                + (cell.load().equals(Load.BACK_TO_BACK)
                                                        ? ""
                                                        : " " + cell.load().label()))
                                        .collect(Collectors.joining(", ")))));
        lines.add("order     interleaved, seed " + seed);
        for (int repeat = 0; repeat < repeats; repeat++) {
            lines.add("repeat %-3d%s".formatted(repeat + 1, String.join(" ", order.get(repeat))));
        }
        if (order.size() > repeats) {
            lines.add("then      up to %d more repeats of the cells whose interval is still too wide"
                    .formatted(order.size() - repeats));
        }
        return List.copyOf(lines);
    }

    private static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? "%d min %02d s".formatted(whole / 60, whole % 60)
                : "%d h %02d min".formatted(whole / 3600, whole % 3600 / 60);
    }

    /// The cells of each repeat in the order in which they are visited.
    public List<List<Cell>> visits() {
        return order.stream()
                .map(repeat -> repeat.stream().map(this::cell).toList())
                .toList();
    }

    private Cell cell(String id) {
        return cells.stream().filter(cell -> cell.id().equals(id)).findFirst().orElseThrow();
    }

    /// The text of `plan.json`.
    public String toJson() {
        return JsonMapper.shared().writeValueAsString(this);
    }

    /// @throws ExperimentException if the text is no plan
    public static Plan fromJson(String json) {
        try {
            return JsonMapper.shared().readValue(json, Plan.class);
        } catch (JacksonException e) {
            throw new ExperimentException("plan.json is no plan: " + e.getOriginalMessage());
        }
    }
}
