package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Quantity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What speaks against a figure without ruling it out: the figure stands and is marked.
///
/// The words are the same for each window of a channel, so that a report says them once.
final class Doubt {
    /// A value that is the same for so long: the load was that steady, or the sensor stands still.
    private static final int STILL_REFRESHES = 20;

    private static final double STILL_SECONDS = 1;

    /// Fewer equal values prove nothing.
    private static final int STILL_SAMPLES = 5;

    /// What always draws power draws at least this much; a counter in steps of watt hours may rest so long in each.
    private static final double LEAST_WATTS = 1;

    /// Readings that are further apart have at least one missing between them.
    private static final double MISSED_PERIODS = 2.5;

    /// No sensor is read more often than it needs be.
    private static final Duration PERIOD = Duration.ofMillis(100);

    private Doubt() {}

    /// @param signal of energy or power, with the refresh that is declared
    /// @param figure of that channel, with the refresh that it was reckoned with
    static List<Finding> of(Signal signal, WindowEnergy figure) {
        Channel channel = signal.channel();
        Window window = figure.window();
        int first = Math.max(0, Energy.floor(signal.timeNanos(), window.startNanos()));
        int last = last(signal, figure);
        List<Finding> doubts = new ArrayList<>();
        if (standsStill(signal, first, last)) {
            doubts.add(finding(
                    "reading-still",
                    "%s showed one value for more than %.3g s: the load was that steady, or the sensor stands still. Compare it with another source"
                            .formatted(channel.id(), stillNanos(channel) * 1e-9),
                    channel,
                    window));
        }
        if (missesReadings(signal, first, last)) {
            doubts.add(finding(
                    "readings-missed",
                    "%s had no reading for more than %.3g s: its power in between is taken as a straight line"
                            .formatted(channel.id(), missedNanos(channel) * 1e-9),
                    channel,
                    window));
        }
        return doubts;
    }

    private static Finding finding(String code, String message, Channel channel, Window window) {
        return Finding.of(code, Severity.INFO, message).onChannel(channel.id()).inWindow(window.id());
    }

    /// @param first reading not after the window's start
    /// @param last  that its figure is made of
    private static boolean standsStill(Signal signal, int first, int last) {
        Channel channel = signal.channel();
        // Busy time is added to a base power, and a graphics unit inside a processor may be off for hours.
        if (channel.baseWatts() > 0 || channel.component().kind() == Kind.UNCORE) {
            return false;
        }
        long[] raw = signal.raw();
        int start = first;
        while (start > 0 && raw[start - 1] == raw[start]) {
            start--;
        }
        while (start <= last) {
            int end = start + 1;
            while (end < raw.length && raw[end] == raw[start]) {
                end++;
            }
            boolean isLong = end - start >= STILL_SAMPLES && signal.leastBetween(start, end - 1) > stillNanos(channel);
            if (isLong && end - 1 > first) { // it reaches into the window
                return true;
            }
            start = end;
        }
        return false;
    }

    private static long stillNanos(Channel channel) {
        double step = channel.quantity() == Quantity.ENERGY ? channel.scale() / LEAST_WATTS : 0;
        return Math.max(
                (long) (Math.max(STILL_SECONDS, step) * 1e9),
                STILL_REFRESHES * channel.refresh().toNanos());
    }

    /// A counter counts on while it is not read, and its bound knows how much; a power may have been anything.
    private static boolean missesReadings(Signal signal, int first, int last) {
        Channel channel = signal.channel();
        if (channel.quantity() != Quantity.POWER) {
            return false;
        }
        long[] t = signal.timeNanos();
        for (int i = first; i < last; i++) {
            if (t[i + 1] - t[i] > missedNanos(channel)) {
                return true;
            }
        }
        return false;
    }

    private static long missedNanos(Channel channel) {
        long period = Math.max(PERIOD.toNanos(), channel.refresh().toNanos());
        return (long) (MISSED_PERIODS * period);
    }

    /// The last reading that the figure is made of: a power stands for a time before it was read.
    private static int last(Signal signal, WindowEnergy figure) {
        boolean power = figure.channel().quantity() == Quantity.POWER;
        long until = figure.window().endNanos() + (power ? Energy.shift(figure.channel()) : 0);
        return Math.min(Energy.ceiling(signal.timeNanos(), until), signal.size() - 1);
    }
}
