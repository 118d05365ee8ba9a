package io.neurojoule.onnx;

import io.neurojoule.graph.Subgraph;
import io.neurojoule.workload.Layers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What a profile of ONNX Runtime says about each node of the optimised graph, without the first run.
///
/// @param wholeNanos of the runs
/// @param nodes      by name, in the order in which they run
record NodeTimes(long wholeNanos, Map<String, Node> nodes) {
    private static final String KERNEL = "_kernel_time";
    private static final String RUN = "model_run";

    /// The runtime's names of element types, at the place that TensorProto.DataType gives them.
    private static final List<String> TYPES = List.of(
            "",
            "float",
            "uint8",
            "int8",
            "uint16",
            "int16",
            "int32",
            "int64",
            "string",
            "bool",
            "float16",
            "double",
            "uint32",
            "uint64",
            "complex64",
            "complex128",
            "bfloat16");

    record Node(String operator, long nanos, JsonNode inputs, JsonNode outputs) {
        /// The same node, with the time of one more run.
        Node and(Node other) {
            return new Node(operator, nanos + other.nanos, inputs, outputs);
        }
    }

    static NodeTimes read(Path profile) throws IOException {
        JsonNode events = new JsonMapper().readTree(profile.toFile());
        long firstEnds = 0;
        for (JsonNode event : events) {
            if (event.path("name").asString("").equals(RUN)) {
                long ends = event.path("ts").asLong() + event.path("dur").asLong();
                firstEnds = firstEnds == 0 ? ends : Math.min(firstEnds, ends);
            }
        }
        long whole = 0;
        Map<String, Node> nodes = new LinkedHashMap<>();
        for (JsonNode event : events) {
            String name = event.path("name").asString("");
            long nanos = event.path("dur").asLong() * 1000;
            if (event.path("ts").asLong() < firstEnds) {
                continue;
            }
            if (name.equals(RUN)) {
                whole += nanos;
            } else if (name.endsWith(KERNEL)) {
                JsonNode args = event.path("args");
                nodes.merge(
                        name.substring(0, name.length() - KERNEL.length()),
                        new Node(
                                args.path("op_name").asString(""),
                                nanos,
                                args.path("input_type_shape"),
                                args.path("output_type_shape")),
                        Node::and);
            }
        }
        return new NodeTimes(whole, nodes);
    }

    /// Empty if there was only the first run.
    Optional<Layers> layers() {
        return wholeNanos == 0
                ? Optional.empty()
                : Optional.of(new Layers(
                        wholeNanos,
                        nodes.entrySet().stream()
                                .map(entry -> new Layers.Layer(
                                        entry.getKey(),
                                        entry.getValue().operator(),
                                        entry.getValue().nanos()))
                                .toList()));
    }

    /// Operands as the profile tells them: one object `{type: [extents]}` each.
    static List<Subgraph.Tensor> tensors(JsonNode told) throws IOException {
        List<Subgraph.Tensor> tensors = new ArrayList<>();
        for (JsonNode one : told) {
            for (Map.Entry<String, JsonNode> typed : one.properties()) {
                int type = TYPES.indexOf(typed.getKey());
                if (type < 1) {
                    throw new IOException("it has an operand that is no tensor of numbers: " + typed.getKey());
                }
                List<Long> shape = new ArrayList<>();
                typed.getValue().forEach(extent -> shape.add(extent.asLong()));
                tensors.add(new Subgraph.Tensor(type, shape));
            }
        }
        return tensors;
    }
}
