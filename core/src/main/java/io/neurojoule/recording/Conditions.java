package io.neurojoule.recording;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What else went on while a window lasted, from just before it to just after: four columns of `windows.csv`.
///
/// @param machineCpuSeconds  CPU time of all processors of the machine, whoever used it
/// @param networkCpuSeconds  CPU time of the network's processes
/// @param profilerCpuSeconds CPU time of the profiler's own process
/// @param throttleEvents     how often a processor was throttled because of heat
public record Conditions(
        OptionalDouble machineCpuSeconds,
        OptionalDouble networkCpuSeconds,
        OptionalDouble profilerCpuSeconds,
        OptionalLong throttleEvents) {
    /// Nothing is known.
    public static final Conditions UNKNOWN = new Conditions(
            OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty(), OptionalLong.empty());

    /// CPU time that neither the network nor the profiler used; empty if one of the three is not known.
    ///
    /// The counts end at slightly different moments and have steps of 10 ms, so it can be a little below 0.
    public OptionalDouble foreignCpuSeconds() {
        return machineCpuSeconds.isPresent() && networkCpuSeconds.isPresent() && profilerCpuSeconds.isPresent()
                ? OptionalDouble.of(machineCpuSeconds.getAsDouble()
                        - networkCpuSeconds.getAsDouble()
                        - profilerCpuSeconds.getAsDouble())
                : OptionalDouble.empty();
    }
}
