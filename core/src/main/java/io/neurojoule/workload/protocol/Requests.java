package io.neurojoule.workload.protocol;

import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.RunRequest;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What the profiler asks, written by its side and read by the worker's.
///
/// `op` and `id` come first, so that a shell adapter may look for them by pattern.
public final class Requests {
    /// The version of the protocol.
    public static final int VERSION = 1;

    private Requests() {}

    /// A request of no fields: `stop`, `unload`, `close`.
    public static ObjectNode of(String op, long id) {
        return Wire.message().put("op", op).put("id", id);
    }

    /// @param dir where the network may leave files
    public static ObjectNode hello(long id, String runId, Path dir) {
        return of("hello", id)
                .put("nwp", VERSION)
                .put("profiler", "neurojoule")
                .put("run_id", runId)
                .put("dir", dir.toString());
    }

    public static ObjectNode load(long id, LoadRequest request) {
        ObjectNode message = of("load", id)
                .put("model", request.model())
                .put("precision", request.precision())
                .put("device", request.device());
        ObjectNode options = message.putObject("options");
        new TreeMap<>(request.options()).forEach(options::put);
        return message;
    }

    public static ObjectNode prepare(long id, int batch, List<InputSpec> inputs) {
        ObjectNode message = of("prepare", id).put("batch", batch);
        ArrayNode array = message.putArray("inputs");
        inputs.forEach(input -> write(input, array.addObject()));
        if (inputs.size() == 1) {
            write(inputs.getFirst(), message.putObject("input"));
        }
        return message;
    }

    public static ObjectNode run(long id, RunRequest request) {
        ObjectNode message = of("run", id)
                .put("kind", request.kind().name().toLowerCase(Locale.ROOT))
                // A decimal without exponent: shell adapters cut it at the point.
                .put("seconds", BigDecimal.valueOf(request.seconds()))
                .put("min_iterations", request.minIterations());
        request.maxIterations().ifPresent(most -> message.put("max_iterations", most));
        request.phase().ifPresent(phase -> message.put("phase", phase));
        switch (request.load()) {
            case Load.Closed closed -> {
                if (closed.concurrency() > 1) {
                    message.put("concurrency", closed.concurrency());
                }
            }
            case Load.Open open -> message.put("rate", open.perSecond()).put("seed", request.seed());
        }
        return message.put("timing", request.timing().name().toLowerCase(Locale.ROOT));
    }

    /// @param execution whether to find out, too, how the network is executed: that may take trial runs
    public static ObjectNode verify(long id, boolean execution) {
        return of("verify", id).put("execution", execution);
    }

    /// Whether a `verify` asks for more than the outputs.
    public static boolean readExecution(JsonNode message) {
        return message.path("execution").asBoolean(true);
    }

    /// @throws IllegalArgumentException if the message is not a `load`
    public static LoadRequest readLoad(JsonNode message) {
        Map<String, String> options = new TreeMap<>();
        message.path("options")
                .properties()
                .forEach(
                        option -> options.put(option.getKey(), option.getValue().asString()));
        return new LoadRequest(
                text(message, "model", ""),
                text(message, "precision", "default"),
                text(message, "device", "cpu"),
                options);
    }

    /// @throws IllegalArgumentException if the message has no batch
    public static int readBatch(JsonNode message) {
        JsonNode batch = message.path("batch");
        if (!batch.canConvertToInt() || batch.intValue() < 1) {
            throw new IllegalArgumentException("batch must be a whole number >= 1: " + batch);
        }
        return batch.intValue();
    }

    public static List<InputSpec> readInputs(JsonNode message) {
        List<InputSpec> inputs = new ArrayList<>();
        if (message.path("inputs").isArray()) {
            message.path("inputs").forEach(input -> inputs.add(readInput(input)));
        } else if (message.path("input").isObject()) {
            inputs.add(readInput(message.path("input")));
        }
        return inputs;
    }

    /// @throws IllegalArgumentException if a field is not what it should be
    public static RunRequest readRun(JsonNode message) {
        JsonNode seconds = message.path("seconds");
        if (!seconds.isNumber()) {
            throw new IllegalArgumentException("seconds must be a number: " + seconds);
        }
        JsonNode least = message.path("min_iterations");
        JsonNode most = message.path("max_iterations");
        return new RunRequest(
                RunRequest.Kind.valueOf(text(message, "kind", "measure").toUpperCase(Locale.ROOT)),
                seconds.doubleValue(),
                least.canConvertToLong() ? least.longValue() : 1,
                most.canConvertToLong() ? OptionalLong.of(most.longValue()) : OptionalLong.empty(),
                RunRequest.Timing.valueOf(text(message, "timing", "bare").toUpperCase(Locale.ROOT)),
                message.path("phase").asStringOpt().filter(phase -> !phase.isEmpty()),
                paceOf(message.path("rate"), message.path("concurrency")),
                message.path("seed").asLong(0));
    }

    private static Load paceOf(JsonNode rate, JsonNode concurrency) {
        if (!rate.isMissingNode()) {
            if (!rate.isNumber()) {
                throw new IllegalArgumentException("rate must be a number: " + rate);
            }
            return new Load.Open(rate.doubleValue());
        }
        if (!concurrency.isMissingNode() && !concurrency.canConvertToInt()) {
            throw new IllegalArgumentException("concurrency must be a whole number: " + concurrency);
        }
        return new Load.Closed(concurrency.asInt(1));
    }

    private static void write(InputSpec input, ObjectNode into) {
        into.put("name", input.name());
        ArrayNode shape = into.putArray("shape");
        for (String extent : input.shape()) {
            if (extent.matches("[0-9]{1,18}")) {
                shape.add(Long.parseLong(extent));
            } else {
                shape.add(extent);
            }
        }
        into.put("dtype", input.dtype()).put("source", input.source()).put("seed", input.seed());
    }

    private static InputSpec readInput(JsonNode input) {
        List<String> shape = new ArrayList<>();
        input.path("shape").forEach(extent -> shape.add(extent.asString()));
        JsonNode seed = input.path("seed");
        return new InputSpec(
                text(input, "name", ""),
                shape,
                text(input, "dtype", ""),
                text(input, "source", ""),
                seed.canConvertToLong() ? seed.longValue() : 0);
    }

    private static String text(JsonNode message, String field, String otherwise) {
        JsonNode value = message.path(field);
        return value.isString() ? value.stringValue() : otherwise;
    }
}
