package io.neurojoule.onnx;

import ai.onnxruntime.OnnxJavaType;
import io.neurojoule.workload.inputs.ElementType;
import java.util.Optional;

/// The element types of ONNX Runtime.
final class Elements {
    private Elements() {}

    /// Empty if ONNX Runtime for Java has no such type.
    static Optional<OnnxJavaType> type(ElementType type) {
        return switch (type) {
            case FLOAT32 -> Optional.of(OnnxJavaType.FLOAT);
            case FLOAT64 -> Optional.of(OnnxJavaType.DOUBLE);
            case FLOAT16 -> Optional.of(OnnxJavaType.FLOAT16);
            case BFLOAT16 -> Optional.of(OnnxJavaType.BFLOAT16);
            case INT8 -> Optional.of(OnnxJavaType.INT8);
            case UINT8 -> Optional.of(OnnxJavaType.UINT8);
            case INT16 -> Optional.of(OnnxJavaType.INT16);
            case INT32 -> Optional.of(OnnxJavaType.INT32);
            case INT64 -> Optional.of(OnnxJavaType.INT64);
            case BOOL -> Optional.of(OnnxJavaType.BOOL);
            case UINT16, UINT32, UINT64 -> Optional.empty();
        };
    }

    /// Empty if it is not one of numbers.
    static Optional<ElementType> type(OnnxJavaType type) {
        return switch (type) {
            case FLOAT -> Optional.of(ElementType.FLOAT32);
            case DOUBLE -> Optional.of(ElementType.FLOAT64);
            case FLOAT16 -> Optional.of(ElementType.FLOAT16);
            case BFLOAT16 -> Optional.of(ElementType.BFLOAT16);
            case INT8 -> Optional.of(ElementType.INT8);
            case UINT8 -> Optional.of(ElementType.UINT8);
            case BOOL -> Optional.of(ElementType.BOOL);
            case INT16 -> Optional.of(ElementType.INT16);
            case INT32 -> Optional.of(ElementType.INT32);
            case INT64 -> Optional.of(ElementType.INT64);
            case STRING, UNKNOWN -> Optional.empty();
        };
    }
}
