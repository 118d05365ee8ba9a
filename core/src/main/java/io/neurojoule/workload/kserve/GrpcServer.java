package io.neurojoule.workload.kserve;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.neurojoule.graph.Port;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.Input;
import io.neurojoule.workload.kserve.grpc.Inference.InferStatistics;
import io.neurojoule.workload.kserve.grpc.Inference.InferTensorContents;
import io.neurojoule.workload.kserve.grpc.Inference.ModelInferRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ModelInferResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ModelMetadataRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ModelMetadataResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ModelReadyRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ModelReadyResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ModelStatistics;
import io.neurojoule.workload.kserve.grpc.Inference.ModelStatisticsRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ModelStatisticsResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ServerLiveRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ServerLiveResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ServerMetadataRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ServerMetadataResponse;
import io.neurojoule.workload.kserve.grpc.Inference.ServerReadyRequest;
import io.neurojoule.workload.kserve.grpc.Inference.ServerReadyResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// A server by gRPC. Tensors are sent as bytes; answers come as bytes or as lists of numbers.
final class GrpcServer implements InferenceServer {
    private static final int ANSWER_SECONDS = 30;

    private final Settings settings;
    private Optional<ManagedChannel> asking = Optional.empty();

    GrpcServer(Settings settings) {
        this.settings = settings;
    }

    @Override
    public Metadata metadata() throws NetworkException {
        boolean live = ask("ServerLive", ServerLiveRequest.getDefaultInstance(), ServerLiveResponse.parser())
                .getLive();
        boolean ready = ask("ServerReady", ServerReadyRequest.getDefaultInstance(), ServerReadyResponse.parser())
                .getReady();
        if (!live || !ready) {
            throw new NetworkException(
                    Code.DEVICE_BUSY,
                    "the server at %s is not %s; wait until it is, or look at its log"
                            .formatted(settings.url(), live ? "ready" : "live"));
        }
        ServerMetadataResponse said =
                ask("ServerMetadata", ServerMetadataRequest.getDefaultInstance(), ServerMetadataResponse.parser());
        return new Metadata(
                said.getName().isEmpty() ? "unnamed server" : said.getName(),
                said.getVersion(),
                said.getExtensionsList());
    }

    @Override
    public Model model() throws NetworkException {
        ModelMetadataResponse said;
        boolean ready;
        try {
            said = ask(
                    "ModelMetadata",
                    ModelMetadataRequest.newBuilder()
                            .setName(settings.model())
                            .setVersion(settings.version())
                            .build(),
                    ModelMetadataResponse.parser());
            ready = ask(
                            "ModelReady",
                            ModelReadyRequest.newBuilder()
                                    .setName(settings.model())
                                    .setVersion(settings.version())
                                    .build(),
                            ModelReadyResponse.parser())
                    .getReady();
        } catch (NetworkException e) {
            throw badModel("does not have", String.valueOf(e.getMessage()));
        }
        if (!ready) {
            throw badModel("is not ready to run", "not ready");
        }
        List<Port> inputs = said.getInputsList().stream()
                .map(input -> Datatype.port(input.getName(), input.getDatatype(), input.getShapeList()))
                .toList();
        return new Model(said.getVersionsList(), said.getPlatform(), inputs);
    }

    private NetworkException badModel(String what, String said) {
        return new NetworkException(
                Code.BAD_MODEL,
                "the server at %s %s the model '%s' (%s); the option server_model must be a model that it has loaded"
                        .formatted(settings.url(), what, settings.model(), said));
    }

    @Override
    public String protocol() {
        return "gRPC";
    }

    @Override
    public byte[] request(List<Input> inputs) {
        ModelInferRequest.Builder request = ModelInferRequest.newBuilder()
                .setModelName(settings.model())
                .setModelVersion(settings.version())
                .setId(ID);
        for (Input input : inputs) {
            request.addInputsBuilder()
                    .setName(input.name())
                    .setDatatype(Datatype.of(input.type()))
                    .addAllShape(input.shape());
            request.addRawInputContents(ByteString.copyFrom(input.data().duplicate()));
        }
        return request.build().toByteArray();
    }

