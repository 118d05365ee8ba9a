package io.neurojoule.analysis;

import io.neurojoule.analysis.Integral.Unavailable;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import java.util.OptionalDouble;

/// What a counter advanced from each reading to the next: wraps are undone; resets, jumps and gaps that nothing can
/// explain have no figure.
final class CounterSteps {
    /// A step forward this many times larger than the stated maximum power allows is no reading of that component.
    /// Three, because short peaks above a stated limit are real.
    private static final double IMPLAUSIBLE = 3;

    /// Where no maximum is stated, one or two steps with this many times the power of all others in the recording are
    /// jumps. Twenty, because a machine at work draws less than so many times what it draws at rest.
    private static final double UNHEARD_OF = 20;

    private static final int FEW_JUMPS = 2;

    /// So many other steps tell what is usual.
    private static final int USUAL_STEPS = 10;

    private final Signal signal;
    private final double jumpWatts;
    private double highestWatts = Double.NaN;

    /// Looks at the whole recording, so one is made for many windows. Used by one thread.
    ///
    /// @param signal of any quantity; its steps are asked for only if it is a counter
    CounterSteps(Signal signal) {
        this.signal = signal;
        // What may draw nothing is no measure of what it can draw: a card at rest, and a short program on it.
        boolean tells = signal.channel().quantity() == Quantity.ENERGY
                && signal.channel().maxWatts().isEmpty()
                && !Energy.mayRest(signal.channel());
        jumpWatts = tells ? jumpWatts(signal) : Double.POSITIVE_INFINITY;
    }

    /// @param i the earlier reading
    /// @return an energy without a bound, or why there is none
    Integral at(int i) {
        if (isDip(i)) {
            return new Unavailable(
                    "counter-jump",
                    "%s went back and then jumped beyond where it had been: the reading in between was wrong"
                            .formatted(signal.channel().id()));
        }
        return advance(i);
    }

    /// NaN where there is no telling.
    double joules(int i) {
        return at(i) instanceof Energy step ? step.joules() : Double.NaN;
    }

    /// Exactly one number of wraps must be plausible.
    private Integral advance(int i) {
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
                return jump(joules, seconds, "more than the component can draw");
            }
            if (jumpWatts < Double.POSITIVE_INFINITY && watts(signal, i) > jumpWatts) {
                return jump(
                        joules,
                        seconds,
                        "more than %.3g times the power of every other step of this recording".formatted(UNHEARD_OF));
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
    /// it: the counter was not reset, one reading of it was nonsense, 0 for example.
    private boolean isDip(int i) {
        return i > 0
                && signal.raw()[i] < signal.raw()[i - 1]
                && signal.raw()[i + 1] >= signal.raw()[i - 1]
                && !(advance(i - 1) instanceof Energy);
    }

    private Unavailable jump(double joules, double seconds, String beyond) {
        return new Unavailable(
                "counter-jump",
                "%s jumped by %.6g J in %.3g s, %s; the counter was set or the reading was wrong"
                        .formatted(signal.channel().id(), joules, seconds, beyond));
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

    /// The highest mean power from one new value to the next, of the whole recording.
    double highestWatts() {
        if (Double.isNaN(highestWatts)) {
            highestWatts = highest();
        }
        return highestWatts;
    }

    private double highest() {
        double highest = 0;
        for (int i = 0; i < signal.size() - 1; i++) {
            double joules = joules(i);
            if (joules > 0) {
                long nanos = signal.timeNanos()[i + 1] - signal.timeNanos()[since(signal, i)];
                highest = Math.max(
                        highest,
                        joules / (Math.max(nanos, signal.channel().refresh().toNanos()) * 1e-9));
            }
        }
        return highest;
    }

    /// The first reading that showed the value of reading `i`, without a change since.
    private static int since(Signal signal, int i) {
        int since = i;
        while (since > 0 && signal.raw()[since - 1] == signal.raw()[i]) {
            since--;
        }
        return since;
    }

    /// The power above which a step is a jump; infinite where the recording does not tell.
    private static double jumpWatts(Signal signal) {
        double[] highest = new double[FEW_JUMPS + 1]; // descending
        int steps = 0;
        for (int i = 0; i < signal.size() - 1; i++) {
            double watts = watts(signal, i);
            if (watts > 0) {
                steps++;
                for (int rank = 0; rank < highest.length; rank++) {
                    if (watts > highest[rank]) {
                        double lower = highest[rank];
                        highest[rank] = watts;
                        watts = lower;
                    }
                }
            }
        }
        for (int jumps = FEW_JUMPS; jumps > 0; jumps--) {
            if (steps >= USUAL_STEPS + jumps && highest[jumps - 1] > UNHEARD_OF * highest[jumps]) {
                return UNHEARD_OF * highest[jumps];
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    /// The mean power since the last step of the counter, at least; 0 where it does not step, or where nothing tells
    /// since when it had its value.
    private static double watts(Signal signal, int i) {
        long delta = signal.raw()[i + 1] - signal.raw()[i];
        int since = delta > 0 ? since(signal, i) : 0;
        if (since == 0) {
            return 0;
        }
        long nanos = signal.timeNanos()[i + 1]
                - signal.timeNanos()[since]
                + signal.readNanos()[i]
                + signal.readNanos()[i + 1]
                + signal.channel().refresh().toNanos();
        return delta * signal.channel().scale() / (nanos * 1e-9);
    }
}
