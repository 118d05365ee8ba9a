package io.neurojoule.workload.inputs;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// What a tensor of numbers is made of.
public enum ElementType {
    FLOAT32(4),
    FLOAT64(8),
    FLOAT16(2),
    BFLOAT16(2),
    INT8(1),
    UINT8(1),
    INT16(2),
    UINT16(2),
    INT32(4),
    UINT32(4),
    INT64(8),
    UINT64(8),
    BOOL(1);

    private final int size;

    ElementType(int size) {
        this.size = size;
    }

    /// The type that is called so, e.g. `float32`; empty if it is not one of numbers.
    public static Optional<ElementType> of(String dtype) {
        return Arrays.stream(values())
                .filter(type -> type.dtype().equals(dtype))
                .findFirst();
    }

    /// As NumPy calls it, e.g. `float32`.
    public String dtype() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Bytes of one element.
    public int size() {
        return size;
    }

    boolean real() {
        return this == FLOAT32 || this == FLOAT64 || this == FLOAT16 || this == BFLOAT16;
    }

    /// Writes the number in this type, rounded where it must be.
    public void put(ByteBuffer data, double value) {
        switch (this) {
            case FLOAT32 -> data.putFloat((float) value);
            case FLOAT64 -> data.putDouble(value);
            case FLOAT16 -> data.putShort(Float.floatToFloat16((float) value));
            case BFLOAT16 -> data.putShort((short) (Float.floatToRawIntBits((float) value) >>> 16));
            case INT8, UINT8 -> data.put((byte) (long) value);
            case BOOL -> data.put((byte) (value == 0 ? 0 : 1));
            case INT16, UINT16 -> data.putShort((short) (long) value);
            case INT32, UINT32 -> data.putInt((int) (long) value);
            case INT64, UINT64 -> data.putLong((long) value);
        }
    }

    /// Reads the next number; 64-bit integers above 2⁵³ are rounded.
    public double get(ByteBuffer data) {
        return switch (this) {
            case FLOAT32 -> data.getFloat();
            case FLOAT64 -> data.getDouble();
            case FLOAT16 -> Float.float16ToFloat(data.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(data.getShort() << 16);
            case INT8, BOOL -> data.get();
            case UINT8 -> Byte.toUnsignedInt(data.get());
            case INT16 -> data.getShort();
            case UINT16 -> Short.toUnsignedInt(data.getShort());
            case INT32 -> data.getInt();
            case UINT32 -> Integer.toUnsignedLong(data.getInt());
            case INT64 -> data.getLong();
            case UINT64 -> unsigned(data.getLong());
        };
    }

    private static double unsigned(long value) {
        return value >= 0 ? value : 2.0 * ((value >>> 1) | (value & 1));
    }
}
