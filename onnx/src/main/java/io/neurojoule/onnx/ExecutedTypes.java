package io.neurojoule.onnx;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What a profile of ONNX Runtime says about the data types that kernels really work on.
///
/// A kernel counts under the type of its first operand; conversions between types count as `conversion`.
///
/// @param shares       type → share of the kernel time
/// @param floatConvolutions whether a convolution ran on float32
record ExecutedTypes(Map<String, Double> shares, boolean floatConvolutions) {
    static ExecutedTypes read(Path profile) throws IOException {
        Map<String, Double> time = new TreeMap<>();
        double all = 0;
        boolean floatConvolutions = false;
        for (JsonNode event : new JsonMapper().readTree(profile.toFile())) {
            JsonNode args = event.path("args");
            String operator = args.path("op_name").asString("");
            if (operator.isEmpty() || !event.path("name").asString("").endsWith("_kernel_time")) {
                continue;
            }
            String type = type(operator, args.path("input_type_shape"));
            floatConvolutions |= operator.contains("Conv") && type.equals("float32");
            double duration = event.path("dur").asDouble(0);
            time.merge(type, duration, Double::sum);
            all += duration;
        }
        double total = all;
        if (total == 0) {
            return new ExecutedTypes(Map.of(), floatConvolutions);
        }
        time.replaceAll((type, duration) -> duration / total);
        return new ExecutedTypes(time, floatConvolutions);
    }

    private static String type(String operator, JsonNode operands) {
        if (operator.endsWith("QuantizeLinear") || operator.equals("DequantizeLinear") || operator.equals("Cast")) {
            return "conversion";
        }
        if (operator.startsWith("QLinear") || operator.startsWith("QGemm") || operator.endsWith("Integer")) {
            return "int8";
        }
        for (JsonNode operand : operands) {
            for (String name : operand.propertyNames()) {
                return switch (name) {
                    case "float" -> "float32";
                    case "double" -> "float64";
                    case "int8", "uint8" -> "int8";
                    default -> name;
                };
            }
        }
        return "other";
    }
}
