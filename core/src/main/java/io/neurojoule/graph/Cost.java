package io.neurojoule.graph;

import io.neurojoule.graph.onnx.Onnx.AttributeProto;
import io.neurojoule.graph.onnx.Onnx.GraphProto;
import io.neurojoule.graph.onnx.Onnx.NodeProto;
import io.neurojoule.graph.onnx.Onnx.TensorProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// What the operators of a graph multiply.
///
/// @param weights elements of the weights, by data type as ONNX numbers them (TensorProto.DataType)
record Cost(Map<Integer, Long> weights, OptionalLong multiplyAccumulates) {
    /// Operators that multiply, with the positions of the operands that may be weights.
    private static final Map<String, List<Integer>> OPERANDS = Map.ofEntries(
            Map.entry("Conv", List.of(1)),
            Map.entry("FusedConv", List.of(1)),
            Map.entry("ConvTranspose", List.of(1)),
            Map.entry("ConvInteger", List.of(1)),
            Map.entry("QLinearConv", List.of(3)),
            Map.entry("Gemm", List.of(0, 1)),
            Map.entry("FusedGemm", List.of(0, 1)),
            Map.entry("QGemm", List.of(0, 3)),
            Map.entry("MatMul", List.of(0, 1)),
            Map.entry("FusedMatMul", List.of(0, 1)),
            Map.entry("MatMulInteger", List.of(0, 1)),
            Map.entry("QLinearMatMul", List.of(0, 3)),
            Map.entry("LSTM", List.of(1, 2)),
            Map.entry("GRU", List.of(1, 2)),
            Map.entry("RNN", List.of(1, 2)));

    /// Operators that multiply in a way we do not count.
    private static final Set<String> UNCOUNTED =
            Set.of("Einsum", "Attention", "MultiHeadAttention", "QAttention", "GroupQueryAttention", "MatMulNBits");

    /// In TensorProto.DataType.
    private static final int FLOAT = 1;

    /// Operators that hand a weight on as it is.
    private static final Set<String> TRANSPARENT = Set.of(
            "DequantizeLinear", "QuantizeLinear", "Cast", "Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze");

    static Cost of(GraphProto graph, List<Port> inputs, BatchAxis batch) {
        Shapes shapes = new Shapes(graph, inputs, batch);
        OptionalLong all = multiplyAccumulates(graph, shapes);
        long elements = batch.fixed().orElse(1);
        Map<Integer, Long> weights = new HashMap<>();
        addWeights(weights, graph, new HashMap<>(), new HashSet<>(), "");
        return new Cost(weights, all.isPresent() ? OptionalLong.of(all.getAsLong() / elements) : all);
    }

    private static OptionalLong multiplyAccumulates(GraphProto graph, Shapes shapes) {
        long sum = 0;
        for (NodeProto node : graph.getNodeList()) {
            boolean open = UNCOUNTED.contains(node.getOpType())
                    || subgraphs(node).stream().anyMatch(Cost::multiplies);
            OptionalLong one = open ? OptionalLong.empty() : ofNode(node, shapes);
            if (one.isEmpty()) {
                return one;
            }
            sum += one.getAsLong();
        }
        return OptionalLong.of(sum);
    }

    private static OptionalLong ofNode(NodeProto node, Shapes shapes) {
        List<Integer> operands = OPERANDS.get(node.getOpType());
        if (operands == null) {
            return OptionalLong.of(0);
        }
        Optional<long[]> a = shapes.of(node, 0);
        Optional<long[]> weight = shapes.of(node, operands.getLast());
        Optional<long[]> out = shapes.of(node.getOutput(0));
        return switch (node.getOpType()) {
            case "Conv", "FusedConv", "ConvInteger", "QLinearConv" -> product(out, weight.map(Cost::withoutFirst));
            case "ConvTranspose" -> product(a, weight.map(Cost::withoutFirst));
            case "LSTM", "GRU", "RNN" -> {
                OptionalLong input = product(a.map(Cost::firstTwo), shapes.of(node, 1));
                OptionalLong recurrent = product(a.map(Cost::firstTwo), weight);
                yield input.isPresent() && recurrent.isPresent()
                        ? OptionalLong.of(input.getAsLong() + recurrent.getAsLong())
                        : OptionalLong.empty();
            }
            default -> {
                boolean transposed = Shapes.integer(node, "transA", 0) == 1;
                yield product(out, a.map(shape -> new long[] {inner(shape, transposed)}));
            }
        };
    }

