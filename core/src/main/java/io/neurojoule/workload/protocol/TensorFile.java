package io.neurojoule.workload.protocol;

import io.neurojoule.workload.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Outputs too large for a line: little-endian doubles in a file, one tensor after the other; names and shapes in the
/// answer to `verify`.
public final class TensorFile {
    private TensorFile() {}

    /// Writes the file into `dir` and describes it in the answer.
    public static void write(List<Tensor> tensors, Path dir, ObjectNode answer) throws IOException {
        int length = tensors.stream().mapToInt(tensor -> tensor.values().length).sum();
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(length, Double.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        ArrayNode outputs = answer.putArray("outputs");
        for (Tensor tensor : tensors) {
            ObjectNode output = outputs.addObject().put("name", tensor.name());
            tensor.shape().forEach(output.putArray("shape")::add);
            for (double value : tensor.values()) {
                bytes.putDouble(value);
            }
        }
        Path file = Files.createTempFile(dir, "outputs-", ".f64");
        Files.write(file, bytes.array());
        answer.put("file", file.getFileName().toString());
    }

    /// Reads what [#write] wrote, and deletes the file.
    ///
    /// @throws IOException also if the file has another length than the shapes say, or lies outside `dir`
    public static List<Tensor> readAndDelete(ObjectNode answer, Path dir) throws IOException {
        Path file = file(answer.path("file").asString(""), dir);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Tensor> tensors = new ArrayList<>();
        for (JsonNode output : answer.path("outputs")) {
            List<Long> shape = new ArrayList<>();
            output.path("shape").forEach(extent -> shape.add(extent.asLong(0)));
            double[] values = new double[length(shape, bytes.remaining() / Double.BYTES, file)];
            for (int i = 0; i < values.length; i++) {
                values[i] = bytes.getDouble();
            }
            tensors.add(new Tensor(output.path("name").asString(""), shape, values));
        }
        if (bytes.hasRemaining()) {
            throw new IOException("%s is longer than the shapes say".formatted(file));
        }
        Files.delete(file);
        return tensors;
    }

    private static Path file(String name, Path dir) throws IOException {
        try {
            Path file = dir.resolve(name).normalize();
            // A pipe would be read for ever.
            if (dir.normalize().equals(file.getParent()) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                return file;
            }
        } catch (InvalidPathException noName) {
            // No file has such a name.
        }
        throw new IOException("the outputs must be a file in %s: '%s'".formatted(dir, name));
    }

    private static int length(List<Long> shape, int most, Path file) throws IOException {
        long length = 1;
        for (long extent : shape) {
            if (extent < 0 || extent > most) {
                throw new IOException("%s is shorter than the shapes say".formatted(file));
            }
            length = Math.min(length * extent, most + 1L);
        }
        if (length > most) {
            throw new IOException("%s is shorter than the shapes say".formatted(file));
        }
        return (int) length;
    }
}
