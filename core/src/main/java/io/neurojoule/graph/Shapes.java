package io.neurojoule.graph;

import com.google.protobuf.ByteString;
import io.neurojoule.graph.onnx.Onnx.AttributeProto;
import io.neurojoule.graph.onnx.Onnx.GraphProto;
import io.neurojoule.graph.onnx.Onnx.NodeProto;
import io.neurojoule.graph.onnx.Onnx.TensorProto;
import io.neurojoule.graph.onnx.Onnx.ValueInfoProto;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/// The shapes of the values in a graph for a batch of one: as far as the file says them or they follow from operators
/// that we know. What is not known is absent.
final class Shapes {
    private static final Set<String> SAME = Set.of(
            "Relu",
            "LeakyRelu",
            "PRelu",
            "Sigmoid",
            "HardSigmoid",
            "HardSwish",
            "Tanh",
            "Clip",
            "Elu",
            "Gelu",
            "Softmax",
            "LogSoftmax",
            "Identity",
            "Dropout",
            "BatchNormalization",
            "LayerNormalization",
            "InstanceNormalization",
            "Cast",
            "QuantizeLinear",
            "DequantizeLinear",
            "DynamicQuantizeLinear",
            "Exp",
            "Log",
            "Sqrt",
            "Erf",
            "Neg",
            "Abs",
            "Floor",
            "Softplus",
            "LRN");
    private static final Set<String> BROADCAST = Set.of("Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Where");

    private final Map<String, long[]> known = new HashMap<>();
    private final Map<String, TensorProto> constants = new HashMap<>();

    Shapes(GraphProto graph, List<Port> inputs, BatchAxis batch) {
        for (ValueInfoProto value : graph.getValueInfoList()) {
            declared(value, batch).ifPresent(shape -> known.put(value.getName(), shape));
        }
        for (ValueInfoProto value : graph.getOutputList()) {
            declared(value, batch).ifPresent(shape -> known.put(value.getName(), shape));
        }
        for (Port input : inputs) {
            ofInput(input, batch).ifPresent(shape -> known.put(input.name(), shape));
        }
        for (TensorProto tensor : graph.getInitializerList()) {
            known.put(tensor.getName(), dims(tensor));
            constants.put(tensor.getName(), tensor);
        }
        graph.getNodeList().forEach(this::propagate);
    }

    Optional<long[]> of(String value) {
        return Optional.ofNullable(known.get(value));
    }

    /// The shape of an operand, if the node has it.
    Optional<long[]> of(NodeProto node, int operand) {
        return operand < node.getInputCount() ? of(node.getInput(operand)) : Optional.empty();
    }

    static long elements(long[] shape) {
        return LongStream.of(shape).reduce(1, (a, b) -> a * b);
    }

    static long[] dims(TensorProto tensor) {
        return tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    }

    /// The shape of what a Constant node holds, if it holds numbers.
    static Optional<long[]> constant(NodeProto node) {
        for (AttributeProto attribute : node.getAttributeList()) {
            switch (attribute.getName()) {
                case "value" -> {
                    return Optional.of(dims(attribute.getT()));
                }
                case "value_float", "value_int" -> {
                    return Optional.of(new long[0]);
                }
                case "value_floats" -> {
                    return Optional.of(new long[] {attribute.getFloatsCount()});
                }
                case "value_ints" -> {
                    return Optional.of(new long[] {attribute.getIntsCount()});
                }
                default -> {}
            }
        }
        return Optional.empty();
    }

    static long integer(NodeProto node, String name, long otherwise) {
        return attribute(node, name).map(AttributeProto::getI).orElse(otherwise);
    }

