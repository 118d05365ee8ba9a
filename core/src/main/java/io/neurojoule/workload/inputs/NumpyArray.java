package io.neurojoule.workload.inputs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A .npy file in C order.
///
/// @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">the format</a>
record NumpyArray(long[] shape, double[] values) {
    private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([<>|=]?)([a-z]\\d+)'");
    private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");

    static NumpyArray read(Path file) throws IOException {
        ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        if (data.remaining() < 12 || data.get(0) != (byte) 0x93 || data.get(1) != 'N') {
            throw new IOException("it is not a .npy file");
        }
        int major = data.get(6);
        int length = major == 1 ? Short.toUnsignedInt(data.getShort(8)) : data.getInt(8);
        int start = (major == 1 ? 10 : 12) + length;
        if (length < 0 || start > data.limit()) {
            throw new IOException("its header is truncated");
        }
        String header = new String(data.array(), start - length, length, StandardCharsets.ISO_8859_1);
        Matcher descr = DESCR.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!descr.find() || !shape.find() || header.contains("'fortran_order': True")) {
            throw new IOException("only plain arrays of numbers in C order can be read");
        }
        if (descr.group(1).equals(">")) {
            data.order(ByteOrder.BIG_ENDIAN);
        }
        long[] extents = Arrays.stream(shape.group(1).split(","))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
        data.position(start);
        int count = Math.toIntExact(Arrays.stream(extents).reduce(1, Math::multiplyExact));
        double[] values = new double[count];
        String type = descr.group(2);
        int size = Integer.parseInt(type.substring(1));
        if (data.remaining() < (long) count * size) {
            throw new IOException("it is truncated");
        }
        for (int i = 0; i < count; i++) {
            values[i] = value(data, type);
        }
        return new NumpyArray(extents, values);
    }

    private static double value(ByteBuffer data, String type) throws IOException {
        return switch (type) {
            case "f2" -> Float.float16ToFloat(data.getShort());
            case "f4" -> data.getFloat();
            case "f8" -> data.getDouble();
            case "i1", "b1" -> data.get();
            case "u1" -> Byte.toUnsignedInt(data.get());
            case "i2" -> data.getShort();
            case "i4" -> data.getInt();
            case "i8" -> data.getLong();
            default -> throw new IOException("it holds the type " + type + ", which cannot be read");
        };
    }
}
