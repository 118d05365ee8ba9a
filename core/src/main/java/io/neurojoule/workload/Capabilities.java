package io.neurojoule.workload;

import java.util.List;
import java.util.Optional;

/// What a network offers: the answer to `hello`.
///
/// @param precisions  names it accepts; empty when it does not say
/// @param phases      phases that it marks in a step; empty when none
/// @param isolable    those of them that can be run alone
/// @param element     what one element is called, e.g. `frame`
/// @param framework   name and version, e.g. `onnxruntime 1.29.0`
/// @param stoppable   whether `stop` ends a run early
/// @param verifiable  whether it answers `verify`
/// @param concurrent  whether its steps may overlap, as the requests to a server do
/// @param paced       whether its steps can be asked for at given times, in an open loop
public record Capabilities(
        String name,
        List<String> precisions,
        List<String> phases,
        List<String> isolable,
        Optional<String> element,
        Optional<String> framework,
        boolean stoppable,
        boolean verifiable,
        boolean concurrent,
        boolean paced) {
    public Capabilities {
        precisions = List.copyOf(precisions);
        phases = List.copyOf(phases);
        isolable = List.copyOf(isolable);
    }

    /// Of a network whose steps follow one another.
    public Capabilities(
            String name,
            List<String> precisions,
            List<String> phases,
            List<String> isolable,
            Optional<String> element,
            Optional<String> framework,
            boolean stoppable,
            boolean verifiable) {
        this(name, precisions, phases, isolable, element, framework, stoppable, verifiable, false, false);
    }

    /// The same network in a loop that can wait for the time at which a step is due.
    public Capabilities withPace() {
        return new Capabilities(
                name, precisions, phases, isolable, element, framework, stoppable, verifiable, concurrent, true);
    }
}
