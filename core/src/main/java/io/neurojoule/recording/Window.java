package io.neurojoule.recording;

import java.util.Map;

/// A stretch of time in which the network did one known thing: a row of `windows.csv`.
///
/// @param id         unique in a run, e.g. `w0012`
/// @param cellId     empty for [Kind#IDLE_BARE]
/// @param repeat     from 1; 0 where it has no meaning
/// @param iterations steps done; 0 when idle
/// @param elements   elements inferred; 0 when idle
/// @param stamped    whether the times are the network's own, not the profiler's bracket
/// @param conditions what else went on
/// @param phaseNanos time in each phase in a window of [Kind#PHASES]; the only phase in one of [Kind#ISOLATED]; else
/// empty
/// @param counts     what the steps counted, by the names of [io.neurojoule.workload.Tally]; empty when nothing
public record Window(
        String id,
        String cellId,
        int repeat,
        Kind kind,
        long startNanos,
        long endNanos,
        long iterations,
        long elements,
        boolean stamped,
        Conditions conditions,
        Map<String, Long> phaseNanos,
        Map<String, Long> counts) {
    public Window {
        phaseNanos = Map.copyOf(phaseNanos);
        counts = Map.copyOf(counts);
    }

    /// A window whose steps counted nothing.
    public Window(
            String id,
            String cellId,
            int repeat,
            Kind kind,
            long startNanos,
            long endNanos,
            long iterations,
            long elements,
            boolean stamped,
            Conditions conditions,
            Map<String, Long> phaseNanos) {
        this(
                id,
                cellId,
                repeat,
                kind,
                startNanos,
                endNanos,
                iterations,
                elements,
                stamped,
                conditions,
                phaseNanos,
                Map.of());
    }

    /// A window of which nothing is known but what the network did.
    public Window(
            String id,
            String cellId,
            int repeat,
            Kind kind,
            long startNanos,
            long endNanos,
            long iterations,
            long elements,
            boolean stamped) {
        this(
                id,
                cellId,
                repeat,
                kind,
                startNanos,
                endNanos,
                iterations,
                elements,
                stamped,
                Conditions.UNKNOWN,
                Map.of());
    }

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

    /// The same window under another id.
    Window withId(String other) {
        return new Window(
                other,
                cellId,
                repeat,
                kind,
                startNanos,
                endNanos,
                iterations,
                elements,
                stamped,
                conditions,
                phaseNanos,
                counts);
    }

    public double seconds() {
        return (endNanos - startNanos) * 1e-9;
    }
}
