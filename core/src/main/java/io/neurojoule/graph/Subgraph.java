package io.neurojoule.graph;

import io.neurojoule.graph.onnx.Onnx.GraphProto;
import io.neurojoule.graph.onnx.Onnx.ModelProto;
import io.neurojoule.graph.onnx.Onnx.NodeProto;
import io.neurojoule.graph.onnx.Onnx.TensorProto;
import io.neurojoule.graph.onnx.Onnx.TensorShapeProto;
import io.neurojoule.graph.onnx.Onnx.TypeProto;
import io.neurojoule.graph.onnx.Onnx.ValueInfoProto;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Cuts one node out of a network, as a network of its own.
public final class Subgraph {
    private Subgraph() {}

    /// An operand or a result of a node, as it was when the network ran.
    ///
    /// @param type as TensorProto.DataType numbers it
    public record Tensor(int type, List<Long> shape) {
        public Tensor {
            shape = List.copyOf(shape);
        }
    }

    /// Writes the node with its constants. Operands that are computed by other nodes become inputs.
    ///
    /// @param inputs  of the node in its order, without operands that are left out; constants may be missing
    /// @param outputs of the node in its order, without results that are left out
    /// @throws ModelException if there is not exactly one node of this name, or it has other operands than told
    public static void write(Path model, String name, List<Tensor> inputs, List<Tensor> outputs, Path target)
            throws IOException, ModelException {
        ModelProto whole;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(model))) {
            whole = ModelProto.parseFrom(in);
        }
        List<NodeProto> named = whole.getGraph().getNodeList().stream()
                .filter(node -> node.getName().equals(name))
                .toList();
        if (named.size() != 1) {
            throw new ModelException("%d nodes are called '%s'".formatted(named.size(), name));
        }
        NodeProto node = named.getFirst();
        GraphProto.Builder graph = GraphProto.newBuilder().setName("layer").addNode(node);
        Map<String, TensorProto> constants = new HashMap<>();
        whole.getGraph().getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
        Set<String> given = new HashSet<>();
        Deque<Tensor> told = new ArrayDeque<>(inputs);
        for (String operand : present(node.getInputList())) {
            TensorProto constant = constants.get(operand);
            boolean isNew = given.add(operand);
            if (constant == null) {
                Tensor tensor = Optional.ofNullable(told.poll()).orElseThrow(() -> untold(name));
                if (isNew) {
                    graph.addInput(port(operand, tensor));
                }
                continue;
            }
            if (!told.isEmpty() && told.peek().shape().equals(constant.getDimsList())) {
                told.remove();
            }
            if (isNew) {
                graph.addInitializer(constant);
            }
        }
        List<String> results = present(node.getOutputList());
        if (!told.isEmpty() || results.size() != outputs.size()) {
            throw untold(name);
        }
        for (int i = 0; i < results.size(); i++) {
            graph.addOutput(port(results.get(i), outputs.get(i)));
        }
        try (OutputStream out = Files.newOutputStream(target)) {
            whole.toBuilder().setGraph(graph).build().writeTo(out);
        }
    }

    /// An optional operand that is left out has an empty name.
    private static List<String> present(List<String> names) {
        return names.stream().filter(name -> !name.isEmpty()).toList();
    }

    private static ModelException untold(String node) {
        return new ModelException("the shapes told do not fit the operands of '%s'".formatted(node));
    }

    private static ValueInfoProto port(String name, Tensor tensor) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        tensor.shape().forEach(extent -> shape.addDimBuilder().setDimValue(extent));
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(tensor.type())
                                .setShape(shape)))
                .build();
    }
}
