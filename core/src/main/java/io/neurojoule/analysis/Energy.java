package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Quantity;
import java.util.Arrays;

/// An amount of energy, and how far it may be off because of the reading: the only place where raw values are scaled,
/// unwrapped and interpolated.
///
/// @param joules      best value
/// @param boundJoules the true value lies within ± this if the sensor is right (and within its stated accuracy, if one
///                    is stated): what was not seen between two readings at the edges, the age of a value when it was
///                    read, and one step of the counter; of a sensor that looks at a part of the time also what it
///                    may have missed in the rest
public record Energy(double joules, double boundJoules) implements Integral {
    /// A counter of a component that always draws power, unchanged for so long, is frozen.
    private static final long FROZEN_NANOS = 1_000_000_000L;
    private static final int FROZEN_REFRESHES = 20;
    private static final int FROZEN_SAMPLES = 5;

    /// What always draws power draws at least this much; a counter in steps of watt hours may rest so long in each.
    private static final double LEAST_WATTS = 1;

    /// Unchanged through the whole window, it is frozen after this many refreshes.
    private static final int FROZEN_WHOLE_REFRESHES = 50;

    /// A value was renewed at any moment between two readings; by the 95th percentile, twice the standard deviation, of
    /// many such moments: the square of 2 / √12.
    private static final double RENEWED_BETWEEN = 1.0 / 3;

    /// Two means that were read further apart than this many times what they average over have another between them.
    private static final double MISSED_ONE = 1.5;

    /// A power signal with a hole of more than this many refreshes, and more than half a second, is not covered.
    private static final int HOLE_REFRESHES = 5;
    private static final long HOLE_NANOS = 500_000_000L;

    /// The energy between two times, interpolated at both ends.
    ///
    /// @param fromNanos on the run's clock
    /// @param toNanos   after `fromNanos`
    /// @throws IllegalArgumentException if the signal is neither energy nor power, or the times are reversed
    public static Integral of(Signal signal, long fromNanos, long toNanos) {
        return of(signal, new CounterSteps(signal), fromNanos, toNanos);
    }

    /// The same.
    ///
    /// @param steps of the signal; not used if it is no counter
    static Integral of(Signal signal, CounterSteps steps, long fromNanos, long toNanos) {
        if (toNanos <= fromNanos) {
            throw new IllegalArgumentException("empty stretch: " + fromNanos + " to " + toNanos);
        }
        return switch (signal.channel().quantity()) {
            case ENERGY ->
                withUnseen(signal.channel(), ofCounter(signal, steps, fromNanos, toNanos), fromNanos, toNanos);
            case POWER -> withUnseen(signal.channel(), ofGauge(signal, fromNanos, toNanos), fromNanos, toNanos);
            case VOLTAGE, CURRENT, TEMPERATURE, FREQUENCY, UTILISATION, FLAGS ->
                throw new IllegalArgumentException(signal.channel().id() + " measures "
                        + signal.channel().quantity() + ", not " + Quantity.ENERGY + " or " + Quantity.POWER);
        };
    }

    /// A sensor that looks at a part of the time says nothing about the rest: a load in step with it may draw anything
    /// from nothing to the most there. What it has seen is no limit, as it may always look at the same moment of the
    /// load.
    private static Integral withUnseen(Channel channel, Integral seen, long from, long to) {
        if (channel.seenShare().isEmpty() || !(seen instanceof Energy energy)) {
            return seen;
        }
        if (channel.maxWatts().isEmpty()) {
            return new Unavailable(
                    "part-time-unbounded",
                    "%s looks at %.3g %% of the time, and nothing says how much power there can be in the rest"
                            .formatted(channel.id(), 100 * channel.seenShare().getAsDouble()));
        }
        double watts = energy.joules() / ((to - from) * 1e-9);
        double furthest = Math.max(watts, channel.maxWatts().getAsDouble() - watts);
        // A window may hold up to one stretch more that is not seen than its length tells.
        double unseen = (1 - channel.seenShare().getAsDouble())
                * (to - from + channel.refresh().toNanos())
                * 1e-9;
        return new Energy(energy.joules(), energy.boundJoules() + unseen * furthest);
    }

    /// The latest time up to which a signal tells energy: a power stands for a time before it was read.
    ///
    /// @param signal not empty
    public static long latest(Signal signal) {
        long last = signal.timeNanos()[signal.size() - 1];
        return signal.channel().quantity() == Quantity.POWER ? last - shift(signal.channel()) : last;
    }

    /// Nanoseconds that a reading of a power is later than the middle of what it stands for.
    static long shift(Channel power) {
        return (power.averagedOver().toNanos() + power.refresh().toNanos()) / 2;
    }