    @Override
    public Connection connect() throws NetworkException {
        ManagedChannel channel = channel();
        try {
            ask(
                    channel,
                    "ServerLive",
                    new byte[0],
                    CallOptions.DEFAULT.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS));
        } catch (NetworkException e) {
            channel.shutdownNow();
            throw e;
        }
        return new Channel(channel);
    }

    /// A channel of its own, which is a connection of its own.
    private final class Channel implements Connection {
        private final ManagedChannel channel;

        private Channel(ManagedChannel channel) {
            this.channel = channel;
        }

        @Override
        public Reply ask(byte[] request, Tally tally) throws NetworkException {
            if (channel.getState(false) != ConnectivityState.READY) {
                tally.count(Tally.RECONNECTED, 1);
            }
            byte[] answer = GrpcServer.this.ask(channel, "ModelInfer", request, CallOptions.DEFAULT);
            return () -> tensors(parsed(answer, ModelInferResponse.parser()));
        }

        @Override
        public void close() {
            channel.shutdownNow();
        }
    }

    private static List<Tensor> tensors(ModelInferResponse answer) throws NetworkException {
        List<Tensor> tensors = new ArrayList<>();
        boolean raw = answer.getRawOutputContentsCount() > 0;
        if (raw && answer.getRawOutputContentsCount() != answer.getOutputsCount()) {
            throw new NetworkException(
                    Code.INTERNAL,
                    "the server names %d outputs and sends %d"
                            .formatted(answer.getOutputsCount(), answer.getRawOutputContentsCount()));
        }
        for (int i = 0; i < answer.getOutputsCount(); i++) {
            ModelInferResponse.InferOutputTensor said = answer.getOutputs(i);
            Output output = new Output(said.getName(), said.getDatatype(), said.getShapeList());
            tensors.add(
                    raw
                            ? output.of(answer.getRawOutputContents(i).asReadOnlyByteBuffer())
                            : output.of(values(said.getContents())));
        }
        return tensors;
    }

    /// From the list that the server has filled: not all take the one of the datatype.
    private static DoubleStream values(InferTensorContents contents) {
        return Stream.of(
                        contents.getBoolContentsList().stream().map(value -> value ? 1.0 : 0.0),
                        contents.getIntContentsList().stream().map(Integer::doubleValue),
                        contents.getInt64ContentsList().stream().map(Long::doubleValue),
                        contents.getUintContentsList().stream().map(value -> (double) Integer.toUnsignedLong(value)),
                        contents.getUint64ContentsList().stream()
                                .map(value -> Double.parseDouble(Long.toUnsignedString(value))),
                        contents.getFp32ContentsList().stream().map(Float::doubleValue),
                        contents.getFp64ContentsList().stream())
                .flatMap(list -> list)
                .mapToDouble(Double::doubleValue);
    }

    @Override
    public Map<String, Long> totals() {
        ModelStatisticsResponse said;
        try {
            said = ask(
                    "ModelStatistics",
                    ModelStatisticsRequest.newBuilder()
                            .setName(settings.model())
                            .setVersion(settings.version())
                            .build(),
                    ModelStatisticsResponse.parser());
        } catch (NetworkException untold) {
            return Map.of();
        }
        Map<String, Long> totals = new TreeMap<>();
        for (ModelStatistics version : said.getModelStatsList()) {
            InferStatistics stats = version.getInferenceStats();
            totals.merge(Tally.SERVER_REQUESTS, stats.getSuccess().getCount(), Long::sum);
            totals.merge(Tally.SERVER_QUEUE_NS, stats.getQueue().getNs(), Long::sum);
            totals.merge(
                    Tally.SERVER_COMPUTE_NS,
                    stats.getComputeInput().getNs()
                            + stats.getComputeInfer().getNs()
                            + stats.getComputeOutput().getNs(),
                    Long::sum);
        }
        return totals;
    }

    private <T extends Message> T ask(String method, Message request, Parser<T> answer) throws NetworkException {
        if (asking.isEmpty()) {
            asking = Optional.of(channel());
        }
        CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
        return parsed(ask(asking.get(), method, request.toByteArray(), soon), answer);
    }

    private byte[] ask(ManagedChannel channel, String method, byte[] request, CallOptions options)
            throws NetworkException {
        try {
            return ClientCalls.blockingUnaryCall(channel, unary(method), options, request);
        } catch (StatusRuntimeException e) {
            throw failure(e);
        }
    }

    private NetworkException failure(StatusRuntimeException e) {
        Status status = e.getStatus();
        String said = Optional.ofNullable(status.getDescription()).orElse("no reason given");
        String text = "gRPC %s: %s".formatted(status.getCode(), said.strip().replaceAll("\\s+", " "));
        NetworkException failure = switch (status.getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED ->
                new NetworkException(
                        Code.DEVICE_LOST,
                        "no answer from the server at %s (%s); start it, or correct the option url"
                                .formatted(settings.url(), text),
                        false);
            case NOT_FOUND -> new NetworkException(Code.BAD_MODEL, text);
            case INVALID_ARGUMENT, OUT_OF_RANGE, FAILED_PRECONDITION -> new NetworkException(Code.INVALID_INPUT, text);
            case RESOURCE_EXHAUSTED -> new NetworkException(Code.DEVICE_BUSY, text);
            default -> new NetworkException(Code.INTERNAL, text);
        };
        failure.initCause(e);
        return failure;
    }

    private static <T extends Message> T parsed(byte[] answer, Parser<T> parser) throws NetworkException {
        try {
            return parser.parseFrom(answer);
        } catch (InvalidProtocolBufferException e) {
            throw new NetworkException(Code.INTERNAL, "the server's answer cannot be read: " + e.getMessage());
        }
    }

    private ManagedChannel channel() {
        return NettyChannelBuilder.forAddress(
                        settings.url().getHost(), settings.url().getPort())
                .usePlaintext()
                .directExecutor()
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .build();
    }

    /// Messages stay the bytes that they are: a request is built once, and an answer is read when somebody looks at it.
    static MethodDescriptor<byte[], byte[]> unary(String method) {
        return MethodDescriptor.<byte[], byte[]>newBuilder(Bytes.MARSHALLER, Bytes.MARSHALLER)
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName("inference.GRPCInferenceService", method))
                .build();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        private static final Bytes MARSHALLER = new Bytes();

        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream message) {
            try {
                return message.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        asking.ifPresent(ManagedChannel::shutdownNow);
        asking = Optional.empty();
    }
}
