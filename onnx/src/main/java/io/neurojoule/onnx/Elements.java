package io.neurojoule.onnx;

import ai.onnxruntime.OnnxJavaType;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Numbers in the element types of ONNX Runtime.
final class Elements {
    private Elements() {}

    static Optional<OnnxJavaType> type(String dtype) {
        return switch (dtype) {
            case "float32" -> Optional.of(OnnxJavaType.FLOAT);
            case "float64" -> Optional.of(OnnxJavaType.DOUBLE);
            case "float16" -> Optional.of(OnnxJavaType.FLOAT16);
            case "bfloat16" -> Optional.of(OnnxJavaType.BFLOAT16);
            case "int8" -> Optional.of(OnnxJavaType.INT8);
            case "uint8" -> Optional.of(OnnxJavaType.UINT8);
            case "int16" -> Optional.of(OnnxJavaType.INT16);
            case "int32" -> Optional.of(OnnxJavaType.INT32);
            case "int64" -> Optional.of(OnnxJavaType.INT64);
            case "bool" -> Optional.of(OnnxJavaType.BOOL);
            default -> Optional.empty();
        };
    }

    static boolean real(OnnxJavaType type) {
        return type == OnnxJavaType.FLOAT
                || type == OnnxJavaType.DOUBLE
                || type == OnnxJavaType.FLOAT16
                || type == OnnxJavaType.BFLOAT16;
    }

    static void put(ByteBuffer data, OnnxJavaType type, double value) {
        switch (type) {
            case FLOAT -> data.putFloat((float) value);
            case DOUBLE -> data.putDouble(value);
            case FLOAT16 -> data.putShort(Float.floatToFloat16((float) value));
            case BFLOAT16 -> data.putShort((short) (Float.floatToRawIntBits((float) value) >>> 16));
            case INT8, UINT8 -> data.put((byte) (long) value);
            case BOOL -> data.put((byte) (value == 0 ? 0 : 1));
            case INT16 -> data.putShort((short) (long) value);
            case INT32 -> data.putInt((int) value);
            case INT64 -> data.putLong((long) value);
            default -> throw new IllegalArgumentException("not a number: " + type);
        }
    }

    static double get(ByteBuffer data, OnnxJavaType type) {
        return switch (type) {
            case FLOAT -> data.getFloat();
            case DOUBLE -> data.getDouble();
            case FLOAT16 -> Float.float16ToFloat(data.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(data.getShort() << 16);
            case INT8, BOOL -> data.get();
            case UINT8 -> Byte.toUnsignedInt(data.get());
            case INT16 -> data.getShort();
            case INT32 -> data.getInt();
            case INT64 -> data.getLong();
            default -> throw new IllegalArgumentException("not a number: " + type);
        };
    }
}
