package io.neurojoule.analysis;

import io.neurojoule.recording.RunInfo;
import java.util.Optional;
import java.util.OptionalDouble;

/// What an element costs the climate, as ISO/IEC 21031 (Software Carbon Intensity) adds it up: energy × intensity of
/// the electricity + embodied, per unit of work. Both factors are the user's.
final class Carbon {
    private static final String NAME = "carbon_g_per_element";
    private static final String UNIT = "g";
    private static final double JOULES_PER_KWH = 3.6e6;

    private Carbon() {}

    /// Its bound is that of the energy alone: nothing is known of how far the stated numbers are off.
    static DerivedFigure figure(ResultRow row, RunInfo.Carbon stated) {
        if (stated.gramsPerKwh().isEmpty()) {
            return DerivedFigure.missing(row.cellId(), NAME, UNIT, "carbon.intensity_g_per_kwh is not stated");
        }
        if (row.joulesPerElement().isEmpty()) {
            return DerivedFigure.missing(row.cellId(), NAME, UNIT, row.reason().orElse("the cell has no figure"));
        }
        double intensity = stated.gramsPerKwh().getAsDouble();
        double embodied = stated.embodiedGrams().orElse(0);
        OptionalDouble bound = row.boundJoulesPerElement();
        return new DerivedFigure(
                row.cellId(),
                NAME,
                UNIT,
                OptionalDouble.of(row.joulesPerElement().getAsDouble() * intensity / JOULES_PER_KWH + embodied),
                bound.isPresent()
                        ? OptionalDouble.of(bound.getAsDouble() * intensity / JOULES_PER_KWH)
                        : OptionalDouble.empty(),
                row.basis().derived(),
                Optional.of("%s g/kWh%s, as %s states"
                        .formatted(
                                intensity,
                                stated.embodiedGrams().isPresent() ? " and " + embodied + " g embodied" : "",
                                stated.source())));
    }
}
