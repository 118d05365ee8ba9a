package io.neurojoule.graph;

import com.google.protobuf.ByteString;
import io.neurojoule.graph.onnx.Onnx.AttributeProto;
import io.neurojoule.graph.onnx.Onnx.GraphProto;
import io.neurojoule.graph.onnx.Onnx.ModelProto;
import io.neurojoule.graph.onnx.Onnx.NodeProto;
import io.neurojoule.graph.onnx.Onnx.OperatorSetIdProto;
import io.neurojoule.graph.onnx.Onnx.TensorProto;
import io.neurojoule.graph.onnx.Onnx.TensorShapeProto;
import io.neurojoule.graph.onnx.Onnx.TypeProto;
import io.neurojoule.graph.onnx.Onnx.ValueInfoProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Writes small ONNX graphs: the bundled example, and networks for tests.
public final class GraphBuilder {
    /// Element types, as TensorProto.DataType numbers them.
    public static final int FLOAT = 1;

    public static final int INT8 = 3;
    public static final int INT32 = 6;
    public static final int INT64 = 7;

    private final GraphProto.Builder graph;

    public GraphBuilder(String name) {
        graph = GraphProto.newBuilder().setName(name);
    }

    /// @param dims a number, or a symbol; an empty symbol is an axis without a name
    public GraphBuilder input(String name, int type, Object... dims) {
        graph.addInput(port(name, type, dims));
        return this;
    }

    /// @param dims as for inputs
    public GraphBuilder output(String name, int type, Object... dims) {
        graph.addOutput(port(name, type, dims));
        return this;
    }

    /// Adds an operator with one output.
    ///
    /// @return the output's name
    public String node(String type, String output, List<String> inputs, AttributeProto... attributes) {
        graph.addNode(NodeProto.newBuilder()
                .setOpType(type)
                .setName(output)
                .addAllInput(inputs)
                .addOutput(output)
                .addAllAttribute(List.of(attributes)));
        return output;
    }

    /// A constant; without extents a scalar.
    ///
    /// @return its name
    public String floats(String name, float[] values, long... dims) {
        ByteBuffer raw = buffer(values.length * Float.BYTES);
        raw.asFloatBuffer().put(values);
        return constant(name, FLOAT, raw, dims);
    }

    /// An int8 constant.
    public String bytes(String name, byte[] values, long... dims) {
        return constant(name, INT8, ByteBuffer.wrap(values), dims);
    }

    /// An int32 constant.
    public String ints(String name, int[] values, long... dims) {
        ByteBuffer raw = buffer(values.length * Integer.BYTES);
        raw.asIntBuffer().put(values);
        return constant(name, INT32, raw, dims);
    }

    /// An int64 constant.
    public String longs(String name, long[] values, long... dims) {
        ByteBuffer raw = buffer(values.length * Long.BYTES);
        raw.asLongBuffer().put(values);
        return constant(name, INT64, raw, dims);
    }

    /// The graph so far.
    public GraphProto build() {
        return graph.build();
    }

    /// Writes the graph as a model of operator set 17.
    public void write(Path file) throws IOException {
        ModelProto model = ModelProto.newBuilder()
                .setIrVersion(8)
                .setProducerName("neurojoule")
                .setGraph(build())
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(17))
                .build();
        try (OutputStream out = Files.newOutputStream(file)) {
            model.writeTo(out);
        }
    }

    /// An attribute that is a number.
    public static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    /// An attribute that is a list of numbers.
    public static AttributeProto integers(String name, long... values) {
        AttributeProto.Builder attribute =
                AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        for (long value : values) {
            attribute.addInts(value);
        }
        return attribute.build();
    }

    /// An attribute that is a real number.
    public static AttributeProto real(String name, float value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(value)
                .build();
    }

    private String constant(String name, int type, ByteBuffer raw, long... dims) {
        TensorProto.Builder tensor =
                TensorProto.newBuilder().setName(name).setDataType(type).setRawData(ByteString.copyFrom(raw));
        for (long dim : dims) {
            tensor.addDims(dim);
        }
        graph.addInitializer(tensor);
        return name;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ValueInfoProto port(String name, int type, Object... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dim : dims) {
            TensorShapeProto.Dimension.Builder one = shape.addDimBuilder();
            if (dim instanceof Number extent) {
                one.setDimValue(extent.longValue());
            } else if (!dim.toString().isEmpty()) {
                one.setDimParam(dim.toString());
            }
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
                .build();
    }
}
