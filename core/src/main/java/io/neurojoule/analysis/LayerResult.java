package io.neurojoule.analysis;

import io.neurojoule.sensor.Basis;
import java.util.Optional;
import java.util.OptionalDouble;

/// One layer of a cell, at the headline boundary.
///
/// @param name             of the layer; empty for the time that belongs to none
/// @param timeShare        of the whole step, in a pass of its own
/// @param joulesPerElement the share of the cell's figure that the time share makes of it
/// @param basis            of `joulesPerElement`: at best MODELLED, as a time share is no measurement of energy
/// @param aloneJoulesPerElement in a loop of its own; empty unless it was run alone
/// @param aloneBoundJoulesPerElement how far that may be off because of the sources
/// @param aloneBasis       of `aloneJoulesPerElement`; empty if there is none
/// @param reason           why a figure is missing
public record LayerResult(
        String cellId,
        String name,
        String operator,
        double timeShare,
        OptionalDouble joulesPerElement,
        Basis basis,
        OptionalDouble aloneJoulesPerElement,
        OptionalDouble aloneBoundJoulesPerElement,
        Optional<Basis> aloneBasis,
        Optional<String> reason) {
    /// The name of what no layer accounts for: scheduling, copies, the runtime itself.
    public static final String UNATTRIBUTED = "not attributed";
}
