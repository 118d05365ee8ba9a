package io.neurojoule.workload;

import java.util.Optional;
import java.util.OptionalLong;

/// One loop in place.
///
/// @param seconds       at least this long
/// @param minIterations at least so many steps, >= 1
/// @param maxIterations at most so many, if limited
/// @param phase         the only phase of a step that is repeated; empty: whole steps
/// @param load          when the next step is asked for
/// @param seed          of the random times of an open loop
public record RunRequest(
        Kind kind,
        double seconds,
        long minIterations,
        OptionalLong maxIterations,
        Timing timing,
        Optional<String> phase,
        Load load,
        long seed) {
    /// One step after another.
    public RunRequest(
            Kind kind,
            double seconds,
            long minIterations,
            OptionalLong maxIterations,
            Timing timing,
            Optional<String> phase) {
        this(kind, seconds, minIterations, maxIterations, timing, phase, Load.BACK_TO_BACK, 0);
    }

    public enum Kind {
        WARMUP,
        MEASURE,
        INSTRUMENT
    }

    /// What is timed inside the loop: nothing, each step, or each phase of each step. Only [#BARE] is fit for energy.
    public enum Timing {
        BARE,
        LATENCY,
        PHASES
    }

    public static RunRequest of(Kind kind, double seconds, Timing timing) {
        return new RunRequest(kind, seconds, 1, OptionalLong.empty(), timing, Optional.empty());
    }

    /// The same under another load.
    public RunRequest under(Load other, long otherSeed) {
        return new RunRequest(kind, seconds, minIterations, maxIterations, timing, phase, other, otherSeed);
    }

    /// One phase alone, in a bare loop.
    public static RunRequest isolated(String phase, double seconds) {
        return new RunRequest(Kind.INSTRUMENT, seconds, 1, OptionalLong.empty(), Timing.BARE, Optional.of(phase));
    }
}
