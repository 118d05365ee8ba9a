package io.neurojoule.analysis;

import io.neurojoule.sensor.Basis;
import java.util.Optional;
import java.util.OptionalDouble;

/// One row of `phases.csv`: what one method says about one phase of a step, or one marked span, at the headline
/// boundary.
///
/// An absent figure is one that cannot be computed; [#reason] says why. Sums are over all windows of the cell that the
/// method uses.
///
/// @param phase              its name; [PhaseEnergy#OUTSIDE] is the time of a step that is in no phase
/// @param basis              of `joules`: that of the channels where they were cut, or looped alone; at best MODELLED
/// for the others
/// @param windows            that the figure comes from
/// @param seconds            time in the phase
/// @param occurrences        spans (cut), or steps of the phase alone (isolated)
/// @param wattsStandardError of the regression
/// @param joulesPerElementLow end of the 95 % interval: over the windows, or of the regression
/// @param boundJoulesPerElement how far it may be off because of the sources
public record PhaseRow(
        String cellId,
        String target,
        String precision,
        int batch,
        String phase,
        Method method,
        Basis basis,
        int windows,
        OptionalDouble seconds,
        Optional<Long> occurrences,
        OptionalDouble joules,
        OptionalDouble watts,
        OptionalDouble wattsStandardError,
        OptionalDouble joulesPerOccurrence,
        OptionalDouble joulesPerElement,
        OptionalDouble joulesPerElementLow,
        OptionalDouble joulesPerElementHigh,
        OptionalDouble boundJoulesPerElement,
        Optional<String> reason) {
    /// How the energy was attributed; written in lower case.
    public enum Method {
        /// The signal was cut at the edges of each span: they are longer than the source's refresh.
        CUT,
        /// The phase was looped alone.
        ISOLATED,
        /// Least squares of the energy of windows on the time in each phase.
        MODELLED_REGRESSION,
        /// The energy was divided as the time was, as if every phase drew the same power.
        MODELLED_TIME_SHARE
    }
}
