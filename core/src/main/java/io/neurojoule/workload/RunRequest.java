package io.neurojoule.workload;

import java.util.Optional;
import java.util.OptionalLong;

/// One loop in place.
///
/// @param seconds       at least this long
/// @param minIterations at least so many steps, >= 1
/// @param maxIterations at most so many, if limited
/// @param phase         the only phase of a step that is repeated; empty: whole steps
public record RunRequest(
        Kind kind,
        double seconds,
        long minIterations,
        OptionalLong maxIterations,
        Timing timing,
        Optional<String> phase) {
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

    /// One phase alone, in a bare loop.
    public static RunRequest isolated(String phase, double seconds) {
        return new RunRequest(Kind.INSTRUMENT, seconds, 1, OptionalLong.empty(), Timing.BARE, Optional.of(phase));
    }
}
