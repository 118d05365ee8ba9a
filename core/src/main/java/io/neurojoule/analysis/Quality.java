package io.neurojoule.analysis;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/// How well the windows of a cell were measured; what is not known is empty.
///
/// @param idleDrift      largest difference of the idle power before and after a window at the headline boundary, as a
///                       fraction of their mean
/// @param foreignCpu     largest CPU time that other processes used in a window, as a fraction of all processors
/// @param profilerCpu    the same of the profiler itself
/// @param repeatCv       standard deviation of joules per element over the repeats, as a fraction of their mean
/// @param throttleEvents how often a processor was throttled in the windows
public record Quality(
        OptionalDouble idleDrift,
        OptionalDouble foreignCpu,
        OptionalDouble profilerCpu,
        OptionalDouble repeatCv,
        OptionalLong throttleEvents) {
    /// Nothing is known.
    public static final Quality UNKNOWN = new Quality(
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalLong.empty());

    /// Standard deviation as a fraction of the mean; empty below two values, or around zero.
    static OptionalDouble variation(double[] values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        if (values.length < 2 || mean == 0) {
            return OptionalDouble.empty();
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return OptionalDouble.of(Math.sqrt(squares / (values.length - 1)) / Math.abs(mean));
    }
}
