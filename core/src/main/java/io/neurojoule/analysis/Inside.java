package io.neurojoule.analysis;

import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Part;
import io.neurojoule.recording.Part.Pass;
import io.neurojoule.recording.Span;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/// What goes on inside a cell's step: its layers, and how much of it is an accelerator's driver.
///
record Inside(
        ResultRow row, CellRecord cell, List<Part> parts, List<Window> windows, List<Span> spans, Joules energies) {
    private static final String EXECUTE = "execute";

    /// The setting by which an adapter says that hardware of its own computes.
    private static final String HARDWARE_BATCH = "hw_batch";
    private static final String DEVICE = "device";

    private Stream<Part> of(Pass pass) {
        return parts.stream().filter(part -> part.pass() == pass);
    }

    /// Each layer in the order in which it ran, and last what belongs to none; nothing if no pass looked.
    List<LayerResult> layers() {
        List<Part> timed = of(Pass.LAYERS).toList();
        if (timed.isEmpty()) {
            return List.of();
        }
        double whole = timed.getFirst().wholeNanos();
        double attributed = timed.stream().mapToLong(Part::nanos).sum() / whole;
        List<LayerResult> layers = new ArrayList<>();
        for (Part part : timed) {
            layers.add(layer(part.name(), part.operator(), part.nanos() / whole, attributed));
        }
        if (attributed <= 1) {
            layers.add(layer(LayerResult.UNATTRIBUTED, "", 1 - attributed, attributed));
        }
        return layers;
    }

    /// Layers that run side by side add up to more than the whole, and then a time share says nothing of energy.
    private LayerResult layer(String name, String operator, double share, double attributed) {
        boolean modelled = attributed <= 1 && row.joulesPerElement().isPresent();
        Optional<Part> alone = of(Pass.LAYER_ALONE)
                .filter(part -> part.name().equals(name) && !operator.isEmpty())
                .findFirst();
        Optional<Energy> each = alone.flatMap(this::window).flatMap(this::perElement);
        return new LayerResult(
                row.cellId(),
                name,
                operator,
                share,
                modelled ? OptionalDouble.of(share * row.joulesPerElement().getAsDouble()) : OptionalDouble.empty(),
                modelled ? row.basis().and(Basis.MODELLED) : Basis.UNAVAILABLE,
                each.map(joules -> OptionalDouble.of(joules.joules())).orElse(OptionalDouble.empty()),
                each.map(joules -> OptionalDouble.of(joules.boundJoules())).orElse(OptionalDouble.empty()),
                each.map(joules -> energies.basis(energies.members(row)).derived()),
                modelled
                        ? Optional.empty()
                        : Optional.of(
                                attributed > 1
                                        ? "layers ran side by side: their times add up to %.0f %% of the step"
                                                .formatted(100 * attributed)
                                        : row.reason().orElse("the cell has no figure")));
    }

    private Optional<Window> window(Part part) {
        return part.windowId()
                .flatMap(id -> windows.stream()
                        .filter(window -> window.id().equals(id))
                        .findFirst());
    }

    private Optional<Energy> perElement(Window window) {
        return energies.of(energies.members(row), window) instanceof Energy joules
                ? Optional.of(new Energy(joules.joules() / window.elements(), joules.boundJoules() / window.elements()))
                : Optional.empty();
    }

    /// Of an accelerator that is fed by a driver: a network that tells the batch of its hardware, and marks `execute`
    /// among other phases.
    List<DerivedFigure> driver() {
        List<DerivedFigure> figures = new ArrayList<>();
        Optional<Double> interval = intervalSeconds();
        OptionalDouble executing = cell.settings().containsKey(HARDWARE_BATCH) ? executing() : OptionalDouble.empty();
        if (executing.isPresent()) {
            double share = 1 - executing.getAsDouble();
            figures.add(DerivedFigure.of(row.cellId(), "driver_share", "", share, energies.times()));
            row.joulesPerElement()
                    .ifPresent(joules -> figures.add(new DerivedFigure(
                            row.cellId(),
                            "driver_joules_per_element",
                            "J",
                            OptionalDouble.of(share * joules),
                            OptionalDouble.empty(), // power may differ from phase to phase by any factor
                            row.basis().and(Basis.MODELLED),
                            Optional.empty())));
        }
        interval.ifPresent(seconds -> {
            figures.add(DerivedFigure.of(row.cellId(), "ideal_throughput", "/s", 1 / seconds, energies.times()));
            figures.add(driverFree(seconds));
        });
        return figures;
    }

    /// The part of the time that the accelerator worked, over the windows in which each phase was timed; empty if there
    /// is none, or the network marks no other phase.
    private OptionalDouble executing() {
        long nanos = 0;
        long whole = 0;
        for (Window window : windows) {
            if (window.kind() == Window.Kind.PHASES
                    && window.phaseNanos().containsKey(EXECUTE)
                    && window.phaseNanos().size() > 1) {
                nanos += window.phaseNanos().getOrDefault(EXECUTE, 0L);
                whole += window.endNanos() - window.startNanos();
            }
        }
        return whole > 0 ? OptionalDouble.of((double) nanos / whole) : OptionalDouble.empty();
    }

    /// Seconds between two elements that the hardware can take: cycles / f, as the network tells both.
    private Optional<Double> intervalSeconds() {
        try {
            double cycles = Double.parseDouble(cell.settings().getOrDefault("cycles_per_element", ""));
            double hertz = 1e6 * Double.parseDouble(cell.settings().getOrDefault("fclk_mhz", ""));
            return cycles > 0 && hertz > 0 ? Optional.of(cycles / hertz) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty(); // it does not tell them
        }
    }

    private DerivedFigure driverFree(double seconds) {
        Optional<Window> alone = windows.stream()
                .filter(window -> window.kind() == Window.Kind.ISOLATED
                        && window.phaseNanos().containsKey(EXECUTE))
                .findFirst();
        String name = "driver_free_joules";
        if (alone.isEmpty()) {
            return DerivedFigure.missing(row.cellId(), name, "J", "the phase execute was not run alone");
        }
        List<String> device = energies.members(row.target(), DEVICE);
        if (device.isEmpty()) {
            return DerivedFigure.missing(row.cellId(), name, "J", "boundary '" + DEVICE + "' has no member here");
        }
        return switch (energies.of(device, alone.get())) {
            case Energy joules ->
                DerivedFigure.joules(
                        row.cellId(), name, joules, seconds / alone.get().seconds(), energies.basis(device));
            case Integral.Unavailable none -> DerivedFigure.missing(row.cellId(), name, "J", none.reason());
        };
    }

    /// What loading consisted of, by the network's own marks, the first time.
    List<DerivedFigure> setup() {
        List<DerivedFigure> figures = new ArrayList<>();
        windows.stream()
                .filter(window -> window.kind() == Window.Kind.LOAD)
                .findFirst()
                .ifPresent(load -> spans.stream()
                        .filter(span -> span.startNanos() >= load.startNanos()
                                && span.endNanos() <= load.endNanos()
                                && span.endNanos() > span.startNanos())
                        .forEach(span -> figures.add(setup(span))));
        return figures;
    }

    private DerivedFigure setup(Span span) {
        String name = "setup_joules:" + span.name();
        return switch (energies.of(energies.members(row), span.startNanos(), span.endNanos())) {
            case Energy joules ->
                DerivedFigure.joules(row.cellId(), name, joules, 1, energies.basis(energies.members(row)));
            case Integral.Unavailable none -> DerivedFigure.missing(row.cellId(), name, "J", none.reason());
        };
    }
}
