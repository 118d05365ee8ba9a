package io.neurojoule.workload.kserve;

import io.neurojoule.graph.Port;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.ElementType;
import io.neurojoule.workload.inputs.Input;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server by REST, with tensors as JSON, or as bytes behind it where the server takes them so.
///
/// @see <a href="https://github.com/kserve/open-inference-protocol">the protocol</a>
/// @see <a
/// href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md">its
/// binary extension</a>
final class RestServer implements InferenceServer {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String BINARY = "binary_tensor_data";
    private static final String HEAD_LENGTH = "Inference-Header-Content-Length";

    private final Settings settings;
    private final String modelPath;
    private Optional<HttpConnection> asking = Optional.empty();
    private boolean binary;

    RestServer(Settings settings) {
        this.settings = settings;
        modelPath = "/v2/models/" + encoded(settings.model())
                + (settings.version().isEmpty() ? "" : "/versions/" + encoded(settings.version()));
    }

    private static String encoded(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public Metadata metadata() throws NetworkException {
        for (String asked : List.of("live", "ready")) {
            HttpAnswer health = get("/v2/health/" + asked);
            if (!health.success()) {
                throw new NetworkException(
                        Code.DEVICE_BUSY,
                        "the server at %s is not %s (%s); wait until it is, or look at its log"
                                .formatted(
                                        settings.url(), asked, health.failure().getMessage()));
            }
        }
        JsonNode said = get("/v2").json();
        List<String> extensions = texts(said.path("extensions"));
        binary = switch (settings.tensors()) {
            case AUTO -> extensions.contains(BINARY);
            case BINARY -> true;
            case JSON -> false;
        };
        return new Metadata(
                said.path("name").asString("unnamed server"),
                said.path("version").asString(""),
                extensions);
    }

    @Override
    public Model model() throws NetworkException {
        HttpAnswer answer = get(modelPath);
        HttpAnswer ready = answer.success() ? get(modelPath + "/ready") : answer;
        if (!ready.success()) {
            throw new NetworkException(
                    Code.BAD_MODEL,
                    "the server at %s %s the model '%s' (%s); the option server_model must be a model that it has loaded"
                            .formatted(
                                    settings.url(),
                                    answer.success() ? "is not ready to run" : "does not have",
                                    settings.model(),
                                    ready.failure().getMessage()));
        }
        JsonNode said = answer.json();
        List<Port> inputs = new ArrayList<>();
        for (JsonNode input : said.path("inputs")) {
            inputs.add(Datatype.port(
                    input.path("name").asString(""), input.path("datatype").asString(""), shape(input)));
        }
        return new Model(texts(said.path("versions")), said.path("platform").asString(""), inputs);
    }

    @Override
    public String protocol() {
        return binary ? "REST binary" : "REST JSON";
    }

    @Override
    public byte[] request(List<Input> inputs) {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(head)) {
            json.writeStartObject();
            json.writeStringProperty("id", ID);
            if (binary) {
                json.writeObjectPropertyStart("parameters");
                json.writeBooleanProperty("binary_data_output", true);
                json.writeEndObject();
            }
            json.writeArrayPropertyStart("inputs");
            for (Input input : inputs) {
                write(json, input, raw);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        String headers = binary
                ? "Content-Type: application/octet-stream\r\n%s: %d\r\n".formatted(HEAD_LENGTH, head.size())
                : "Content-Type: application/json\r\n";
        return HttpConnection.request(
                "POST", settings.url(), modelPath + "/infer", headers, head.toByteArray(), raw.toByteArray());
    }

    private void write(JsonGenerator json, Input input, ByteArrayOutputStream raw) {
        json.writeStartObject();
        json.writeStringProperty("name", input.name());
        json.writeStringProperty("datatype", Datatype.of(input.type()));
        json.writeArrayPropertyStart("shape");
        input.shape().forEach(json::writeNumber);
        json.writeEndArray();
        ByteBuffer data = input.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (binary) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            raw.writeBytes(bytes);
            json.writeObjectPropertyStart("parameters");
            json.writeNumberProperty("binary_data_size", bytes.length);
            json.writeEndObject();
        } else {
            json.writeArrayPropertyStart("data");
            while (data.hasRemaining()) {
                write(json, input.type(), data);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    /// Each number so that it is read back as the same.
    private static void write(JsonGenerator json, ElementType type, ByteBuffer data) {
        switch (type) {
            case FLOAT32, FLOAT16, BFLOAT16 -> json.writeNumber((float) type.get(data));
            case FLOAT64 -> json.writeNumber(data.getDouble());
            case BOOL -> json.writeBoolean(data.get() != 0);
            case UINT64 -> json.writeNumber(Long.toUnsignedString(data.getLong()));
            case INT64 -> json.writeNumber(data.getLong());
            case INT8, UINT8, INT16, UINT16, INT32, UINT32 -> json.writeNumber((long) type.get(data));
        }
    }

    @Override
    public Connection connect() throws NetworkException {
        return new Kept(connection());
    }

    private final class Kept implements Connection {
        private final HttpConnection connection;

        private Kept(HttpConnection connection) {
            this.connection = connection;
        }

        @Override
        public Reply ask(byte[] request, Tally tally) throws NetworkException {
            HttpAnswer answer;
            try {
                answer = connection.ask(request, tally);
            } catch (IOException e) {
                throw lost(e);
            }
            if (!answer.success()) {
                throw answer.failure();
            }
            return () -> tensors(answer);
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    private static List<Tensor> tensors(HttpAnswer answer) throws NetworkException {
        byte[] body = answer.body();
        String head = answer.headers().getOrDefault(HEAD_LENGTH.toLowerCase(Locale.ROOT), "");
        int length = head.matches("[0-9]{1,9}") ? Math.min(Integer.parseInt(head), body.length) : body.length;
        ByteBuffer raw = ByteBuffer.wrap(body, length, body.length - length);
        List<Tensor> tensors = new ArrayList<>();
        for (JsonNode said : answer.json(length).path("outputs")) {
            Output output = new Output(
                    said.path("name").asString(""), said.path("datatype").asString(""), shape(said));
            int size = said.path("parameters").path("binary_data_size").asInt(-1);
            if (size > raw.remaining()) {
                throw new NetworkException(
                        Code.INTERNAL,
                        "the server announces %d bytes for output %s and sends %d"
                                .formatted(size, output.name(), raw.remaining()));
            }
            if (size >= 0) {
                tensors.add(output.of(raw.slice(raw.position(), size)));
                raw.position(raw.position() + size);
            } else {
                tensors.add(output.of(values(said.path("data"))));
            }
        }
        return tensors;
    }

    /// Flat or nested.
    private static DoubleStream values(JsonNode data) {
        if (data.isArray()) {
            return StreamSupport.stream(data.spliterator(), false).flatMapToDouble(RestServer::values);
        }
        return data.isBoolean()
                ? DoubleStream.of(data.asBoolean() ? 1 : 0)
                : data.isNumber() ? DoubleStream.of(data.asDouble()) : DoubleStream.empty();
    }

    private static List<Long> shape(JsonNode tensor) {
        List<Long> shape = new ArrayList<>();
        tensor.path("shape").forEach(extent -> shape.add(extent.asLong(-1)));
        return shape;
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asString("")));
        return texts;
    }

    @Override
    public Map<String, Long> totals() {
        try {
            HttpAnswer answer = get(modelPath + "/stats");
            Map<String, Long> totals = new TreeMap<>();
            for (JsonNode version : answer.json().path("model_stats")) {
                JsonNode said = version.path("inference_stats");
                add(totals, Tally.SERVER_REQUESTS, said, "count", "success");
                add(totals, Tally.SERVER_QUEUE_NS, said, "ns", "queue");
                add(totals, Tally.SERVER_COMPUTE_NS, said, "ns", "compute_input", "compute_infer", "compute_output");
            }
            return totals;
        } catch (NetworkException gone) {
            return Map.of();
        }
    }

    private static void add(Map<String, Long> totals, String what, JsonNode said, String unit, String... parts) {
        Arrays.stream(parts)
                .map(part -> said.path(part).path(unit))
                .filter(JsonNode::isIntegralNumber)
                .forEach(number -> totals.merge(what, number.asLong(), Long::sum));
    }

    private HttpAnswer get(String path) throws NetworkException {
        if (asking.isEmpty()) {
            asking = Optional.of(connection());
        }
        try {
            return asking.get().ask(HttpConnection.request("GET", settings.url(), path, ""), Tally.NONE);
        } catch (IOException e) {
            throw lost(e);
        }
    }

    private HttpConnection connection() throws NetworkException {
        try {
            return new HttpConnection(settings.url());
        } catch (IOException e) {
            throw lost(e);
        }
    }

    private NetworkException lost(IOException e) {
        NetworkException lost = new NetworkException(
                Code.DEVICE_LOST,
                "no answer from the server at %s (%s); start it, or correct the option url"
                        .formatted(settings.url(), e.getMessage()),
                false);
        lost.initCause(e);
        return lost;
    }

    @Override
    public void close() {
        asking.ifPresent(HttpConnection::close);
        asking = Optional.empty();
    }
}
