package io.neurojoule.graph;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Where a network has its batch.
///
/// The symbol of axis 0 of the first input is the batch wherever it stands. Without a symbol it is axis 0 of each
/// input, else the only free axis. A first axis that is fixed fixes the batch, unless it is longer than 1 and there is
/// exactly one free axis.
///
/// @param symbol of the batch, if it has one
/// @param axes   input name → axis; an input without a batch is absent
/// @param fixed  the only batch that the network takes, if it takes only one
public record BatchAxis(Optional<String> symbol, Map<String, Integer> axes, OptionalLong fixed) {
    public BatchAxis {
        axes = Map.copyOf(axes);
    }

    /// The batch axis of a network with these inputs.
    public static BatchAxis of(List<Port> inputs) {
        Optional<Port> ranked =
                inputs.stream().filter(input -> !input.dims().isEmpty()).findFirst();
        if (ranked.isEmpty()) {
            return new BatchAxis(Optional.empty(), Map.of(), OptionalLong.of(1));
        }
        Port first = ranked.get();
        return switch (first.dims().getFirst()) {
            case Dimension.Symbol symbol -> named(symbol, inputs);
            case Dimension.Unnamed unnamed -> unnamed(inputs);
            case Dimension.Fixed fixed -> {
                Optional<Integer> only = onlyFree(first);
                yield fixed.extent() > 1 && only.isPresent()
                        ? first.dims().get(only.get()) instanceof Dimension.Symbol symbol
                                ? named(symbol, inputs)
                                : unnamed(inputs)
                        : new BatchAxis(Optional.empty(), Map.of(first.name(), 0), OptionalLong.of(fixed.extent()));
            }
        };
    }

    private static BatchAxis named(Dimension.Symbol symbol, List<Port> inputs) {
        Map<String, Integer> axes = new TreeMap<>();
        for (Port input : inputs) {
            int axis = input.dims().indexOf(symbol);
            if (axis >= 0) {
                axes.put(input.name(), axis);
            }
        }
        return new BatchAxis(Optional.of(symbol.name()), axes, OptionalLong.empty());
    }

    private static BatchAxis unnamed(List<Port> inputs) {
        Map<String, Integer> axes = new TreeMap<>();
        for (Port input : inputs) {
            if (!input.dims().isEmpty() && input.dims().getFirst() instanceof Dimension.Unnamed) {
                axes.put(input.name(), 0);
            } else {
                onlyFree(input).ifPresent(axis -> axes.put(input.name(), axis));
            }
        }
        return new BatchAxis(Optional.empty(), axes, OptionalLong.empty());
    }

    private static Optional<Integer> onlyFree(Port input) {
        int found = -1;
        for (int axis = 0; axis < input.dims().size(); axis++) {
            if (input.dims().get(axis).free()) {
                if (found >= 0) {
                    return Optional.empty();
                }
                found = axis;
            }
        }
        return found >= 0 ? Optional.of(found) : Optional.empty();
    }
}
