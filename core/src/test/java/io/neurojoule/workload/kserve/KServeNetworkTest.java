package io.neurojoule.workload.kserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.graph.BatchAxis;
import io.neurojoule.graph.Port;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.Input;
import io.neurojoule.workload.inputs.Inputs;
import io.neurojoule.workload.worker.InProcessNetwork;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KServeNetworkTest {
    private static final List<InputSpec> UNIFORM =
            List.of(new InputSpec("x", List.of("N", "3"), "float32", "uniform(-2, 2)", 2018));

    private MadeModel server;
    private KServeNetwork network;

    @BeforeEach
    void start() throws Exception {
        server = new MadeModel();
        network = new KServeNetwork();
    }

    @AfterEach
    void stop() {
        network.close();
        server.close();
    }

    private Map<String, String> options(String way) {
        return switch (way) {
            case "grpc" -> Map.of("url", "grpc://127.0.0.1:" + server.grpcPort(), "server_model", "sums");
            case "json" ->
                Map.of("url", "http://127.0.0.1:" + server.httpPort(), "server_model", "sums", "tensors", "json");
            default -> Map.of("url", "http://127.0.0.1:" + server.httpPort(), "server_model", "sums");
        };
    }

    private Loaded load(Map<String, String> options) throws NetworkException {
        return network.load(new LoadRequest("", "default", "cpu", options));
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "json", "grpc"})
    void theOutputsAreThoseOfTheSeededInputs(String way) throws Exception {
        Loaded loaded = load(options(way));
        network.prepare(5, UNIFORM);

        Tensor y = network.outputs().getFirst();

        assertThat(loaded.settings())
                .containsEntry("runtime", "made 1.2")
                .containsEntry("server", "here")
                .containsEntry(
                        "protocol",
                        Map.of("binary", "REST binary", "json", "REST JSON", "grpc", "gRPC")
                                .getOrDefault(way, ""));
        assertThat(network.capabilities().framework()).contains("made 1.2");
        assertThat(y.name()).isEqualTo("y");
        assertThat(y.shape()).containsExactly(5L, 2L);
        assertThat(y.values()).containsExactly(truth(5));
    }

    /// To the bit: sums in the same order, of the values that the profiler's own networks get.
    private static double[] truth(int batch) throws NetworkException {
        Port x = Datatype.port("x", "FP32", List.of(-1L, 3L));
        Input input = new Inputs(List.of(x), BatchAxis.of(List.of(x)), batch, UNIFORM)
                .filled()
                .getFirst();
        FloatBuffer values = input.data().asFloatBuffer();
        double[] truth = new double[2 * batch];
        for (int row = 0; row < batch; row++) {
            float sum = 0;
            float squares = 0;
            for (int i = 0; i < 3; i++) {
                float value = values.get();
                sum += value;
                squares += value * value;
            }
            truth[2 * row] = sum;
            truth[2 * row + 1] = squares;
        }
        return truth;
    }

    @Test
    void gRpcAnswersMayBeListsOfNumbers() throws Exception {
        server.habits.rawAnswers = false;
        load(options("grpc"));
        network.prepare(2, UNIFORM);

        assertThat(network.outputs().getFirst().values()).containsExactly(truth(2));
    }

    @Test
    void aServerThatDoesNotAdvertiseBinaryTensorsIsAskedInJson() throws Exception {
        server.habits.binary = false;

        assertThat(load(options("binary")).settings()).containsEntry("protocol", "REST JSON");
        network.prepare(2, UNIFORM);
        assertThat(network.outputs().getFirst().values()).containsExactly(truth(2));
    }

    @Test
    void binaryThatIsForcedOnAServerWithoutItFailsInItsOwnWords() throws Exception {
        server.habits.binary = false;
        server.habits.plainText = true;
        Map<String, String> forced = new HashMap<>(options("binary"));
        forced.put("tensors", "binary");
        load(forced);

        refuses(() -> network.prepare(1, UNIFORM), Code.INTERNAL, "HTTP 500: binary data is not understood");
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "grpc"})
    void aConnectionThatWasClosedWhileIdleIsOpenedAgainAndCounted(String way) throws Exception {
        int port = way.equals("grpc") ? server.grpcPort() : server.httpPort();
        try (Relay relay = new Relay(port)) {
            String url = (way.equals("grpc") ? "grpc" : "http") + "://127.0.0.1:" + relay.port();
            load(Map.of("url", url, "server_model", "sums"));
            network.prepare(1, UNIFORM);
            Map<String, Long> counts = new HashMap<>();
            Tally tally = tally(counts);
            try (Lane lane = network.lane()) {
                lane.step(Phases.NONE, tally);
                assertThat(counts).isEmpty();
                long before = server.inferences.get();

                relay.cut();
                if (way.equals("grpc")) {
                    Thread.sleep(200); // a client of gRPC learns of it by itself
                }
                lane.step(Phases.NONE, tally);
                lane.step(Phases.NONE, tally);

                assertThat(counts).containsExactly(Map.entry(Tally.RECONNECTED, 1L));
                assertThat(server.inferences.get()).isEqualTo(before + 2);
            }
        }
    }

    private static Tally tally(Map<String, Long> counts) {
        return new Tally() {
            @Override
            public void count(String what, long n) {
                counts.merge(what, n, Long::sum);
            }

            @Override
            public void time(String what, long nanos) {
                throw new AssertionError(what);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "json", "grpc"})
    void soManyRequestsAreInFlightAsTheLoadSays(String way) throws Exception {
        try (InProcessNetwork hosted = new InProcessNetwork(network, Ticker.monotonic())) {
            load(options(way));
            hosted.prepare(2, UNIFORM);
            CyclicBarrier four = new CyclicBarrier(4);
            server.habits.pause = () -> four.await(20, TimeUnit.SECONDS);
            RunRequest twelve = new RunRequest(
                    RunRequest.Kind.MEASURE,
                    0,
                    12,
                    OptionalLong.of(12),
                    RunRequest.Timing.BARE,
                    Optional.empty(),
                    new Load.Closed(4),
                    0);

            // A request is answered when three others are in flight with it.
            RunAnswer ran = hosted.run(twelve);

            assertThat(ran.iterations()).isEqualTo(12);
            assertThat(ran.elements()).isEqualTo(24);
            assertThat(ran.counts())
                    .containsOnly(
                            Map.entry(Tally.SERVER_REQUESTS, 12L),
                            Map.entry(Tally.SERVER_QUEUE_NS, 12 * 7L),
                            Map.entry(Tally.SERVER_COMPUTE_NS, 12 * 102L));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "grpc"})
    void aServerWithoutStatisticsGivesNone(String way) throws Exception {
        server.habits.statistics = false;
        try (InProcessNetwork hosted = new InProcessNetwork(network, Ticker.monotonic())) {
            load(options(way));
            hosted.prepare(1, UNIFORM);

            RunAnswer ran = hosted.run(RunRequest.of(RunRequest.Kind.MEASURE, 0, RunRequest.Timing.BARE));

            assertThat(ran.iterations()).isEqualTo(1);
            assertThat(ran.counts()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "grpc"})
    void aBatchThatTheServerRefusesIsAHole(String way) throws Exception {
        server.habits.largestBatch = 4;
        load(options(way));

        refuses(() -> network.prepare(5, UNIFORM), Code.UNSUPPORTED, "not of 5", "batch-size must be <= 4");
        network.prepare(4, UNIFORM);
        assertThat(network.outputs().getFirst().shape()).containsExactly(4L, 2L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "json", "grpc"})
    void aServerThatRunsOnlyPartOfTheBatchIsFoundOut(String way) throws Exception {
        server.habits.mostRows = 4;
        load(options(way));

        refuses(() -> network.prepare(8, UNIFORM), Code.UNSUPPORTED, "[4, 2]", "does not run the whole batch");
    }

    @Test
    void errorsInPlainTextAreReadToo() throws Exception {
        server.habits.plainText = true;
        server.habits.largestBatch = 0;
        load(options("json"));

        refuses(() -> network.prepare(1, UNIFORM), Code.INTERNAL, "HTTP 500: batch-size must be <= 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "grpc"})
    void aModelThatTheServerDoesNotHaveIsNamed(String way) {
        Map<String, String> options = new HashMap<>(options(way));
        options.put("server_model", "products");

        refuses(() -> load(options), Code.BAD_MODEL, "'products'", "Model not found", "server_model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "grpc"})
    void aServerThatIsNotThereIsSaidSo(String scheme) throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        String url = scheme + "://127.0.0.1:" + closed;

        refuses(
                () -> load(Map.of("url", url, "server_model", "sums")),
                Code.DEVICE_LOST,
                "no answer from the server at " + url,
                "start it, or correct the option url");
    }

    @Test
    void aWrongShapeIsRefusedBeforeTheServerSeesIt() throws Exception {
        load(options("binary"));

        refuses(
                () -> network.prepare(1, List.of(new InputSpec("x", List.of("N", "4"), "", "", 1))),
                Code.INVALID_INPUT,
                "axis 1 of input x");
    }

    @Test
    void versionsMayBeNull() throws Exception {
        server.habits.nullVersions = true;

        assertThat(load(options("binary")).settings()).doesNotContainKey("server_version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"binary", "grpc"})
    void whatTheServerDoesNotSayOfItsInputsTheUserMay(String way) throws Exception {
        server.habits.emptyMetadata = true;
        load(options(way));

        refuses(() -> network.prepare(2, List.of()), Code.INVALID_INPUT, "say name, shape and dtype");
        network.prepare(2, UNIFORM);
        assertThat(network.outputs().getFirst().values()).containsExactly(truth(2));
    }

    @Test
    void aPrecisionIsANameOnlyAndThatIsSaid() throws Exception {
        Loaded loaded = network.load(new LoadRequest("", "int8", "cpu", options("binary")));

        assertThat(loaded.notes())
                .containsExactly(
                        "The precision int8 is what the experiment calls it; the server does not say in which it"
                                + " computes, only that it takes [x float32 [?,3]].");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1:8000",
                "ftp://127.0.0.1:8000",
                "http://",
                "http://127.0.0.1:8000/v2",
                "http://127.0.0.1:99999",
                "grpc://127.0.0.1",
                "http://me@127.0.0.1:8000"
            })
    void anAddressThatIsNoneIsRefused(String url) {
        refuses(() -> load(Map.of("url", url, "server_model", "sums")), Code.INVALID_INPUT, "option url");
    }

    @Test
    void aServerThatHasGoneVoidsTheStep() throws Exception {
        try (Relay relay = new Relay(server.httpPort())) {
            load(Map.of("url", "http://127.0.0.1:" + relay.port(), "server_model", "sums"));
            network.prepare(1, UNIFORM);
            try (Lane lane = network.lane()) {
                lane.step(Phases.NONE, Tally.NONE); // so its connection is one that the relay knows and closes

                relay.shut();

                assertThatThrownBy(() -> lane.step(Phases.NONE, Tally.NONE))
                        .isInstanceOfSatisfying(NetworkException.class, e -> {
                            assertThat(e.code()).isEqualTo(Code.DEVICE_LOST);
                            assertThat(e.fatal()).isFalse();
                        });
            }
        }
    }

    private static void refuses(ThrowingCallable call, Code code, String... said) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        NetworkException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(said);
    }
}
