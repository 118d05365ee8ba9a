package io.neurojoule.workload.kserve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.neurojoule.workload.kserve.grpc.Inference.InferStatistics;
import io.neurojoule.workload.kserve.grpc.Inference.InferTensorContents;
import io.neurojoule.workload.kserve.grpc.Inference.ModelInferRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ModelInferResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ModelMetadataRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ModelMetadataResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ModelReadyResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ModelStatistics;
import io.neurojoule.workload.kserve.grpc.Inference.ModelStatisticsResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ServerLiveResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ServerMetadataResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ServerReadyResponse;
import io.neurojoule.workload.kserve.grpc.Inference.StatisticDuration;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A server with one model, `sums`: x FP32 [-1, 3] → y FP32 [-1, 2], the sum of each row and the sum of its squares.
///
/// It answers by REST with HTTP of the JDK, and by gRPC with messages of the same definition as the client's.
final class MadeModel implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    /// What its inference waits for.
    interface Pause {
        void until() throws Exception;
    }

    /// How the server behaves where the servers that exist differ.
    static final class Habits {
        boolean binary = true;
        boolean nullVersions;
        boolean emptyMetadata;
        boolean statistics = true;
        boolean plainText;
        boolean rawAnswers = true;
        int largestBatch = Integer.MAX_VALUE;

        /// More are taken, and left out without a word.
        int mostRows = Integer.MAX_VALUE;
        Pause pause = () -> {};
    }

    final Habits habits = new Habits();
    final AtomicLong inferences = new AtomicLong();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer http;
    private final Server grpc;

    MadeModel() throws IOException {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        http = HttpServer.create(anyPort, 0);
        http.createContext("/", this::answer);
        http.setExecutor(threads);
        http.start();
        grpc = NettyServerBuilder.forAddress(anyPort)
                .executor(threads)
                .addService(service())
                .build()
                .start();
    }

    int httpPort() {
        return http.getAddress().getPort();
    }

    int grpcPort() {
        return grpc.getPort();
    }

    /// A row that the server does not take.
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private Refused(String message) {
            super(message);
        }
    }

    private float[] infer(List<Long> shape, float[] x) throws Refused {
        if (shape.size() != 2 || shape.get(1) != 3 || x.length != shape.get(0) * 3) {
            throw new Refused("x must be [-1, 3], not " + shape);
        }
        if (shape.get(0) > habits.largestBatch) {
            throw new Refused("batch-size must be <= " + habits.largestBatch);
        }
        try {
            habits.pause.until();
        } catch (Exception e) {
            throw new Refused("paused in vain: " + e);
        }
        float[] y = new float[x.length / 3 * 2];
        for (int row = 0; row < x.length / 3; row++) {
            for (int i = 0; i < 3; i++) {
                y[2 * row] += x[3 * row + i];
                y[2 * row + 1] += x[3 * row + i] * x[3 * row + i];
            }
        }
        inferences.incrementAndGet();
        return Arrays.copyOf(y, Math.min(y.length / 2, habits.mostRows) * 2);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            switch (exchange.getRequestURI().getPath()) {
                case "/v2/health/live", "/v2/health/ready", "/v2/models/sums/ready" -> send(exchange, 200, new byte[0]);
                case "/v2" -> {
                    ObjectNode said =
                            JSON.createObjectNode().put("name", "made").put("version", "1.2");
                    ArrayNode extensions = said.putArray("extensions");
                    if (habits.binary) {
                        extensions.add("binary_tensor_data");
                    }
                    send(exchange, 200, JSON.writeValueAsBytes(said));
                }
                case "/v2/models/sums" -> send(exchange, 200, JSON.writeValueAsBytes(metadata()));
                case "/v2/models/sums/stats" -> {
                    if (habits.statistics) {
                        String stats = """
                                {"model_stats":[{"name":"sums","version":"1","inference_stats":{
                                "success":{"count":%1$d,"ns":0},"queue":{"count":%1$d,"ns":%2$d},
                                "compute_input":{"count":%1$d,"ns":%1$d},"compute_infer":{"count":%1$d,"ns":%3$d},
                                "compute_output":{"count":%1$d,"ns":%1$d}}}]}
                                """.formatted(inferences.get(), 7 * inferences.get(), 100 * inferences.get());
                        send(exchange, 200, stats.getBytes(UTF_8));
                    } else {
                        send(exchange, 404, "Not Found".getBytes(UTF_8));
                    }
                }
                case "/v2/models/sums/infer" -> infer(exchange, body);
                default -> refuse(exchange, 404, "Model not found");
            }
        }
    }

    private ObjectNode metadata() {
        ObjectNode said = JSON.createObjectNode().put("name", "sums").put("platform", "made");
        if (habits.nullVersions) {
            said.putNull("versions");
        } else {
            said.putArray("versions").add("1");
        }
        ArrayNode inputs = said.putArray("inputs");
        said.putArray("outputs");
        if (!habits.emptyMetadata) {
            ObjectNode x = inputs.addObject().put("name", "x").put("datatype", "FP32");
            x.putArray("shape").add(-1).add(3);
        }
        return said;
    }

    private void infer(HttpExchange exchange, byte[] body) throws IOException {
        String said = exchange.getRequestHeaders().getFirst("Inference-Header-Content-Length");
        int head = said == null ? body.length : Integer.parseInt(said);
        JsonNode request = JSON.readTree(body, 0, head);
        JsonNode input = request.path("inputs").path(0);
        if (request.path("id").asString("").isEmpty()
                || !input.path("name").asString("").equals("x")
                || !input.path("datatype").asString("").equals("FP32")) {
            refuse(exchange, 500, "an id and one input x of FP32 are needed");
            return;
        }
        List<Long> shape =
                input.path("shape").valueStream().map(JsonNode::asLong).toList();
        boolean raw = input.path("parameters").has("binary_data_size");
        if (raw && !habits.binary) {
            refuse(exchange, 500, "binary data is not understood");
            return;
        }
        float[] x = raw
                ? floats(ByteBuffer.wrap(
                        body,
                        head,
                        input.path("parameters").path("binary_data_size").asInt()))
                : floats(input.path("data"));
        float[] y;
        try {
            y = infer(shape, x);
        } catch (Refused e) {
            refuse(exchange, habits.plainText ? 500 : 400, String.valueOf(e.getMessage()));
            return;
        }
        ObjectNode answer = JSON.createObjectNode().put("model_name", "sums").put("id", "neurojoule");
        ObjectNode output =
                answer.putArray("outputs").addObject().put("name", "y").put("datatype", "FP32");
        output.putArray("shape").add(y.length / 2).add(2);
        if (request.path("parameters").path("binary_data_output").asBoolean(false)) {
            byte[] data = bytes(y);
            output.putObject("parameters").put("binary_data_size", data.length);
            byte[] json = JSON.writeValueAsBytes(answer);
            exchange.getResponseHeaders().set("Inference-Header-Content-Length", Integer.toString(json.length));
            send(
                    exchange,
                    200,
                    ByteBuffer.allocate(json.length + data.length)
                            .put(json)
                            .put(data)
                            .array());
        } else {
            ArrayNode rows = output.putArray("data"); // nested, as the protocol allows
            for (int row = 0; row < y.length / 2; row++) {
                rows.addArray().add(y[2 * row]).add(y[2 * row + 1]);
            }
            exchange.sendResponseHeaders(200, 0); // in chunks
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(JSON.writeValueAsBytes(answer));
            }
        }
    }

    private void refuse(HttpExchange exchange, int status, String why) throws IOException {
        byte[] body = habits.plainText
                ? why.getBytes(UTF_8)
                : JSON.writeValueAsBytes(JSON.createObjectNode().put("error", why));
        send(exchange, status, body);
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private ServerServiceDefinition service() {
        return ServerServiceDefinition.builder("inference.GRPCInferenceService")
                .addMethod(
                        GrpcServer.unary("ServerLive"),
                        unary(request ->
                                ServerLiveResponse.newBuilder().setLive(true).build()))
                .addMethod(
                        GrpcServer.unary("ServerReady"),
                        unary(request ->
                                ServerReadyResponse.newBuilder().setReady(true).build()))
                .addMethod(
                        GrpcServer.unary("ServerMetadata"),
                        unary(request -> ServerMetadataResponse.newBuilder()
                                .setName("made")
                                .setVersion("1.2")
                                .build()))
                .addMethod(
                        GrpcServer.unary("ModelReady"),
                        unary(request ->
                                ModelReadyResponse.newBuilder().setReady(true).build()))
                .addMethod(GrpcServer.unary("ModelMetadata"), unary(this::grpcMetadata))
                .addMethod(GrpcServer.unary("ModelInfer"), unary(this::grpcInfer))
                .addMethod(GrpcServer.unary("ModelStatistics"), unary(this::grpcStatistics))
                .build();
    }

    private interface Method {
        Message answer(byte[] request) throws InvalidProtocolBufferException;
    }

    private static io.grpc.ServerCallHandler<byte[], byte[]> unary(Method method) {
        return ServerCalls.asyncUnaryCall((request, answer) -> {
            try {
                answer.onNext(method.answer(request).toByteArray());
                answer.onCompleted();
            } catch (InvalidProtocolBufferException | RuntimeException e) {
                answer.onError(e);
            }
        });
    }

    private Message grpcMetadata(byte[] request) throws InvalidProtocolBufferException {
        if (!ModelMetadataRequest.parseFrom(request).getName().equals("sums")) {
            throw Status.NOT_FOUND.withDescription("Model not found").asRuntimeException();
        }
        ModelMetadataResponse.Builder said = ModelMetadataResponse.newBuilder().setName("sums");
        if (!habits.emptyMetadata) {
            said.addInputsBuilder()
                    .setName("x")
                    .setDatatype("FP32")
                    .addShape(-1)
                    .addShape(3);
        }
        return said.build();
    }

    private Message grpcInfer(byte[] request) throws InvalidProtocolBufferException {
        ModelInferRequest said = ModelInferRequest.parseFrom(request);
        float[] y;
        try {
            y = infer(
                    said.getInputs(0).getShapeList(),
                    floats(said.getRawInputContents(0).asReadOnlyByteBuffer()));
        } catch (Refused e) {
            throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
        }
        ModelInferResponse.Builder answer = ModelInferResponse.newBuilder().setId(said.getId());
        ModelInferResponse.InferOutputTensor.Builder output = answer.addOutputsBuilder()
                .setName("y")
                .setDatatype("FP32")
                .addShape(y.length / 2)
                .addShape(2);
        if (habits.rawAnswers) {
            answer.addRawOutputContents(ByteString.copyFrom(bytes(y)));
        } else {
            InferTensorContents.Builder contents = output.getContentsBuilder();
            for (float value : y) {
                contents.addFp32Contents(value);
            }
        }
        return answer.build();
    }

    private Message grpcStatistics(byte[] request) {
        if (!habits.statistics) {
            throw Status.UNIMPLEMENTED.asRuntimeException();
        }
        long n = inferences.get();
        return ModelStatisticsResponse.newBuilder()
                .addModelStats(ModelStatistics.newBuilder()
                        .setInferenceStats(InferStatistics.newBuilder()
                                .setSuccess(StatisticDuration.newBuilder().setCount(n))
                                .setQueue(StatisticDuration.newBuilder().setNs(7 * n))
                                .setComputeInput(StatisticDuration.newBuilder().setNs(n))
                                .setComputeInfer(StatisticDuration.newBuilder().setNs(100 * n))
                                .setComputeOutput(StatisticDuration.newBuilder().setNs(n))))
                .build();
    }

    private static float[] floats(ByteBuffer raw) {
        float[] values = new float[raw.remaining() / Float.BYTES];
        raw.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static float[] floats(JsonNode data) {
        float[] values = new float[data.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.parseFloat(data.get(i).asString());
        }
        return values;
    }

    private static byte[] bytes(float[] values) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return raw.array();
    }

    @Override
    public void close() {
        http.stop(0);
        grpc.shutdownNow();
        threads.shutdownNow();
    }
}
