package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import java.util.Arrays;

/// The energy that a counter has counted, as a function of time around one window.
///
/// It is known at knots: readings that brought a new value, or that came so long after the last one that the counter
/// had been renewed. A reading that only repeats what may be old tells nothing and is no knot. Between two knots the
/// power is taken as constant.
final class Counted {
    /// So many readings, and refreshes, on either side of the window: an edge is judged by the knots around it.
    private static final int AROUND = 3;

    /// For a moment between two knots power may be this many times the highest mean seen around the window.
    private static final double PEAK = 3;

    /// A knot that may be older than an eighth of the step that follows.
    private static final int FINE = 8;

    private final long[] times;
    private final double[] joules;

    /// Seconds by which a knot's value may be older than its time, or newer.
    private final double[] older;
    private final double[] newer;

    /// Whether it shows for longer than the counter can rest, so that no power follows from it.
    private final boolean[] stale;

    private final double mostWatts;

    /// What may be drawn while nothing shows it: what is stated, or the most of the whole recording.
    private final double staleWatts;

    private final boolean stated;
    private int size;

    /// What was counted at a time.
    ///
    /// @param joules  since the first knot
    /// @param shape   ± what the power may have been other than constant between two knots
    /// @param missing what was drawn already and does not show yet, at most
    /// @param early   what shows though it is drawn only after the time, at most
    record At(double joules, double shape, double missing, double early) {}

    /// @param first   last reading not after the window's start
    /// @param last    first reading not before its end
    /// @param refresh of the counter, in nanoseconds
    /// @param rest    how long it may keep a value although it is renewed, in nanoseconds
    /// @param steps   of the signal
    Counted(Signal signal, int first, int last, long refresh, long rest, CounterSteps steps) {
        long[] t = signal.timeNanos();
        int from = first;
        while (from > 0
                && (first - from < AROUND || t[first] - t[from] < AROUND * refresh)
                && steps.joules(from - 1) >= 0) {
            from--;
        }
        int to = last;
        while (to < t.length - 1
                && (to - last < AROUND || t[to] - t[last] < AROUND * refresh)
                && steps.joules(to) >= 0) {
            to++;
        }
        times = new long[to - from + 1];
        joules = new double[times.length];
        older = new double[times.length];
        newer = new double[times.length];
        stale = new boolean[times.length];
        double sum = 0;
        int since = from;
        int shown = 0; // the knot of reading `since`
        for (int i = from; i <= to; i++) {
            boolean changed = i > from && signal.raw()[i] != signal.raw()[i - 1];
            if (i > from) {
                sum += steps.joules(i - 1);
            }
            if (changed) {
                since = i;
                shown = size;
            }
            if (changed || i == from || i == to || t[i] - t[since] >= refresh) {
                times[size] = t[i];
                joules[size] = sum;
                newer[size] = signal.readNanos()[i] * 0.5e-9;
                older[size] = (changed ? Math.min(refresh, t[i] - t[i - 1]) : refresh) * 1e-9 + newer[size];
                // What rests for too long may have been a refresh old already when it was first seen.
                long unseen = signal.channel().refresh().toNanos();
                long rested = signal.leastBetween(since, i);
                if (rested >= refresh && rested > rest) {
                    older[shown] = Math.max(older[shown], unseen * 1e-9 + newer[shown]);
                    older[size] = (rested + unseen) * 1e-9 + newer[size];
                    stale[shown] = true;
                    stale[size] = true;
                }
                size++;
            }
        }
        stated = signal.channel().maxWatts().isPresent();
        double highest = highestWatts();
        mostWatts = Math.max(Math.min(signal.channel().maxWatts().orElse(highest), PEAK * highest), highest);
        staleWatts = Math.max(mostWatts, signal.channel().maxWatts().orElseGet(steps::highestWatts));
    }

    /// The highest mean power from one knot to the next; two may lie closer than the renewals that they show.
    private double highestWatts() {
        double highest = 0;
        for (int k = 1; k < size; k++) {
            double seconds = Math.max((times[k] - times[k - 1]) * 1e-9, older[k]);
            highest = Math.max(highest, (joules[k] - joules[k - 1]) / seconds);
        }
        return highest;
    }

    /// @param nanos from the first knot to the last
    At at(long nanos) {
        int found = Arrays.binarySearch(times, 0, size, nanos);
        if (found >= 0) {
            return new At(joules[found], 0, missing(found), early(found));
        }
        int k = -found - 2;
        double share = (nanos - times[k]) / (double) (times[k + 1] - times[k]);
        return new At(
                joules[k] + share * (joules[k + 1] - joules[k]),
                shape(k, share),
                (1 - share) * missing(k) + share * missing(k + 1),
                (1 - share) * early(k) + share * early(k + 1));
    }

    /// Energy only grows, and no faster than the maximum power. And what is drawn unevenly between two knots is taken
    /// to be no more than what their mean power differs from that before and after by: a step or a burst between them
    /// shows in these means.
    private double shape(int k, double share) {
        double seconds = seconds(k);
        double whole = joules[k + 1] - joules[k];
        double here = whole * share;
        double highest = stated ? Math.min(whole, mostWatts * share * seconds) : whole;
        double lowest = stated ? Math.max(0, whole - mostWatts * (1 - share) * seconds) : 0;
        double possible = Math.max(highest - here, here - lowest);
        if (k == 0 || k + 2 >= size) {
            return possible;
        }
        return Math.min(possible, uneven(k) * Math.max(share, 1 - share));
    }

    /// Joules by which the step after knot `k` differs from what its neighbours would have made of it, beyond what
    /// comes of the age of its values.
    private double uneven(int k) {
        double own = watts(k);
        double differs = Math.max(Math.abs(own - watts(k - 1)), Math.abs(own - watts(k + 1)));
        return Math.max(0, differs * seconds(k) - own * older[k] / 2);
    }

    private double watts(int k) {
        return (joules[k + 1] - joules[k]) / seconds(k);
    }

    private double seconds(int k) {
        return (times[k + 1] - times[k]) * 1e-9;
    }

    /// What was drawn before a knot shows at the latest in the next new value; where that is not much later than the
    /// knot's own may be, its mean power tells how much.
    private double missing(int k) {
        double possible = (stale[k] ? staleWatts : mostWatts) * older[k];
        if (k > 0 && k + 2 < size && FINE * older[k] >= seconds(k) && !stale[k] && !stale[k + 1]) {
            possible = Math.min(possible, watts(k) * older[k] + uneven(k));
        }
        for (int next = k + 1; next < size; next++) {
            if (joules[next] > joules[k]) {
                double shown = joules[next] - joules[k];
                return stated ? Math.min(possible, shown) : shown;
            }
        }
        return possible;
    }

    private double early(int k) {
        return mostWatts * newer[k];
    }
}
