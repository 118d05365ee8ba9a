package io.neurojoule.analysis;

import io.neurojoule.sensor.Basis;
import java.util.Optional;
import java.util.OptionalDouble;

/// A figure about a cell that follows from others.
///
/// @param unit   SI unit; empty for a share
/// @param bound  how far the value may be off because of the sources; empty where none has a part in it
/// @param basis  at best DERIVED; UNAVAILABLE when there is no value
/// @param reason why there is no value; or which number, stated by the user, is in it
public record DerivedFigure(
        String cellId,
        String name,
        String unit,
        OptionalDouble value,
        OptionalDouble bound,
        Basis basis,
        Optional<String> reason) {
    /// A time, a count, or a ratio of them.
    static DerivedFigure of(String cellId, String name, String unit, double value, Basis basis) {
        return new DerivedFigure(
                cellId,
                name,
                unit,
                OptionalDouble.of(value),
                OptionalDouble.empty(),
                basis.derived(),
                Optional.empty());
    }

    /// An energy times a factor.
    static DerivedFigure joules(String cellId, String name, Energy energy, double factor, Basis basis) {
        return new DerivedFigure(
                cellId,
                name,
                "J",
                OptionalDouble.of(energy.joules() * factor),
                OptionalDouble.of(energy.boundJoules() * factor),
                basis.derived(),
                Optional.empty());
    }

    static DerivedFigure missing(String cellId, String name, String unit, String why) {
        return new DerivedFigure(
                cellId,
                name,
                unit,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Basis.UNAVAILABLE,
                Optional.of(why));
    }
}
