package io.neurojoule.workload.kserve;

import io.neurojoule.graph.Dimension;
import io.neurojoule.graph.Port;
import io.neurojoule.workload.inputs.ElementType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The protocol's names of element types: `FP32`, `BF16`, `INT8`, `BOOL`, ….
final class Datatype {
    private Datatype() {}

    static String of(ElementType type) {
        return type.name().replace("BFLOAT", "BF").replace("FLOAT", "FP");
    }

    /// Empty for what is no number, `BYTES` for example.
    static Optional<ElementType> read(String datatype) {
        return ElementType.of(dtype(datatype));
    }

    /// @param shape −1 for an axis that the caller chooses
    static Port port(String name, String datatype, List<Long> shape) {
        return new Port(
                name,
                dtype(datatype),
                shape.stream()
                        .<Dimension>map(extent -> extent < 0 ? new Dimension.Unnamed() : new Dimension.Fixed(extent))
                        .toList());
    }

    private static String dtype(String datatype) {
        return datatype.toLowerCase(Locale.ROOT).replace("bf", "bfloat").replace("fp", "float");
    }
}
