package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Quantity;
import java.util.Arrays;
import java.util.OptionalDouble;

/// An amount of energy, and how far it may be off because of the reading: the only place where raw values are scaled,
/// unwrapped and interpolated.
///
/// @param joules      best value
/// @param boundJoules the true value lies within ± this if the sensor is right (and within its stated accuracy, where
/// one
///                    is stated): what was not seen between two readings at the edges, the age of a value when it was
///                    read, and one step of the counter; of a sensor that looks at a part of the time also what it
///                    may have missed in the rest
public record Energy(double joules, double boundJoules) implements Integral {
    /// A step forward this many times larger than the stated maximum power allows is no reading of that component.
    /// Three, because short peaks above a stated limit are real.
    private static final double IMPLAUSIBLE = 3;

    /// A counter of a component that always draws power, unchanged for so long, is frozen.
    private static final long FROZEN_NANOS = 1_000_000_000L;
    private static final int FROZEN_REFRESHES = 20;
    private static final int FROZEN_SAMPLES = 5;

    /// What always draws power draws at least this much; a counter in steps of watt hours may rest so long in each.
    private static final double LEAST_WATTS = 1;

    /// Unchanged through the whole window, it is frozen after this many refreshes.
    private static final int FROZEN_WHOLE_REFRESHES = 50;

    /// How many times the age of a value around a window power is looked at.
    private static final int AROUND_AGES = 3;

    /// A power signal with a hole of more than this many refreshes, and more than half a second, is not covered.
    private static final int HOLE_REFRESHES = 5;
    private static final long HOLE_NANOS = 500_000_000L;

    /// The energy between two times, interpolated at both ends.
    ///
    /// @param fromNanos on the run's clock
    /// @param toNanos   after `fromNanos`
    /// @throws IllegalArgumentException if the signal is neither energy nor power, or the times are reversed
    public static Integral of(Signal signal, long fromNanos, long toNanos) {
        if (toNanos <= fromNanos) {
            throw new IllegalArgumentException("empty stretch: " + fromNanos + " to " + toNanos);
        }
        return switch (signal.channel().quantity()) {
            case ENERGY -> withUnseen(signal.channel(), ofCounter(signal, fromNanos, toNanos), fromNanos, toNanos);
            case POWER -> withUnseen(signal.channel(), ofGauge(signal, fromNanos, toNanos), fromNanos, toNanos);
            case VOLTAGE, CURRENT, TEMPERATURE, FREQUENCY, UTILISATION, FLAGS ->
                throw new IllegalArgumentException(signal.channel().id() + " measures "
                        + signal.channel().quantity() + ", not " + Quantity.ENERGY + " or " + Quantity.POWER);
        };
    }

    /// A sensor that looks at a part of the time says nothing about the rest: a load in step with it may draw anything
    /// from
    /// nothing to the most there. What it has seen is no limit, as it may always look at the same moment of the load.
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

    private static Integral ofCounter(Signal signal, long from, long to) {
        Channel channel = signal.channel();
        long[] t = signal.timeNanos();
        int first = floor(t, from);
        int last = ceiling(t, to);
        if (first < 0 || last >= t.length) {
            return notCovered(channel, signal, from, to);
        }
        double sum = 0;
        double bound = 0;
        for (int i = first; i < last; i++) {
            Integral step = step(signal, i);
            if (!(step instanceof Energy whole)) {
                return step;
            }
            long inside = Math.min(t[i + 1], to) - Math.max(t[i], from);
            double share = inside / (double) (t[i + 1] - t[i]);
            sum += whole.joules() * share;
            if (t[i] < from) {
                bound += edge(signal, i, whole.joules(), from);
            }
            if (t[i + 1] > to) {
                bound += edge(signal, i, whole.joules(), to);
            }
        }
        if (isFrozen(signal, first, last)) {
            return new Unavailable(
                    "counter-frozen",
                    channel.id()
                            + " did not change for longer than it can stand still; its value is stale. Check the driver or module that serves it");
        }
        double seconds = (to - from) * 1e-9;
        double age = age(signal, first, last);
        double most = Math.max(channel.maxWatts().orElseGet(() -> highestWatts(signal, from, to, age)), sum / seconds);
        bound += 2 * (channel.scale() + most * age);
        double joules = sum + channel.baseWatts() * seconds;
        return new Energy(joules, bound + channel.accuracy().orElse(0) * Math.abs(joules));
    }

