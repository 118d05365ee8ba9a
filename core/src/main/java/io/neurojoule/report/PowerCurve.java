package io.neurojoule.report;

import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// Power of one channel over time, for drawing only; results never come from here.
///
/// @param points in order of time
record PowerCurve(Channel channel, List<Point> points) {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    /// @param joined whether the line runs from the point before to this one
    record Point(long atNanos, double watts, boolean joined) {}

    /// The curves of all channels of power or energy.
    static List<PowerCurve> of(List<Signal> signals) {
        List<PowerCurve> curves = new ArrayList<>();
        for (Signal signal : signals) {
            if (signal.channel().quantity() == Quantity.POWER) {
                curves.add(new PowerCurve(signal.channel(), values(signal)));
            } else if (signal.channel().quantity() == Quantity.ENERGY) {
                curves.add(new PowerCurve(signal.channel(), quotients(signal)));
            }
        }
        return List.copyOf(curves);
    }

    private static List<Point> values(Signal signal) {
        List<Point> points = new ArrayList<>();
        Channel channel = signal.channel();
        for (int i = 0; i < signal.size(); i++) {
            boolean joined = i > 0 && !gapBetween(signal, signal.timeNanos()[i - 1], signal.timeNanos()[i]);
            points.add(
                    new Point(signal.timeNanos()[i], signal.raw()[i] * channel.scale() + channel.baseWatts(), joined));
        }
        return points;
    }

    /// Reads closer than one refresh show the counter's own step, not power, so the quotient spans at least that.
    private static List<Point> quotients(Signal signal) {
        List<Point> points = new ArrayList<>();
        Channel channel = signal.channel();
        long least = Math.max(1, channel.refresh().toNanos());
        int from = 0;
        boolean joined = false;
        for (int i = 1; i < signal.size(); i++) {
            long start = signal.timeNanos()[from];
            long end = signal.timeNanos()[i];
            if (signal.raw()[i] < signal.raw()[i - 1] || gapBetween(signal, signal.timeNanos()[i - 1], end)) {
                from = i;
                joined = false;
            } else if (end - start >= least) {
                double joules = (signal.raw()[i] - signal.raw()[from]) * channel.scale();
                double watts = joules / ((end - start) * 1e-9) + channel.baseWatts();
                points.add(new Point(start + (end - start) / 2, watts, joined));
                from = i;
                joined = true;
            }
        }
        return points;
    }

    private static boolean gapBetween(Signal signal, long fromNanos, long toNanos) {
        List<Signal.Gap> gaps = signal.gaps();
        int low = 0;
        int high = gaps.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (gaps.get(middle).atNanos() > fromNanos) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low < gaps.size() && gaps.get(low).atNanos() < toNanos;
    }

    /// Times in seconds since the first point or window; a point is `[seconds, watts, 1 if joined else 0]`.
    static String json(List<PowerCurve> curves, List<Window> windows) {
        long origin = Math.min(
                windows.stream().mapToLong(Window::startNanos).min().orElse(Long.MAX_VALUE),
                curves.stream()
                        .flatMap(curve -> curve.points.stream())
                        .mapToLong(Point::atNanos)
                        .min()
                        .orElse(Long.MAX_VALUE));
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(
                "curves",
                curves.stream()
                        .map(curve -> Map.of(
                                "channel",
                                curve.channel.id(),
                                "basis",
                                curve.channel.basis().name(),
                                "counter",
                                curve.channel.quantity() == Quantity.ENERGY,
                                "points",
                                curve.points.stream()
                                        .map(p -> List.of((p.atNanos - origin) * 1e-9, p.watts, p.joined ? 1 : 0))
                                        .toList()))
                        .toList());
        tree.put(
                "windows",
                windows.stream()
                        .map(window -> Map.of(
                                "id",
                                window.id(),
                                "cell",
                                window.cellId(),
                                "repeat",
                                window.repeat(),
                                "kind",
                                window.kind().name().toLowerCase(Locale.ROOT),
                                "from",
                                (window.startNanos() - origin) * 1e-9,
                                "to",
                                (window.endNanos() - origin) * 1e-9))
                        .toList());
        return MAPPER.writeValueAsString(tree);
    }
}
