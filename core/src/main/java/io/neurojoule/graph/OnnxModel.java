package io.neurojoule.graph;

import com.google.protobuf.InvalidProtocolBufferException;
import io.neurojoule.graph.onnx.Onnx.AttributeProto;
import io.neurojoule.graph.onnx.Onnx.GraphProto;
import io.neurojoule.graph.onnx.Onnx.ModelProto;
import io.neurojoule.graph.onnx.Onnx.NodeProto;
import io.neurojoule.graph.onnx.Onnx.StringStringEntryProto;
import io.neurojoule.graph.onnx.Onnx.TensorProto;
import io.neurojoule.graph.onnx.Onnx.TensorShapeProto;
import io.neurojoule.graph.onnx.Onnx.ValueInfoProto;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// What an ONNX file says about a network.
///
/// @param inputs              those that the caller gives; constants that old files list as inputs are left out
/// @param opset               version of the standard operators
/// @param weights             elements of the constants that convolutions, matrix products and recurrent layers
/// multiply
///                            with, wherever the file keeps them (initialisers or Constant nodes, sub-graphs too);
///                            without biases and normalisation
/// @param precision           the data type of most weights: `fp32`, `fp16`, `bf16`, `fp64`, `int8` (signed or not);
///                            empty for others, and if there are none
/// @param multiplyAccumulates dense, per element of the batch; empty if a shape or an operator leaves it open
/// @param bytes               size of the file, without external data
public record OnnxModel(
        List<Port> inputs,
        List<Port> outputs,
        long opset,
        long weights,
        Optional<String> precision,
        OptionalLong multiplyAccumulates,
        BatchAxis batch,
        long bytes) {
    private static final String GIVE = "; give the .onnx file that the exporter wrote";

    public OnnxModel {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /// Reads a file.
    ///
    /// @throws ModelException if it is no ONNX file, is cut off, or its external data is not there
    public static OnnxModel read(Path file) throws ModelException {
        ModelProto model = parse(file);
        GraphProto graph = model.getGraph();
        requireExternalData(file, graph);
        Set<String> constants = new HashSet<>();
        graph.getInitializerList().forEach(tensor -> constants.add(tensor.getName()));
        List<Port> inputs = graph.getInputList().stream()
                .filter(input -> !constants.contains(input.getName()))
                .map(OnnxModel::port)
                .toList();
        List<Port> outputs = graph.getOutputList().stream().map(OnnxModel::port).toList();
        BatchAxis batch = BatchAxis.of(inputs);
        Cost cost = Cost.of(graph, inputs, batch);
        return new OnnxModel(
                inputs,
                outputs,
                opset(model),
                cost.weights().values().stream().mapToLong(Long::longValue).sum(),
                precision(cost.weights()),
                cost.multiplyAccumulates(),
                batch,
                size(file));
    }

    private static Optional<String> precision(Map<Integer, Long> weights) {
        return weights.entrySet().stream().max(Map.Entry.comparingByValue()).flatMap(most -> switch (dtype(
                most.getKey())) {
            case "float32" -> Optional.of("fp32");
            case "float16" -> Optional.of("fp16");
            case "bfloat16" -> Optional.of("bf16");
            case "float64" -> Optional.of("fp64");
            case "int8", "uint8" -> Optional.of("int8");
            default -> Optional.empty();
        });
    }

    private static ModelProto parse(Path file) throws ModelException {
        ModelProto model;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            model = ModelProto.parseFrom(in);
        } catch (NoSuchFileException e) {
            throw new ModelException("there is no file " + file, e);
        } catch (InvalidProtocolBufferException e) {
            throw new ModelException(broken(file), e);
        } catch (IOException e) {
            throw new ModelException("cannot read " + file + ": " + e.getMessage(), e);
        }
        if (!model.hasGraph() || model.getGraph().getNodeCount() == 0 || model.getOpsetImportCount() == 0) {
            throw new ModelException(broken(file));
        }
        return model;
    }

    /// Every known writer starts with the format version (field 1, a number), which no text file does.
    private static String broken(Path file) throws ModelException {
        byte[] head;
        try (InputStream in = Files.newInputStream(file)) {
            head = in.readNBytes(64);
        } catch (IOException e) {
            throw new ModelException("cannot read " + file + ": " + e.getMessage(), e);
        }
        if (head.length == 0) {
            return file + " is empty, so it is not an ONNX file" + GIVE;
        }
        if (new String(head, StandardCharsets.ISO_8859_1).startsWith("version https://git-lfs")) {
            return file + " is not an ONNX file but a Git LFS pointer to one; fetch it with: git lfs pull";
        }
        return head[0] == 0x08
                ? file
                        + " is truncated or damaged: it begins like an ONNX file but does not end like one. Copy it again"
                : file + " is not an ONNX file" + GIVE;
    }

    private static void requireExternalData(Path file, GraphProto graph) throws ModelException {
        for (TensorProto tensor : tensors(graph)) {
            if (tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
                continue;
            }
            String location = tensor.getExternalDataList().stream()
                    .filter(entry -> entry.getKey().equals("location"))
                    .map(StringStringEntryProto::getValue)
                    .findFirst()
                    .orElseThrow(() -> new ModelException("%s keeps the weight %s in another file but does not name it"
                            .formatted(file, tensor.getName())));
            Path data = file.toAbsolutePath().resolveSibling(location);
            if (!Files.isReadable(data)) {
                throw new ModelException("%s keeps its weights in %s, which is not there; put it next to the model"
                        .formatted(file, data));
            }
        }
    }

    private static List<TensorProto> tensors(GraphProto graph) {
        List<TensorProto> found = new ArrayList<>(graph.getInitializerList());
        for (NodeProto node : graph.getNodeList()) {
            for (AttributeProto attribute : node.getAttributeList()) {
                if (attribute.hasT()) {
                    found.add(attribute.getT());
                }
                if (attribute.hasG()) {
                    found.addAll(tensors(attribute.getG()));
                }
            }
        }
        return found;
    }

    private static long opset(ModelProto model) {
        return model.getOpsetImportList().stream()
                .filter(set -> set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx"))
                .findFirst()
                .orElse(model.getOpsetImport(0))
                .getVersion();
    }

    private static long size(Path file) throws ModelException {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new ModelException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static Port port(ValueInfoProto value) {
        if (!value.getType().hasTensorType()) {
            return new Port(value.getName(), "unknown", List.of());
        }
        return new Port(
                value.getName(),
                dtype(value.getType().getTensorType().getElemType()),
                value.getType().getTensorType().getShape().getDimList().stream()
                        .map(OnnxModel::dimension)
                        .toList());
    }

    /// Exporters write a negative extent, or an empty name, for an axis that is free.
    static Dimension dimension(TensorShapeProto.Dimension dim) {
        if (dim.hasDimValue() && dim.getDimValue() >= 0) {
            return new Dimension.Fixed(dim.getDimValue());
        }
        return dim.hasDimParam() && !dim.getDimParam().isBlank()
                ? new Dimension.Symbol(dim.getDimParam())
                : new Dimension.Unnamed();
    }

    /// By the numbers of TensorProto.DataType.
    private static String dtype(int type) {
        List<String> names = Arrays.asList(
                "unknown",
                "float32",
                "uint8",
                "int8",
                "uint16",
                "int16",
                "int32",
                "int64",
                "string",
                "bool",
                "float16",
                "float64",
                "uint32",
                "uint64",
                "complex64",
                "complex128",
                "bfloat16");
        return type >= 0 && type < names.size() ? names.get(type) : "type-" + type;
    }
}