    /// Seconds by which a value may be older than its time stamp: the refresh, and half of the longest read. A counter
    /// of
    /// what always draws power that stood still for longer than its refresh has a slower one than it says.
    private static double age(Signal signal, int first, int last) {
        long read = Math.max(signal.readNanos()[first], signal.readNanos()[last]);
        long refresh = signal.channel().refresh().toNanos();
        if (signal.channel().baseWatts() == 0 && drawsAlways(signal.channel().component())) {
            long coarse = (long) (signal.channel().scale() / LEAST_WATTS * 1e9);
            refresh = Math.max(refresh, longestStill(signal, first, last) - coarse);
        }
        return refresh * 1e-9 + read * 0.5e-9;
    }

    /// The highest mean power from one change of the counter to the next, in the window and a little around it: what a
    /// value
    /// that is too old may have left out or brought in.
    private static double highestWatts(Signal signal, long from, long to, double ageSeconds) {
        long[] t = signal.timeNanos();
        long around = (long) (AROUND_AGES * ageSeconds * 1e9);
        int last = Math.min(ceiling(t, to + around), t.length - 1);
        int changed = Math.max(floor(t, from - around), 0);
        double highest = 0;
        for (int i = changed + 1; i <= last; i++) {
            if (signal.raw()[i] != signal.raw()[i - 1]) {
                if (advance(signal, i - 1) instanceof Energy step) {
                    // Two changes may be seen at two readings that are closer than the changes were.
                    highest = Math.max(highest, step.joules() / Math.max((t[i] - t[changed]) * 1e-9, ageSeconds));
                }
                changed = i;
            }
        }
        return highest;
    }

    private static long longestStill(Signal signal, int first, int last) {
        long longest = 0;
        int since = first;
        for (int i = first + 1; i <= last; i++) {
            if (signal.raw()[i] != signal.raw()[since]) {
                since = i;
            }
            longest = Math.max(longest, signal.timeNanos()[i] - signal.timeNanos()[since]);
        }
        return longest;
    }

    /// What a counter advanced between two readings. Exactly one number of wraps must be plausible.
    private static Integral step(Signal signal, int i) {
        if (isDip(signal, i)) {
            return new Unavailable(
                    "counter-jump",
                    "%s went back and then jumped beyond where it had been: the reading in between was wrong"
                            .formatted(signal.channel().id()));
        }
        return advance(signal, i);
    }

    private static Integral advance(Signal signal, int i) {
        Channel channel = signal.channel();
        long delta = signal.raw()[i + 1] - signal.raw()[i];
        double seconds = (signal.timeNanos()[i + 1] - signal.timeNanos()[i]) * 1e-9;
        OptionalDouble most = mostJoules(channel, seconds, signal.readNanos()[i] + signal.readNanos()[i + 1]);
        double turn = channel.wrapsAt() * channel.scale();
        double joules = delta * channel.scale();
        if (delta >= 0) {
            if (channel.wrapsAt() > 0 && most.isPresent() && joules + turn <= most.getAsDouble()) {
                return ambiguous(channel, seconds);
            }
            if (most.isPresent() && joules > IMPLAUSIBLE * most.getAsDouble()) {
                return new Unavailable(
                        "counter-jump",
                        "%s jumped by %.6g J in %.3g s, more than the component can draw; the counter was set or the reading was wrong"
                                .formatted(channel.id(), joules, seconds));
            }
            return new Energy(joules, 0);
        }
        if (channel.wrapsAt() > 0 && most.isPresent()) {
            if (joules + 2 * turn <= most.getAsDouble()) {
                return ambiguous(channel, seconds);
            }
            if (joules + turn >= 0 && joules + turn <= most.getAsDouble()) {
                return new Energy(joules + turn, 0);
            }
        }
        return new Unavailable(
                "counter-reset",
                "%s went back by %.6g J, and a wrap would mean more than its maximum power: the counter was reset"
                        .formatted(channel.id(), -joules));
    }

    /// Whether reading `i` is lower than both its neighbours, the later one not below the earlier, and no wrap explains
    /// it:
    /// the counter was not reset, one reading of it was nonsense, 0 for example.
    private static boolean isDip(Signal signal, int i) {
        return i > 0
                && signal.raw()[i] < signal.raw()[i - 1]
                && signal.raw()[i + 1] >= signal.raw()[i - 1]
                && !(advance(signal, i - 1) instanceof Energy);
    }

    private static Unavailable ambiguous(Channel channel, double seconds) {
        return new Unavailable(
                "counter-gap",
                "%s was not read for %.3g s, in which it could have wrapped more than once"
                        .formatted(channel.id(), seconds));
    }

