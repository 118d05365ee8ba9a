package io.neurojoule.analysis;

/// The integral of a signal over a stretch of time: an amount of energy, or the reason why there is none.
public sealed interface Integral permits Energy, Integral.Unavailable {
    /// No figure.
    ///
    /// @param code   of the finding, e.g. `counter-reset`
    /// @param reason one sentence
    record Unavailable(String code, String reason) implements Integral {}
}