    private static long inner(long[] shape, boolean transposed) {
        return shape[transposed ? shape.length - 2 : shape.length - 1];
    }

    private static long[] withoutFirst(long[] shape) {
        return Arrays.copyOfRange(shape, 1, shape.length);
    }

    private static long[] firstTwo(long[] shape) {
        return Arrays.copyOf(shape, 2);
    }

    private static OptionalLong product(Optional<long[]> a, Optional<long[]> b) {
        return a.isPresent() && b.isPresent()
                ? OptionalLong.of(Shapes.elements(a.get()) * Shapes.elements(b.get()))
                : OptionalLong.empty();
    }

    private static boolean multiplies(GraphProto graph) {
        return graph.getNodeList().stream()
                .anyMatch(node -> OPERANDS.containsKey(node.getOpType())
                        || UNCOUNTED.contains(node.getOpType())
                        || subgraphs(node).stream().anyMatch(Cost::multiplies));
    }

    /// A weight that several operators share counts once.
    private static void addWeights(
            Map<Integer, Long> sums, GraphProto graph, Map<String, Constant> outer, Set<String> counted, String path) {
        Map<String, Constant> constants = new HashMap<>(outer);
        Map<String, String> handedOn = new HashMap<>();
        Map<String, String> owner = new HashMap<>();
        for (TensorProto tensor : graph.getInitializerList()) {
            constants.put(tensor.getName(), new Constant(tensor.getDataType(), Shapes.elements(Shapes.dims(tensor))));
            owner.put(tensor.getName(), path);
        }
        for (NodeProto node : graph.getNodeList()) {
            String type = node.getOpType();
            if (type.equals("Constant")) {
                Shapes.constant(node)
                        .ifPresent(dims ->
                                constants.put(node.getOutput(0), new Constant(dataType(node), Shapes.elements(dims))));
                owner.put(node.getOutput(0), path);
            } else if (TRANSPARENT.contains(type)) {
                handedOn.put(node.getOutput(0), node.getInput(0));
            }
            for (int operand : OPERANDS.getOrDefault(type, List.of())) {
                if (operand >= node.getInputCount()) {
                    continue;
                }
                String name = node.getInput(operand);
                while (handedOn.containsKey(name)) {
                    name = handedOn.get(name);
                }
                Constant constant = constants.get(name);
                if (constant != null && counted.add(owner.getOrDefault(name, "") + "/" + name)) {
                    sums.merge(constant.dataType, constant.elements, Long::sum);
                }
            }
            List<GraphProto> inside = subgraphs(node);
            for (int i = 0; i < inside.size(); i++) {
                addWeights(sums, inside.get(i), constants, counted, path + "/" + node.getOutput(0) + "." + i);
            }
        }
    }

    private static int dataType(NodeProto constant) {
        return constant.getAttributeList().stream()
                .filter(AttributeProto::hasT)
                .findFirst()
                .map(attribute -> attribute.getT().getDataType())
                .orElse(FLOAT); // value_float, value_floats
    }

    private record Constant(int dataType, long elements) {}

    private static List<GraphProto> subgraphs(NodeProto node) {
        List<GraphProto> found = new ArrayList<>();
        for (AttributeProto attribute : node.getAttributeList()) {
            if (attribute.hasG()) {
                found.add(attribute.getG());
            }
            found.addAll(attribute.getGraphsList());
        }
        return found;
    }
}
