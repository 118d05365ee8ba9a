package io.neurojoule.report;

import io.neurojoule.analysis.LayerResult;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// `layers.csv`: one line per cell and layer with every digit, written beside `results.csv` where there are any; no
/// format of its own. An absent figure is an empty field.
public final class LayersReport implements ReportFormat {
    static final List<String> COLUMNS = List.of(
            "cell_id",
            "layer",
            "operator",
            "time_share",
            "joules_per_element",
            "basis",
            "alone_joules_per_element",
            "alone_bound_joules_per_element",
            "alone_basis",
            "reason");

    @Override
    public String name() {
        return "layers";
    }

    @Override
    public String fileName() {
        return "layers.csv";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        out.append(String.join(",", COLUMNS)).append('\n');
        for (LayerResult layer : report.result().layers()) {
            out.append(values(layer).stream()
                            .map(value -> value.map(Object::toString).orElse(""))
                            .map(CsvReport::quoted)
                            .collect(Collectors.joining(",")))
                    .append('\n');
        }
    }

    /// In the order of [#COLUMNS].
    static List<Optional<Object>> values(LayerResult layer) {
        return List.of(
                Optional.of(layer.cellId()),
                Optional.of(layer.name()),
                Optional.of(layer.operator()),
                Optional.of(layer.timeShare()),
                number(layer.joulesPerElement()),
                Optional.of(layer.basis().name()),
                number(layer.aloneJoulesPerElement()),
                number(layer.aloneBoundJoulesPerElement()),
                layer.aloneBasis().map(Enum::name),
                layer.reason().map(text -> text));
    }

    private static Optional<Object> number(OptionalDouble value) {
        return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
    }
}
