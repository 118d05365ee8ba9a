package io.neurojoule.workload.protocol;

import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.Execution;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.RunAnswer;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What a worker answers.
public final class Answers {
    private Answers() {}

    /// An answer of no fields.
    public static ObjectNode ok(long re) {
        return Wire.message().put("re", re).put("ok", true);
    }

    public static ObjectNode error(long re, NetworkException failure) {
        ObjectNode message = Wire.message().put("re", re).put("ok", false);
        String text = failure.getMessage();
        message.putObject("error")
                .put("code", failure.code().name())
                .put("message", text == null ? failure.code().name() : text)
                .put("fatal", failure.fatal());
        return message;
    }

    /// @param monoNanos the worker's monotonic clock, just now
    public static ObjectNode hello(long re, Capabilities capabilities, long monoNanos, long pid) {
        ObjectNode message = ok(re).put("nwp", Requests.VERSION)
                .put("name", capabilities.name())
                .put("mono_ns", monoNanos)
                .put("pid", pid);
        capabilities.precisions().forEach(message.putArray("precisions")::add);
        capabilities.phases().forEach(message.putArray("phases")::add);
        capabilities.isolable().forEach(message.putArray("isolable")::add);
        capabilities.element().ifPresent(element -> message.put("element", element));
        capabilities
                .framework()
                .ifPresent(framework -> message.putObject("framework").put("name", framework));
        return message.put("stoppable", capabilities.stoppable())
                .put("verify", capabilities.verifiable())
                .put("concurrent", capabilities.concurrent())
                .put("paced", capabilities.paced());
    }

    public static ObjectNode loaded(long re, Loaded loaded) {
        ObjectNode message = ok(re);
        loaded.parameters().ifPresent(n -> message.put("params", n));
        loaded.multiplyAccumulates().ifPresent(n -> message.put("macs", n));
        loaded.bytes().ifPresent(n -> message.put("bytes", n));
        new TreeMap<>(loaded.settings()).forEach(message.putObject("settings")::put);
        new TreeMap<>(loaded.executed()).forEach(message.putObject("executed")::put);
        ArrayNode notes = message.putArray("notes");
        loaded.notes().forEach(notes::add);
        return message;
    }

    /// What is really executed, for the answer to `verify`.
    public static void execution(ObjectNode message, Execution execution) {
        new TreeMap<>(execution.shares()).forEach(message.putObject("executed")::put);
        new TreeMap<>(execution.settings()).forEach(message.putObject("settings")::put);
        execution.notes().forEach(message.putArray("notes")::add);
        execution.layers().ifPresent(layers -> {
            ObjectNode told = message.putObject("layers").put("whole_ns", layers.wholeNanos());
            ArrayNode nodes = told.putArray("nodes");
            layers.layers()
                    .forEach(layer -> nodes.addObject()
                            .put("name", layer.name())
                            .put("operator", layer.operator())
                            .put("ns", layer.nanos()));
        });
    }

    public static ObjectNode ran(long re, RunAnswer ran) {
        ObjectNode message = ok(re).put("iterations", ran.iterations())
                .put("elements", ran.elements())
                .put("t0", ran.startNanos())
                .put("t1", ran.endNanos());
        put(message, "phase_ns", ran.phaseNanos());
        put(message, "phase_n", ran.phaseCounts());
        put(message, "counts", ran.counts());
        if (!ran.histogram().isEmpty()) {
            put(message.putObject("hist"), ran.histogram());
        }
        if (!ran.timings().isEmpty()) {
            ObjectNode timings = message.putObject("timings");
            new TreeMap<>(ran.timings()).forEach((name, histogram) -> put(timings.putObject(name), histogram));
        }
        return message;
    }

    private static void put(ObjectNode message, Map<Integer, Long> histogram) {
        new TreeMap<>(histogram).forEach((key, n) -> message.put(Integer.toString(key), n));
    }

    private static void put(ObjectNode message, String field, Map<String, Long> values) {
        if (!values.isEmpty()) {
            new TreeMap<>(values).forEach(message.putObject(field)::put);
        }
    }
}
