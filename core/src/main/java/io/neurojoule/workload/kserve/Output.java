package io.neurojoule.workload.kserve;

import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.DoubleStream;

/// What an answer says about one output, apart from its values.
record Output(String name, String datatype, List<Long> shape) {
    Output {
        shape = List.copyOf(shape);
    }

    /// @param raw little-endian, row-major; all of it is the tensor
    Tensor of(ByteBuffer raw) throws NetworkException {
        ElementType type = type();
        requireCount(raw.remaining(), type.size(), "bytes");
        ByteBuffer data = raw.order(ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[raw.remaining() / type.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = type.get(data);
        }
        return new Tensor(name, shape, values);
    }

    /// @param values as read from text: the shortest one that stands for an FP32 is not that FP32
    Tensor of(DoubleStream values) throws NetworkException {
        boolean single = type() == ElementType.FLOAT32;
        double[] exact = values.map(value -> single ? (float) value : value).toArray();
        requireCount(exact.length, 1, "values");
        return new Tensor(name, shape, exact);
    }

    private ElementType type() throws NetworkException {
        return Datatype.read(datatype)
                .orElseThrow(() -> new NetworkException(
                        Code.UNSUPPORTED, "output %s is %s, not a tensor of numbers".formatted(name, datatype)));
    }

    private void requireCount(long found, long each, String what) throws NetworkException {
        long count = each;
        for (long extent : shape) {
            if (extent < 0 || (extent > 0 && count > Long.MAX_VALUE / extent)) {
                count = -1;
                break;
            }
            count *= extent;
        }
        if (count != found) {
            throw new NetworkException(
                    Code.INTERNAL,
                    "the server says that output %s has the shape %s of %s, and sends %d %s"
                            .formatted(name, shape, datatype, found, what));
        }
    }
}