    /// The most a counter may advance between two readings; a value may be a refresh and a read older than its stamp.
    private static OptionalDouble mostJoules(Channel channel, double seconds, long readNanos) {
        return channel.maxWatts().isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(channel.maxWatts().getAsDouble()
                                * (seconds + channel.refresh().toNanos() * 1e-9 + readNanos * 1e-9)
                        + 2 * channel.scale());
    }

    /// How far the linear interpolation at `at` may be off: energy only grows, and no faster than the maximum power.
    private static double edge(Signal signal, int i, double joules, long at) {
        long[] t = signal.timeNanos();
        double before = (at - t[i]) * 1e-9;
        double after = (t[i + 1] - at) * 1e-9;
        double here = joules * before / (before + after);
        // A stated maximum can be exceeded for a moment: the mean of this step is known to be possible.
        double most = Math.max(signal.channel().maxWatts().orElse(Double.POSITIVE_INFINITY), joules / (before + after));
        double highest = Math.min(joules, most * before);
        double lowest = Math.max(0, joules - most * after);
        return Math.max(Math.max(highest - here, here - lowest), 0);
    }

    private static boolean isFrozen(Signal signal, int first, int last) {
        // Where the base power is added, the counter may rest: an idle machine is not a frozen sensor.
        if (signal.channel().baseWatts() > 0 || !drawsAlways(signal.channel().component())) {
            return false;
        }
        long whole = signal.timeNanos()[last] - signal.timeNanos()[first];
        long step = (long) (signal.channel().scale() / LEAST_WATTS * 1e9);
        if (signal.raw()[first] == signal.raw()[last]
                && whole
                        > Math.max(
                                step,
                                FROZEN_WHOLE_REFRESHES
                                        * signal.channel().refresh().toNanos())) {
            return true;
        }
        long least = Math.max(
                Math.max(FROZEN_NANOS, step),
                FROZEN_REFRESHES * signal.channel().refresh().toNanos());
        int since = first;
        for (int i = first + 1; i <= last; i++) {
            if (signal.raw()[i] != signal.raw()[since]) {
                since = i;
            } else if (i - since >= FROZEN_SAMPLES && signal.timeNanos()[i] - signal.timeNanos()[since] > least) {
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

    /// A value that is the mean of the stretch before its time stamp stands for the middle of that stretch.
    private static Integral ofGauge(Signal signal, long from, long to) {
        Channel channel = signal.channel();
        long[] t = signal.timeNanos();
        long shift = channel.averagedOver().toNanos() / 2;
        int first = floor(t, from + shift);
        int last = ceiling(t, to + shift);
        if (first < 0 || last >= t.length) {
            return notCovered(channel, signal, from, to);
        }
        long hole = Math.max(HOLE_NANOS, HOLE_REFRESHES * channel.refresh().toNanos());
        double sum = 0;
        double bound = 0;
        for (int i = first; i < last; i++) {
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
            double seconds = (end - start) * 1e-9;
            sum += seconds * (a + slope * ((start + end) / 2.0 - t[i]));
            bound += seconds * Math.abs(b - a) / 2;
        }
        // At each edge a value is up to a refresh old, what it averages over reaches past the edge, and it was true at
        // some
        // time of the read.
        long read = Math.max(signal.readNanos()[first], signal.readNanos()[last]);
        double lag = (channel.refresh().toNanos() + shift / 2.0 + read / 2.0) * 1e-9;
        bound += 2 * spread(signal, first, to + shift + channel.refresh().toNanos()) * lag;
        bound += channel.scale() * (to - from) * 1e-9; // the true value lies within one step of the shown one
        double joules = sum + channel.baseWatts() * (to - from) * 1e-9;
        return new Energy(joules, bound + channel.accuracy().orElse(0) * Math.abs(joules));
    }

    /// Watts between the least and the most value from index `first` until a change at the end of the window has shown.
    private static double spread(Signal signal, int first, long until) {
        int last = Math.min(ceiling(signal.timeNanos(), until), signal.size() - 1);
        long least = signal.raw()[first];
        long most = least;
        for (int i = first; i <= last; i++) {
            least = Math.min(least, signal.raw()[i]);
            most = Math.max(most, signal.raw()[i]);
        }
        return (most - least) * signal.channel().scale();
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
    private static int floor(long[] t, long at) {
        int i = Arrays.binarySearch(t, at);
        return i >= 0 ? i : -i - 2;
    }

    /// The first index whose time is not before `at`; the length if there is none.
    private static int ceiling(long[] t, long at) {
        int i = Arrays.binarySearch(t, at);
        return i >= 0 ? i : -i - 1;
    }
}