    private static Optional<AttributeProto> attribute(NodeProto node, String name) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(name))
                .findFirst();
    }

    private static Optional<long[]> integers(NodeProto node, String name) {
        return attribute(node, name)
                .map(found ->
                        found.getIntsList().stream().mapToLong(Long::longValue).toArray());
    }

    private static Optional<long[]> ofInput(Port input, BatchAxis batch) {
        long[] shape = new long[input.dims().size()];
        for (int axis = 0; axis < shape.length; axis++) {
            boolean isBatch = Integer.valueOf(axis).equals(batch.axes().get(input.name()));
            if (input.dims().get(axis) instanceof Dimension.Fixed fixed) {
                shape[axis] = fixed.extent();
            } else if (isBatch) {
                shape[axis] = 1;
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(shape);
    }

    private static Optional<long[]> declared(ValueInfoProto value, BatchAxis batch) {
        if (!value.getType().getTensorType().hasShape()) {
            return Optional.empty();
        }
        List<Dimension> dims = value.getType().getTensorType().getShape().getDimList().stream()
                .map(OnnxModel::dimension)
                .toList();
        long[] shape = new long[dims.size()];
        for (int axis = 0; axis < shape.length; axis++) {
            if (dims.get(axis) instanceof Dimension.Fixed fixed) {
                shape[axis] = fixed.extent();
            } else if (dims.get(axis) instanceof Dimension.Symbol symbol
                    && batch.symbol().equals(Optional.of(symbol.name()))) {
                shape[axis] = 1;
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(shape);
    }

    private void propagate(NodeProto node) {
        if (node.getOutputCount() == 0) {
            return;
        }
        if (node.getOpType().equals("Constant")) {
            attribute(node, "value").ifPresent(value -> constants.put(node.getOutput(0), value.getT()));
        }
        infer(node).ifPresent(shape -> known.put(node.getOutput(0), shape));
    }

    private Optional<long[]> infer(NodeProto node) {
        String type = node.getOpType();
        if (type.equals("Constant")) {
            return constant(node);
        }
        if (BROADCAST.contains(type)) {
            return broadcast(node);
        }
        Optional<long[]> first = of(node, 0);
        if (first.isEmpty()) {
            return first;
        }
        long[] x = first.get();
        if (SAME.contains(type)) {
            return first;
        }
        return switch (type) {
            case "Conv", "FusedConv", "ConvInteger" -> of(node, 1).flatMap(w -> convolved(node, x, w));
            case "QLinearConv" -> of(node, 3).flatMap(w -> convolved(node, x, w));
            case "MaxPool", "AveragePool" ->
                integers(node, "kernel_shape").flatMap(kernel -> windowed(node, x, x[1], kernel));
            case "GlobalAveragePool", "GlobalMaxPool" -> {
                long[] out = x.clone();
                Arrays.fill(out, 2, out.length, 1);
                yield Optional.of(out);
            }
            case "Flatten" -> {
                int axis = Math.floorMod(integer(node, "axis", 1), Math.max(1, x.length));
                yield Optional.of(
                        new long[] {elements(Arrays.copyOf(x, axis)), elements(Arrays.copyOfRange(x, axis, x.length))});
            }
            case "Reshape" -> numbers(node, 1).flatMap(to -> reshaped(x, to));
            case "Gemm", "FusedGemm" -> of(node, 1).map(w -> gemm(node, x, w));
            case "QGemm" -> of(node, 3).map(w -> gemm(node, x, w));
            case "MatMul", "FusedMatMul", "MatMulInteger" -> of(node, 1).flatMap(w -> product(x, w));
            case "QLinearMatMul" -> of(node, 3).flatMap(w -> product(x, w));
            case "Transpose" -> {
                long[] order = integers(node, "perm")
                        .orElseGet(() -> LongStream.range(0, x.length)
                                .map(i -> x.length - 1 - i)
                                .toArray());
                yield Optional.of(
                        LongStream.of(order).map(axis -> x[(int) axis]).toArray());
            }
            case "Squeeze", "Unsqueeze" -> {
                Optional<long[]> axes = numbers(node, 1).or(() -> integers(node, "axes"));
                yield axes.map(chosen -> type.equals("Squeeze") ? squeezed(x, chosen) : unsqueezed(x, chosen));
            }
            case "Concat" -> concatenated(node, x);
            case "LSTM", "GRU", "RNN" -> of(node, 2).map(r -> new long[] {x[0], r[0], x[1], r[2]});
            default -> Optional.empty();
        };
    }

    private static Optional<long[]> convolved(NodeProto node, long[] x, long[] weight) {
        return windowed(node, x, weight[0], Arrays.copyOfRange(weight, 2, weight.length));
    }

    /// Output extents of a sliding window, as the ONNX operator pages of Conv and MaxPool define them.
    private static Optional<long[]> windowed(NodeProto node, long[] x, long channels, long[] kernel) {
        int axes = kernel.length;
        if (x.length != axes + 2) {
            return Optional.empty();
        }
        long[] strides = integers(node, "strides").orElseGet(() -> ones(axes));
        long[] dilations = integers(node, "dilations").orElseGet(() -> ones(axes));
        long[] pads = integers(node, "pads").orElseGet(() -> new long[2 * axes]);
        String auto = attribute(node, "auto_pad")
                .map(found -> found.getS().toStringUtf8())
                .orElse("NOTSET");
        boolean ceil = integer(node, "ceil_mode", 0) == 1;
        long[] out = new long[x.length];
        out[0] = x[0];
        out[1] = channels;
        for (int i = 0; i < axes; i++) {
            long room = x[i + 2] + pads[i] + pads[i + axes] - ((kernel[i] - 1) * dilations[i] + 1);
            out[i + 2] = auto.startsWith("SAME")
                    ? Math.ceilDiv(x[i + 2], strides[i])
                    : (ceil ? Math.ceilDiv(room, strides[i]) : Math.floorDiv(room, strides[i])) + 1;
        }
        return Optional.of(out);
    }

    private static long[] ones(int length) {
        long[] ones = new long[length];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static long[] gemm(NodeProto node, long[] a, long[] b) {
        return new long[] {integer(node, "transA", 0) == 1 ? a[1] : a[0], integer(node, "transB", 0) == 1 ? b[0] : b[1]
        };
    }

    private static Optional<long[]> product(long[] a, long[] b) {
        if (a.length < 2 || b.length < 2) {
            return Optional.empty();
        }
        return broadcast(Arrays.copyOf(a, a.length - 2), Arrays.copyOf(b, b.length - 2))
                .map(stack -> LongStream.concat(LongStream.of(stack), LongStream.of(a[a.length - 2], b[b.length - 1]))
                        .toArray());
    }

    private Optional<long[]> broadcast(NodeProto node) {
        Optional<long[]> shape = of(node, 0);
        for (int i = 1; i < node.getInputCount(); i++) {
            Optional<long[]> other = of(node, i);
            if (other.isEmpty()) {
                return other;
            }
            long[] b = other.get();
            shape = shape.flatMap(a -> broadcast(a, b));
        }
        return shape;
    }

    private static Optional<long[]> broadcast(long[] a, long[] b) {
        long[] out = new long[Math.max(a.length, b.length)];
        for (int i = 1; i <= out.length; i++) {
            long x = i <= a.length ? a[a.length - i] : 1;
            long y = i <= b.length ? b[b.length - i] : 1;
            if (x != y && x != 1 && y != 1) {
                return Optional.empty();
            }
            out[out.length - i] = x == 1 ? y : x;
        }
        return Optional.of(out);
    }

    private static Optional<long[]> reshaped(long[] x, long[] to) {
        long[] out = to.clone();
        long rest = elements(x);
        int open = out.length;
        for (int i = 0; i < out.length; i++) {
            if (out[i] == 0 && i < x.length) {
                out[i] = x[i];
            }
            if (out[i] < 0) {
                open = i;
            } else if (out[i] > 0) {
                rest /= out[i];
            }
        }
        if (open < out.length) {
            out[open] = rest;
        }
        return elements(out) == elements(x) ? Optional.of(out) : Optional.empty();
    }

    private static long[] squeezed(long[] x, long[] axes) {
        return LongStream.range(0, x.length)
                .filter(axis -> LongStream.of(axes).noneMatch(gone -> Math.floorMod(gone, x.length) == axis))
                .map(axis -> x[(int) axis])
                .toArray();
    }

    private static long[] unsqueezed(long[] x, long[] axes) {
        long[] out = new long[x.length + axes.length];
        for (long axis : axes) {
            out[Math.floorMod(axis, out.length)] = 1;
        }
        int from = 0;
        for (int i = 0; i < out.length; i++) {
            if (out[i] == 0) {
                out[i] = x[from++];
            }
        }
        return out;
    }

    private Optional<long[]> concatenated(NodeProto node, long[] x) {
        long[] out = x.clone();
        int axis = Math.floorMod(integer(node, "axis", 0), x.length);
        for (int i = 1; i < node.getInputCount(); i++) {
            Optional<long[]> other = of(node, i);
            if (other.isEmpty() || other.get().length != x.length) {
                return Optional.empty();
            }
            out[axis] += other.get()[axis];
        }
        return Optional.of(out);
    }

    /// The values of an operand that is a constant list of int64.
    private Optional<long[]> numbers(NodeProto node, int operand) {
        if (operand >= node.getInputCount()) {
            return Optional.empty();
        }
        TensorProto tensor = constants.get(node.getInput(operand));
        if (tensor == null || tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
            return Optional.empty();
        }
        if (!tensor.hasRawData()) {
            return Optional.of(tensor.getInt64DataList().stream()
                    .mapToLong(Long::longValue)
                    .toArray());
        }
        ByteString raw = tensor.getRawData();
        long[] values = new long[raw.size() / Long.BYTES];
        raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(values);
        return Optional.of(values);
    }
}
