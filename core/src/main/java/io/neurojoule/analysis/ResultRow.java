package io.neurojoule.analysis;

import io.neurojoule.sensor.Basis;
import java.util.Optional;
import java.util.OptionalDouble;

/// One row of `results.csv`: what one channel or boundary says about one cell, summed over its `measure` windows.
///
/// An absent figure is one that cannot be computed; [#reason] says why.
///
/// @param name     id of the channel, or name of the boundary
/// @param basis    of `joules`; UNAVAILABLE when there is none
/// @param seconds  total length of the windows
/// @param elements total over the windows
/// @param load     how steps were asked for: `c8`, eight in flight; `r4`, four per second
public record ResultRow(
        String cellId,
        String target,
        String model,
        String precision,
        int batch,
        Scope scope,
        String name,
        Basis basis,
        int repeats,
        OptionalDouble seconds,
        Optional<Long> elements,
        OptionalDouble joules,
        OptionalDouble watts,
        OptionalDouble joulesPerElement,
        OptionalDouble joulesPerElementLow,
        OptionalDouble joulesPerElementHigh,
        OptionalDouble boundJoulesPerElement,
        OptionalDouble aboveIdleJoules,
        OptionalDouble aboveIdleJoulesPerElement,
        OptionalDouble aboveIdleJoulesPerElementLow,
        OptionalDouble aboveIdleJoulesPerElementHigh,
        Optional<Basis> aboveIdleBasis,
        OptionalDouble elementsPerSecond,
        OptionalDouble elementsPerSecondLow,
        OptionalDouble elementsPerSecondHigh,
        OptionalDouble latencyP50Seconds,
        OptionalDouble latencyP90Seconds,
        OptionalDouble latencyP99Seconds,
        Optional<String> reason,
        String load) {
    /// What a row is about; written in lower case.
    public enum Scope {
        CHANNEL,
        BOUNDARY
    }
}