    private static Integral ofCounter(Signal signal, CounterSteps steps, long from, long to) {
        Channel channel = signal.channel();
        long[] t = signal.timeNanos();
        int first = floor(t, from);
        int last = ceiling(t, to);
        if (first < 0 || last >= t.length) {
            return notCovered(channel, signal, from, to);
        }
        if (signal.gaps().stream()
                .anyMatch(gap -> gap.isGone() && t[first] < gap.atNanos() && gap.atNanos() < t[last])) {
            return new Unavailable(
                    "counter-gone",
                    channel.id() + " vanished and came back; what it counted meanwhile, or began anew, is not known");
        }
        for (int i = first; i < last; i++) {
            if (steps.at(i) instanceof Unavailable none) {
                return none;
            }
        }
        if (isFrozen(signal, first, last)) {
            return new Unavailable(
                    "counter-frozen",
                    channel.id()
                            + " did not change for longer than it can stand still; its value is stale. Check the driver or module that serves it");
        }
        Counted counted =
                new Counted(signal, first, last, refreshNanos(signal, first, last), restNanos(channel), steps);
        Counted.At start = counted.at(from);
        Counted.At end = counted.at(to);
        // One step of the counter: each of both values is less than one too low.
        double bound = channel.scale()
                + start.shape()
                + end.shape()
                + Math.max(end.missing() + start.early(), start.missing() + end.early());
        double joules = end.joules() - start.joules() + channel.baseWatts() * (to - from) * 1e-9;
        return new Energy(joules, bound + channel.accuracy().orElse(0) * Math.abs(joules));
    }

    /// How long a counter keeps a value. One that stood still for longer than its refresh and its steps explain has a
    /// slower refresh than it says.
    private static long refreshNanos(Signal signal, int first, int last) {
        return Math.max(
                signal.channel().refresh().toNanos(), longestStill(signal, first, last) - restNanos(signal.channel()));
    }

    /// How long a counter may stand still although it is renewed: for ever if what it counts may draw nothing.
    private static long restNanos(Channel channel) {
        return mayRest(channel) ? Long.MAX_VALUE : (long) (channel.scale() / LEAST_WATTS * 1e9);
    }

    /// Whether what is counted may draw nothing. Where the base power is added, an idle machine is not a frozen sensor.
    static boolean mayRest(Channel channel) {
        return channel.baseWatts() > 0 || !drawsAlways(channel.component());
    }

    /// Of the readings on both sides of both edges: each was true at some time of its read.
    private static long longestReadAtEdges(Signal signal, int first, int last) {
        long[] took = signal.readNanos();
        long before = Math.max(took[first], took[Math.min(first + 1, last)]);
        return Math.max(before, Math.max(took[Math.max(last - 1, first)], took[last]));
    }

    private static long longestStill(Signal signal, int first, int last) {
        long longest = 0;
        int since = first;
        for (int i = first + 1; i <= last; i++) {
            if (signal.raw()[i] != signal.raw()[since]) {
                since = i;
            }
            longest = Math.max(longest, signal.leastBetween(since, i));
        }
        return longest;
    }

    private static boolean isFrozen(Signal signal, int first, int last) {
        long rest = restNanos(signal.channel());
        long refresh = signal.channel().refresh().toNanos();
        long whole = signal.leastBetween(first, last);
        if (signal.raw()[first] == signal.raw()[last] && whole > Math.max(rest, FROZEN_WHOLE_REFRESHES * refresh)) {
            return true;
        }
        long least = Math.max(Math.max(FROZEN_NANOS, rest), FROZEN_REFRESHES * refresh);
        int since = first;
        for (int i = first + 1; i <= last; i++) {
            if (signal.raw()[i] != signal.raw()[since]) {
                since = i;
            } else if (i - since >= FROZEN_SAMPLES && signal.leastBetween(since, i) > least) {
                return true;
            }
        }
        return false;
    }

    /// An idle integrated GPU may stand at 0 W for long; a package, its memory or a node cannot.
    private static boolean drawsAlways(Component component) {
        return switch (component.kind()) {
            case CPU, DRAM, PLATFORM, NODE, WALL -> true;
            case CORES, UNCORE, ACCELERATOR, RAIL, BOARD, BEYOND -> false;
        };
    }

