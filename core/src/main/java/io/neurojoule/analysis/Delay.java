package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Quantity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// How long after the load began a channel showed half of the change: its averaging, the age of its values and the time
/// between two readings are in it.
///
/// @param seconds median over the starts of the load; empty if it cannot be told
/// @param reason  why it cannot be told
public record Delay(OptionalDouble seconds, Optional<String> reason) {
    /// One start may meet something else that begins.
    private static final int LEAST_STARTS = 3;

    private static final int LEAST_BEFORE = 2;
    private static final int LEAST_AFTER = 4;

    /// The network idle, then busy.
    private record Start(Window idle, long beginNanos, long endNanos) {}

    private record Point(long nanos, double watts) {}

    static Delay of(Signal signal, List<Window> windows) {
        List<Start> starts = starts(windows);
        List<Point> power = power(signal);
        double[] delays = starts.stream()
                .map(start -> after(start, power))
                .flatMapToDouble(OptionalDouble::stream)
                .sorted()
                .toArray();
        return delays.length < LEAST_STARTS
                ? new Delay(
                        OptionalDouble.empty(),
                        Optional.of("a clear step at %d of %d starts of the load; %d are needed"
                                .formatted(delays.length, starts.size(), LEAST_STARTS)))
                : new Delay(OptionalDouble.of(delays[delays.length / 2]), Optional.empty());
    }

    private static List<Start> starts(List<Window> windows) {
        List<Start> starts = new ArrayList<>();
        for (int i = 0; i + 1 < windows.size(); i++) {
            int last = i;
            while (last + 1 < windows.size() && isLoad(windows.get(last + 1))) {
                last++;
            }
            if (windows.get(i).kind() == Window.Kind.IDLE_LOADED && last > i) {
                starts.add(new Start(
                        windows.get(i),
                        windows.get(i + 1).startNanos(),
                        windows.get(last).endNanos()));
            }
        }
        return starts;
    }

    private static boolean isLoad(Window window) {
        return window.kind() == Window.Kind.WARMUP || window.kind() == Window.Kind.MEASURE;
    }

    /// Of a counter its advance from one change to the next, at the middle between them.
    private static List<Point> power(Signal signal) {
        List<Point> points = new ArrayList<>();
        double scale = signal.channel().scale();
        boolean counter = signal.channel().quantity() == Quantity.ENERGY;
        int changed = 0;
        for (int i = 0; i < signal.size(); i++) {
            long nanos = signal.timeNanos()[i];
            if (!counter) {
                points.add(new Point(nanos, signal.raw()[i] * scale));
            } else if (signal.raw()[i] != signal.raw()[changed]) {
                long before = signal.timeNanos()[changed];
                double joules = (signal.raw()[i] - signal.raw()[changed]) * scale;
                if (joules > 0) {
                    points.add(new Point(before + (nanos - before) / 2, joules / ((nanos - before) * 1e-9)));
                }
                changed = i;
            }
        }
        return points;
    }

    /// Empty unless everything in the second half of the idle time lies on one side of the middle, and everything in
    /// the second half of the load on the other.
    private static OptionalDouble after(Start start, List<Point> power) {
        long idleMiddle = start.idle.startNanos() + (start.idle.endNanos() - start.idle.startNanos()) / 2;
        long loadMiddle = start.beginNanos + (start.endNanos - start.beginNanos) / 2;
        double[] before = watts(power, idleMiddle, start.idle.endNanos());
        double[] after = watts(power, loadMiddle, start.endNanos);
        if (before.length < LEAST_BEFORE || after.length < LEAST_AFTER) {
            return OptionalDouble.empty();
        }
        double half = (mean(before) + mean(after)) / 2;
        int sign = mean(after) > half ? 1 : -1;
        boolean clear = Arrays.stream(before).allMatch(watts -> sign * (watts - half) < 0)
                && Arrays.stream(after).allMatch(watts -> sign * (watts - half) > 0);
        return clear
                ? power.stream()
                        .filter(point -> point.nanos >= start.beginNanos && sign * (point.watts - half) > 0)
                        .mapToDouble(point -> (point.nanos - start.beginNanos) * 1e-9)
                        .findFirst()
                : OptionalDouble.empty();
    }

    private static double[] watts(List<Point> power, long from, long to) {
        return power.stream()
                .filter(point -> point.nanos >= from && point.nanos <= to)
                .mapToDouble(Point::watts)
                .toArray();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }
}
