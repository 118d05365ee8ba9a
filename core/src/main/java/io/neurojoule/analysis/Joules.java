package io.neurojoule.analysis;

import io.neurojoule.analysis.Integral.Unavailable;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The energy of a recording over any stretch of time, by channel and summed over the members of a boundary; each is
/// computed once.
///
/// Bounds add up, as channels may be off together.
final class Joules {
    private record Stretch(String channel, long fromNanos, long toNanos) {}

    private final Recording recording;
    private final Map<String, Signal> signals = new LinkedHashMap<>();
    private final Map<String, CounterSteps> steps = new HashMap<>();
    private final Map<Stretch, Integral> known = new HashMap<>();

    /// @param signals of energy and power, with the refresh that their bound has to reckon with
    Joules(Recording recording, Collection<Signal> signals) {
        this.recording = recording;
        signals.forEach(signal -> this.signals.put(signal.channel().id(), signal));
    }

    Collection<Signal> signals() {
        return signals.values();
    }

    Optional<Signal> signal(String channel) {
        return Optional.ofNullable(signals.get(channel));
    }

    /// @param channel its id
    Integral of(String channel, long fromNanos, long toNanos) {
        Signal signal = signals.get(channel);
        if (signal == null) {
            return new Unavailable("not-covered", channel + " was not recorded");
        }
        CounterSteps own = steps.computeIfAbsent(channel, id -> new CounterSteps(signal));
        return known.computeIfAbsent(
                new Stretch(channel, fromNanos, toNanos), stretch -> Energy.of(signal, own, fromNanos, toNanos));
    }

    Integral of(String channel, Window window) {
        return of(channel, window.startNanos(), window.endNanos());
    }

    /// @param members channels that do not overlap, and those that are taken away; a missing one leaves no figure
    Integral of(List<String> members, long fromNanos, long toNanos) {
        if (members.isEmpty()) {
            return new Unavailable("not-covered", "the boundary has no member here");
        }
        double joules = 0;
        double bound = 0;
        for (String member : members) {
            Integral integral = of(Books.channel(member), fromNanos, toNanos);
            if (!(integral instanceof Energy energy)) {
                return integral;
            }
            joules += Books.isLess(member) ? -energy.joules() : energy.joules();
            bound += energy.boundJoules();
        }
        return new Energy(joules, bound);
    }

    Integral of(List<String> members, Window window) {
        return of(members, window.startNanos(), window.endNanos());
    }

    /// All windows together; one that has no energy leaves none.
    Integral of(List<String> members, List<Window> windows) {
        double joules = 0;
        double bound = 0;
        for (Window window : windows) {
            Integral integral = of(members, window);
            if (!(integral instanceof Energy energy)) {
                return integral;
            }
            joules += energy.joules();
            bound += energy.boundJoules();
        }
        return new Energy(joules, bound);
    }

    /// How the sum over these members was obtained.
    Basis basis(List<String> members) {
        Basis basis = Books.isDifference(members) ? Basis.DERIVED : Basis.MEASURED;
        for (String member : members) {
            basis = basis.and(signal(Books.channel(member))
                    .map(signal -> signal.channel().basis())
                    .orElse(Basis.UNAVAILABLE));
        }
        return basis;
    }

    /// Of what no sensor has a part in: times and counts.
    Basis times() {
        return recording.info().simulated().isPresent() ? Basis.SIMULATED : Basis.MEASURED;
    }

    /// The channels of a target's boundary; empty where nothing covers it.
    List<String> members(String target, String boundary) {
        return recording.info().members(target, boundary);
    }

    /// The channels of a row's boundary.
    List<String> members(ResultRow row) {
        return members(row.target(), row.name());
    }

    /// Those of the boundary that heads the result.
    List<String> headline(String target) {
        return members(target, recording.info().headline());
    }
}