    /// A value is the mean of the stretch before its renewal, and shown until the next: on average it stands for a time
    /// that lies half of both before it is read.
    private static Integral ofGauge(Signal signal, long from, long to) {
        Channel channel = signal.channel();
        long[] t = signal.timeNanos();
        long averaged = channel.averagedOver().toNanos();
        long refresh = channel.refresh().toNanos();
        long shift = shift(channel);
        int first = floor(t, from + shift);
        int last = ceiling(t, to + shift);
        if (first < 0 || last >= t.length) {
            return notCovered(channel, signal, from, to);
        }
        long hole = Math.max(HOLE_NANOS, HOLE_REFRESHES * refresh);
        double sum = 0;
        double unseen = 0;
        double scatter = 0;
        for (int i = first; i < last; i++) {
            if (drawsAlways(channel.component()) && (signal.raw()[i] == 0 || signal.raw()[i + 1] == 0)) {
                return new Unavailable(
                        "power-zero",
                        channel.id()
                                + " showed 0 W, which a part that always draws power cannot: the reading was wrong");
            }
            if (t[i + 1] - t[i] > hole) {
                return new Unavailable(
                        "signal-gap",
                        "%s was not read for %.3g s inside the window"
                                .formatted(channel.id(), (t[i + 1] - t[i]) * 1e-9));
            }
            double a = signal.raw()[i] * channel.scale();
            double b = signal.raw()[i + 1] * channel.scale();
            long start = Math.max(t[i], from + shift);
            long end = Math.min(t[i + 1], to + shift);
            double slope = (b - a) / (t[i + 1] - t[i]);
            sum += (end - start) * 1e-9 * (a + slope * ((start + end) / 2.0 - t[i]));
            unseen += unseenSeconds(channel, t[i + 1] - t[i]) * Math.abs(b - a);
            double untimed = (b - a) * (t[i + 1] - t[i]) * 1e-9;
            scatter += untimed * untimed;
        }
        long read = longestReadAtEdges(signal, first, last);
        Range atStart = around(signal, from + shift, shift * 5 / 4 + read);
        Range atEnd = around(signal, to + shift, shift * 5 / 4 + read);
        // A change came at some time between two renewals, and all that is shown may be half a refresh older or newer.
        double late = refresh * 0.5e-9 * atStart.with(atEnd).width();
        // At an edge a mean has what came before or after it: an eighth of a step, and more of
        // what several renewals hide.
        double blur = (shift * 0.25 + Math.max(0, averaged - refresh) * 0.16 + read * 0.5) * 1e-9;
        double bound = Math.max(Math.max(unseen, late), Math.sqrt(scatter * RENEWED_BETWEEN))
                + (atStart.width() + atEnd.width()) * blur;
        bound += channel.resolution().orElse(channel.scale()) * (to - from) * 1e-9; // within one step of what is shown
        double joules = sum + channel.baseWatts() * (to - from) * 1e-9;
        return new Energy(joules, bound + channel.accuracy().orElse(0) * Math.abs(joules));
    }

    /// How long a change between two values may have come before or after the middle between them. Means that follow
    /// each other without a gap lose nothing, but for the corners of what several of them show, where not all are read.
    private static double unseenSeconds(Channel channel, long between) {
        double averaged = channel.averagedOver().toNanos() * 1e-9;
        double refresh = channel.refresh().toNanos() * 1e-9;
        double apart = between * 1e-9;
        if (averaged < refresh || apart > MISSED_ONE * averaged) {
            return (apart + refresh - averaged) / 2;
        }
        double skipped = Math.max(0, apart - refresh);
        return skipped * skipped / (4 * averaged);
    }

    /// The least and the most value, in watts.
    private record Range(double least, double most) {
        double width() {
            return most - least;
        }

        Range with(Range other) {
            return new Range(Math.min(least, other.least), Math.max(most, other.most));
        }
    }

    /// What was shown around an edge, until a change just before it has been shown for sure.
    private static Range around(Signal signal, long at, long reach) {
        long[] t = signal.timeNanos();
        long renewed = at + signal.channel().refresh().toNanos() / 2;
        int first = Math.min(ceiling(t, at - reach), floor(t, at));
        int last = Math.min(Math.max(floor(t, at + reach), ceiling(t, renewed)), t.length - 1);
        double scale = signal.channel().scale();
        Range range = new Range(signal.raw()[first] * scale, signal.raw()[first] * scale);
        for (int i = first + 1; i <= last; i++) {
            range = range.with(new Range(signal.raw()[i] * scale, signal.raw()[i] * scale));
        }
        return range;
    }

    private static Unavailable notCovered(Channel channel, Signal signal, long from, long to) {
        String last = signal.gaps().stream()
                .filter(gap -> gap.atNanos() >= from - HOLE_NANOS && gap.atNanos() <= to + HOLE_NANOS)
                .map(gap -> ": " + gap.why())
                .findFirst()
                .orElse("");
        return new Unavailable("not-covered", channel.id() + " has no reading on both sides of the window" + last);
    }

    /// The last index whose time is not after `at`; -1 if there is none.
    static int floor(long[] t, long at) {
        int i = Arrays.binarySearch(t, at);
        return i >= 0 ? i : -i - 2;
    }

    /// The first index whose time is not before `at`; the length if there is none.
    static int ceiling(long[] t, long at) {
        int i = Arrays.binarySearch(t, at);
        return i >= 0 ? i : -i - 1;
    }
}
