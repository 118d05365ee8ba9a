package io.neurojoule.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.neurojoule.plugin.Spelling;
import io.neurojoule.workload.NetworkException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// How ONNX Runtime is set up.
///
/// @param layer the only node of the optimised graph to run
record Settings(int threads, int interopThreads, int spinning, String graphOptimization, Optional<String> layer) {
    private static final Set<String> NAMES =
            Set.of("threads", "interop_threads", "spinning", "graph_optimization", "layer");
    private static final Map<String, OptLevel> LEVELS = Map.of(
            "all", OptLevel.ALL_OPT,
            "extended", OptLevel.EXTENDED_OPT,
            "basic", OptLevel.BASIC_OPT,
            "disable", OptLevel.NO_OPT);

    static Settings of(Map<String, String> options) throws NetworkException {
        for (String name : options.keySet()) {
            if (!NAMES.contains(name)) {
                throw invalid("the onnx network has no option '%s'%s"
                        .formatted(
                                name,
                                Spelling.suggest(name, NAMES)
                                        .map(near -> "; did you mean " + near + "?")
                                        .orElse("; it has " + String.join(", ", NAMES))));
            }
        }
        String level = options.getOrDefault("graph_optimization", "all");
        if (!LEVELS.containsKey(level)) {
            throw invalid("graph_optimization is all, extended, basic or disable: " + level);
        }
        return new Settings(
                number(options, "threads", Runtime.getRuntime().availableProcessors(), 1, 4096),
                number(options, "interop_threads", 1, 1, 4096),
                number(options, "spinning", 0, 0, 1),
                level,
                Optional.ofNullable(options.get("layer")));
    }

    /// Options for a session; the caller closes them.
    SessionOptions session() throws OrtException {
        SessionOptions session = new SessionOptions();
        session.setIntraOpNumThreads(threads);
        session.setInterOpNumThreads(interopThreads);
        session.setExecutionMode(interopThreads > 1 ? ExecutionMode.PARALLEL : ExecutionMode.SEQUENTIAL);
        session.addConfigEntry("session.intra_op.allow_spinning", Integer.toString(spinning));
        session.addConfigEntry("session.inter_op.allow_spinning", Integer.toString(spinning));
        OptLevel level = LEVELS.get(graphOptimization);
        if (level != null) {
            session.setOptimizationLevel(level);
        }
        return session;
    }

    /// The same, for a graph that is optimised already.
    Settings asIs() {
        return new Settings(threads, interopThreads, spinning, "disable", layer);
    }

    /// For the record.
    Map<String, String> asMap(String version) {
        return Map.of(
                "threads",
                Integer.toString(threads),
                "interop_threads",
                Integer.toString(interopThreads),
                "spinning",
                Integer.toString(spinning),
                "graph_optimization",
                graphOptimization,
                "provider",
                "CPUExecutionProvider",
                "runtime",
                "onnxruntime " + version);
    }

    private static int number(Map<String, String> options, String name, int otherwise, int low, int high)
            throws NetworkException {
        String text = options.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= low && value <= high) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw invalid("%s must be a whole number: %s".formatted(name, text));
        }
        throw invalid("%s must be from %d to %d: %s".formatted(name, low, high, text));
    }

    private static NetworkException invalid(String message) {
        return new NetworkException(NetworkException.Code.INVALID_INPUT, message);
    }
}
