package io.neurojoule.workload.protocol;

import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.Execution;
import io.neurojoule.workload.Layers;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.RunAnswer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// An answer as the profiler reads it: nothing in it is believed before it has been checked.
///
/// Its methods throw [Code#PROTOCOL] for a field that is absent where it must be, or not what it should be.
public record Answer(ObjectNode message) {
    /// Reading a request and writing its answer takes less, also on a busy machine.
    private static final long MOST_OUTSIDE_NANOS = 1_000_000_000L;

    /// Which request it answers.
    public long re() throws NetworkException {
        return required("re");
    }

    /// Whether it is no complaint.
    public boolean ok() throws NetworkException {
        JsonNode ok = message.path("ok");
        if (!ok.isBoolean()) {
            throw wrong("ok", "true or false");
        }
        return ok.booleanValue();
    }

    /// Throws what the network complained about; returns if it did not.
    ///
    /// @param asked for the message, e.g. `load`
    public void complain(String name, String asked) throws NetworkException {
        if (ok()) {
            return;
        }
        JsonNode error = message.path("error");
        String spelled = error.path("code").asString("");
        String text = "%s: %s failed, %s: %s"
                .formatted(name, asked, spelled, error.path("message").asString("no reason given"));
        Code code = codeOf(spelled);
        JsonNode fatal = error.path("fatal");
        throw fatal.isBoolean()
                ? new NetworkException(code, text, fatal.booleanValue())
                : new NetworkException(code, text);
    }

    /// The stamp of the network's clock, if it told one.
    public OptionalLong mono() throws NetworkException {
        return whole("mono_ns");
    }

    /// The process that does the work, if told: another than the child when that is a wrapper.
    public OptionalLong pid() throws NetworkException {
        return whole("pid");
    }

    public Capabilities capabilities() throws NetworkException {
        long version = required("nwp");
        if (version != Requests.VERSION) {
            throw new NetworkException(
                    Code.PROTOCOL,
                    "it speaks NWP %d; this profiler speaks NWP %d".formatted(version, Requests.VERSION));
        }
        JsonNode framework = message.path("framework");
        String frameworkName = framework.isString()
                ? framework.stringValue()
                : (framework.path("name").asString("") + " "
                                + framework.path("version").asString(""))
                        .strip();
        return new Capabilities(
                text("name").orElseThrow(() -> wrong("name", "a string")),
                texts("precisions"),
                texts("phases"),
                texts("isolable"),
                text("element"),
                frameworkName.isEmpty() ? Optional.empty() : Optional.of(frameworkName),
                message.path("stoppable").asBoolean(false),
                message.path("verify").asBoolean(false),
                message.path("concurrent").asBoolean(false),
                message.path("paced").asBoolean(false));
    }

    public Loaded loaded() throws NetworkException {
        return new Loaded(whole("params"), whole("macs"), whole("bytes"), settings(), executed(), texts("notes"));
    }

    /// What `verify` says about how the network is executed.
    public Execution execution() throws NetworkException {
        return new Execution(executed(), settings(), texts("notes"), layers());
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        for (Map.Entry<String, JsonNode> setting : message.path("settings").properties()) {
            settings.put(
                    setting.getKey(),
                    setting.getValue().asString(setting.getValue().toString()));
        }
        return settings;
    }

    private Optional<Layers> layers() throws NetworkException {
        JsonNode told = message.path("layers");
        if (told.isMissingNode()) {
            return Optional.empty();
        }
        List<Layers.Layer> layers = new ArrayList<>();
        for (JsonNode node : told.path("nodes")) {
            OptionalLong nanos = whole(node.path("ns"));
            if (!node.path("name").isString() || !node.path("operator").isString() || nanos.isEmpty()) {
                throw wrong("layers.nodes", "an array of {name, operator, ns}");
            }
            layers.add(new Layers.Layer(
                    node.path("name").stringValue(), node.path("operator").stringValue(), nanos.getAsLong()));
        }
        OptionalLong whole = whole(told.path("whole_ns"));
        if (whole.isEmpty() || whole.getAsLong() <= 0) {
            throw wrong("layers.whole_ns", "a whole number > 0");
        }
        return Optional.of(new Layers(whole.getAsLong(), layers));
    }

    private Map<String, Double> executed() throws NetworkException {
        Map<String, Double> executed = new TreeMap<>();
        for (Map.Entry<String, JsonNode> share : message.path("executed").properties()) {
            if (!share.getValue().isNumber()) {
                throw wrong("executed", "an object of numbers");
            }
            executed.put(share.getKey(), share.getValue().doubleValue());
        }
        return executed;
    }

