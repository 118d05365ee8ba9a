package io.neurojoule.recording;

/// A stretch of time in which the network did one known thing: a row of `windows.csv`.
///
/// @param id         unique in a run, e.g. `w0012`
/// @param cellId     empty for [Kind#IDLE_BARE]
/// @param repeat     from 1; 0 where it has no meaning
/// @param iterations steps done; 0 when idle
/// @param elements   elements inferred; 0 when idle
/// @param stamped    whether the times are the network's own, not the profiler's bracket
public record Window(
        String id,
        String cellId,
        int repeat,
        Kind kind,
        long startNanos,
        long endNanos,
        long iterations,
        long elements,
        boolean stamped) {
    /// What the network did; written in lower case.
    public enum Kind {
        IDLE_BARE,
        IDLE_LOADED,
        LOAD,
        WARMUP,
        MEASURE,
        LATENCY,
        PHASES,
        ISOLATED
    }

    public double seconds() {
        return (endNanos - startNanos) * 1e-9;
    }
}
