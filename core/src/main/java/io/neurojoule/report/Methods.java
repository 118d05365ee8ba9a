package io.neurojoule.report;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// How the run was measured, in words made from the run itself.
final class Methods {
    private Methods() {}

    static List<String> sentences(ExperimentResult result, List<Signal> signals, List<Window> windows) {
        List<String> sentences = new ArrayList<>();
        String element = result.run().element();
        windows(result, windows, sentences);
        repeats(result, sentences);
        for (Signal signal : signals) {
            Channel channel = signal.channel();
            if (channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER) {
                sentences.add(channel(signal));
            }
        }
        sentences.add("Energy per " + element + " is the sum of joules over the sum of " + element
                + "s of all measured windows of a cell.");
        if (result.rows().stream().anyMatch(row -> row.joulesPerElementLow().isPresent())) {
            sentences.add(
                    "Intervals are 95 % t intervals over the repeats; with fewer than two repeats there is none.");
        } else {
            sentences.add("There are no intervals, as no cell has two repeats.");
        }
        if (result.rows().stream().anyMatch(row -> row.boundJoulesPerElement().isPresent())) {
            sentences.add("The bound is what reading the sensors at the edges of the windows can have missed or added;"
                    + " it does not shrink with repeats.");
        }
        if (result.rows().stream().anyMatch(row -> row.aboveIdleJoules().isPresent())) {
            sentences.add("Above idle is the energy less the power of the loaded but idle network over the same time,"
                    + " the mean of before and after.");
        }
        Map<Basis, Long> basis = result.rows().stream()
                .collect(Collectors.groupingBy(ResultRow::basis, TreeMap::new, Collectors.counting()));
        if (!basis.isEmpty()) {
            sentences.add("Basis of the rows: "
                    + basis.entrySet().stream()
                            .map(entry -> entry.getValue() + " " + entry.getKey())
                            .collect(Collectors.joining(", "))
                    + ".");
        }
        sentences.add("The headline boundary is " + result.run().headline()
                + "; a boundary with a member missing in any window has no figure.");
        return List.copyOf(sentences);
    }

    private static void windows(ExperimentResult result, List<Window> windows, List<String> sentences) {
        DoubleSummaryStatistics measured = windows.stream()
                .filter(window -> window.kind() == Window.Kind.MEASURE)
                .mapToDouble(Window::seconds)
                .summaryStatistics();
        if (measured.getCount() == 0) {
            return;
        }
        String shortest = Format.quantity(measured.getMin(), "s");
        String longest = Format.quantity(measured.getMax(), "s");
        sentences.add("The run planned " + result.cells().size() + " cells and holds " + measured.getCount()
                + " measured windows of "
                + (shortest.equals(longest) ? shortest : shortest + " to " + longest) + ".");
        long idle = windows.stream()
                .filter(window -> window.kind() == Window.Kind.IDLE_LOADED || window.kind() == Window.Kind.IDLE_BARE)
                .count();
        long warmup = windows.stream()
                .filter(window -> window.kind() == Window.Kind.WARMUP)
                .count();
        sentences.add("It also holds " + idle + " idle and " + warmup + " warm-up windows.");
        long bracketed = windows.stream()
                .filter(window -> window.kind() == Window.Kind.MEASURE && !window.stamped())
                .count();
        sentences.add(
                bracketed == 0
                        ? "The edges of the measured windows are the network's own time stamps."
                        : bracketed + " measured windows have the profiler's bracket instead of the network's stamps.");
    }

    private static void repeats(ExperimentResult result, List<String> sentences) {
        IntSummaryStatistics repeats = result.rows().stream()
                .filter(Verdict::available)
                .mapToInt(ResultRow::repeats)
                .summaryStatistics();
        if (repeats.getCount() > 0) {
            sentences.add("Each measured cell has "
                    + (repeats.getMin() == repeats.getMax()
                            ? "" + repeats.getMin()
                            : repeats.getMin() + " to " + repeats.getMax())
                    + (repeats.getMax() == 1 ? " repeat." : " repeats."));
        }
    }

    private static String channel(Signal signal) {
        Channel channel = signal.channel();
        String refresh = channel.refresh().isZero()
                ? "refresh unknown"
                : "refresh " + Format.quantity(channel.refresh().toNanos() * 1e-9, "s");
        String base = channel.baseWatts() == 0 ? "" : ", " + Format.quantity(channel.baseWatts(), "W") + " added";
        return "Channel " + channel.id() + " (" + (channel.quantity() == Quantity.ENERGY ? "energy counter" : "power")
                + ", " + channel.basis() + ", " + refresh + base + ") gave " + signal.size() + " values and "
                + signal.gaps().size() + " gaps.";
    }
}