    /// What the loop did, checked against the batch and the bracket.
    public RunAnswer ran(int batch, long sentNanos, long receivedNanos) throws NetworkException {
        long iterations = required("iterations");
        long elements = required("elements");
        if (iterations < 1) {
            throw claim("%d iterations; a run has at least one".formatted(iterations));
        }
        if (iterations > Long.MAX_VALUE / batch || elements != iterations * batch) {
            throw claim("%d elements after %d iterations of batch %d; elements must be iterations × batch"
                    .formatted(elements, iterations, batch));
        }
        OptionalLong t0 = whole("t0");
        OptionalLong t1 = whole("t1");
        boolean stamped = t0.isPresent() && t1.isPresent();
        long start = stamped ? t0.getAsLong() : sentNanos;
        long end = stamped ? t1.getAsLong() : receivedNanos;
        // Differences, because a monotonic clock may start anywhere.
        if (start - sentNanos < 0 || end - start < 0 || receivedNanos - end < 0) {
            throw claim(
                    ("that it ran from t0 %d to t1 %d ns, but was asked at %d and answered at %d: use CLOCK_MONOTONIC,"
                                    + " t0 after the request is read and t1 before the answer is written")
                            .formatted(start, end, sentNanos, receivedNanos));
        }
        long outside = (receivedNanos - sentNanos) - (end - start);
        if (stamped && outside > MOST_OUTSIDE_NANOS && outside > end - start) {
            throw claim(("that it ran for %.3g s, but its answer took %.3g s: elements inferred outside t0 and t1 would"
                            + " cost nothing. Take t0 before the first step and t1 after the last")
                    .formatted((end - start) * 1e-9, (receivedNanos - sentNanos) * 1e-9));
        }
        Map<String, Map<Integer, Long>> timings = new TreeMap<>();
        for (Map.Entry<String, JsonNode> timing : message.path("timings").properties()) {
            timings.put(timing.getKey(), histogram("timings." + timing.getKey(), timing.getValue()));
        }
        return new RunAnswer(
                iterations,
                elements,
                start,
                end,
                stamped,
                sentNanos,
                receivedNanos,
                counts("phase_ns"),
                counts("phase_n"),
                histogram("hist", message.path("hist")),
                counts("counts"),
                timings);
    }

    private Map<Integer, Long> histogram(String field, JsonNode told) throws NetworkException {
        Map<Integer, Long> histogram = new TreeMap<>();
        for (Map.Entry<String, Long> bucket : counts(field, told).entrySet()) {
            if (!bucket.getKey().matches("[0-9]{1,4}")) {
                throw wrong(field, "an object of whole numbers by bucket");
            }
            histogram.put(Integer.parseInt(bucket.getKey()), bucket.getValue());
        }
        return histogram;
    }

    /// The value of a string field, if it is there.
    public Optional<String> text(String field) {
        JsonNode value = message.path(field);
        return value.isString() ? Optional.of(value.stringValue()) : Optional.empty();
    }

    private static Code codeOf(String spelled) {
        return switch (spelled) {
            case "UNSUPPORTED" -> Code.UNSUPPORTED;
            case "OUT_OF_MEMORY" -> Code.OUT_OF_MEMORY;
            case "INVALID_INPUT" -> Code.INVALID_INPUT;
            case "BAD_MODEL" -> Code.BAD_MODEL;
            case "DEVICE_BUSY" -> Code.DEVICE_BUSY;
            case "DEVICE_LOST" -> Code.DEVICE_LOST;
            case "UNKNOWN_OP" -> Code.UNKNOWN_OP;
            default -> Code.INTERNAL;
        };
    }

    private List<String> texts(String field) throws NetworkException {
        List<String> texts = new ArrayList<>();
        for (JsonNode text : message.path(field)) {
            if (!text.isString()) {
                throw wrong(field, "an array of strings");
            }
            texts.add(text.stringValue());
        }
        return texts;
    }

    private Map<String, Long> counts(String field) throws NetworkException {
        return counts(field, message.path(field));
    }

    private Map<String, Long> counts(String field, JsonNode told) throws NetworkException {
        Map<String, Long> counts = new TreeMap<>();
        for (Map.Entry<String, JsonNode> count : told.properties()) {
            OptionalLong n = whole(count.getValue());
            if (n.isEmpty() || n.getAsLong() < 0) {
                throw wrong(field, "an object of whole numbers >= 0");
            }
            counts.put(count.getKey(), n.getAsLong());
        }
        return counts;
    }

    private long required(String field) throws NetworkException {
        return whole(field).orElseThrow(() -> wrong(field, "a whole number"));
    }

    private OptionalLong whole(String field) throws NetworkException {
        JsonNode value = message.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return OptionalLong.empty();
        }
        OptionalLong whole = whole(value);
        if (whole.isEmpty()) {
            throw wrong(field, "a whole number");
        }
        return whole;
    }

    /// Also a double without fraction: some languages have no other numbers.
    private static OptionalLong whole(JsonNode value) {
        if (value.isIntegralNumber()) {
            return value.canConvertToLong() ? OptionalLong.of(value.longValue()) : OptionalLong.empty();
        }
        if (value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue()) && value.canConvertToLong()) {
            return OptionalLong.of((long) value.doubleValue());
        }
        return OptionalLong.empty();
    }

    private NetworkException wrong(String field, String expected) {
        return new NetworkException(
                Code.PROTOCOL, "its answer must have '%s' as %s: %s".formatted(field, expected, shortened()));
    }

    private static NetworkException claim(String what) {
        return new NetworkException(Code.PROTOCOL, "it claims " + what);
    }

    private String shortened() {
        String text = message.toString();
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }
}
