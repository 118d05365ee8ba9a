package io.neurojoule.workload.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.neurojoule.lab.Lab;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.RunRequest.Kind;
import io.neurojoule.workload.RunRequest.Timing;
import io.neurojoule.workload.Verified;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// The helper in C++, compiled without a warning, over a real process.
final class CppNetworkTest {
    @TempDir
    static Path dir;

    @BeforeAll
    static void compile() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/g++")), "no g++");
        compile("g++");
        if (Files.isExecutable(Path.of("/usr/bin/clang++"))) {
            compile("clang++");
        }
    }

    private static void compile(String compiler) throws Exception {
        Process process = new ProcessBuilder(
                        compiler,
                        "-std=c++17",
                        "-O1",
                        "-Wall",
                        "-Wextra",
                        "-Wpedantic",
                        "-Wshadow",
                        "-Werror",
                        "-I" + Lab.root().resolve("cpp"),
                        "-o",
                        dir.resolve("chatty").toString(),
                        Path.of("src/test/resources/adapters/chatty.cpp")
                                .toAbsolutePath()
                                .toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).as(compiler).isZero();
    }

    private static ProcessNetwork start() throws NetworkException {
        return ProcessNetwork.start(
                "the network",
                List.of("./chatty"),
                dir,
                Map.of(),
                dir.resolve("network.log"),
                dir.resolve("files"),
                "test",
                Duration.ofSeconds(5),
                Optional.empty(),
                Ticker.monotonic());
    }

    private static Loaded load(ProcessNetwork network, String precision) throws NetworkException {
        return network.load(new LoadRequest("\u00fc \"\\\ud83d\ude00.onnx", precision, "cpu", Map.of("threads", "2")));
    }

    private static Code refusal(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        NetworkException refused = catchThrowableOfType(NetworkException.class, call);
        assertThat(refused).as("a refusal").isNotNull();
        assertThat(refused.fatal()).isFalse();
        return refused.code();
    }

    @Test
    void itRunsWhateverTheNetworkPrintsReadsOrThrows() throws Exception {
        try (ProcessNetwork network = start()) {
            assertThat(network.capabilities().framework()).contains("plain 1");
            assertThat(refusal(() -> load(network, "int8"))).isEqualTo(Code.UNSUPPORTED);
            assertThat(refusal(() -> load(network, "full"))).isEqualTo(Code.OUT_OF_MEMORY);
            assertThat(refusal(() -> load(network, "odd"))).isEqualTo(Code.INTERNAL);
            Loaded loaded = load(network, "fp32");
            assertThat(refusal(() -> network.prepare(65, List.of()))).isEqualTo(Code.INVALID_INPUT);
            network.prepare(3, List.of(new InputSpec("x", List.of("N", "3"), "float32", "", 7)));
            RunAnswer bare = network.run(RunRequest.of(Kind.MEASURE, 0.25, Timing.BARE));
            RunAnswer timed = network.run(RunRequest.of(Kind.INSTRUMENT, 0.1, Timing.LATENCY));
            RunAnswer phased = network.run(RunRequest.of(Kind.INSTRUMENT, 0.1, Timing.PHASES));
            Verified verified = network.verify();

            assertThat(loaded.parameters()).hasValue(9007199254740993L);
            assertThat(loaded.settings()).isEqualTo(Map.of("threads", "2"));
            assertThat(loaded.executed()).isEqualTo(Map.of("fp32", 0.5));
            assertThat(bare.stamped()).isTrue();
            assertThat(bare.seconds()).isBetween(0.25, 1.0);
            assertThat(bare.phaseNanos()).isEmpty();
            assertThat(timed.histogram().values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .isEqualTo(timed.iterations());
            assertThat(phased.phaseCounts())
                    .isEqualTo(Map.of("pack", phased.iterations(), "execute", phased.iterations()));
            assertThat(phased.phaseNanos().values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .isBetween(1L, phased.endNanos() - phased.startNanos());
            assertThat(verified.outputs()).singleElement().satisfies(tensor -> {
                assertThat(tensor.name()).isEqualTo("xN");
                assertThat(tensor.shape()).containsExactly(3L, 1L);
                assertThat(tensor.values()).containsExactly(0.1, 0.1, 0.1);
            });
        }
        assertThat(log())
                .contains("a library says hello to ü \"\\\ud83d\ude00.onnx", "a program says hello", "exit code 0");
    }

    @Test
    void stopEndsARunAndAWrongPhaseOrOneInsideAnotherIsRefused() throws Exception {
        try (ProcessNetwork network = start()) {
            load(network, "fp32");
            network.prepare(1, List.of());
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(
                    network::stop, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
            RunAnswer ran = network.run(RunRequest.of(Kind.MEASURE, 20, Timing.BARE));
            stopped.get(1, TimeUnit.SECONDS);
            network.prepare(13, List.of());
            RunRequest phases = RunRequest.of(Kind.INSTRUMENT, 0.01, Timing.PHASES);

            assertThat(ran.seconds()).isLessThan(10);
            assertThat(refusal(() -> network.run(phases))).isEqualTo(Code.INTERNAL);
            network.prepare(14, List.of());
            assertThat(refusal(() -> network.run(phases))).isEqualTo(Code.INTERNAL);
            network.prepare(1, List.of());
            assertThat(network.run(phases).iterations()).isPositive();
        }
    }

    @Test
    void onePhaseRunsAloneWhereItIsOffered() throws Exception {
        try (ProcessNetwork network = start()) {
            load(network, "fp32");
            network.prepare(2, List.of());

            assertThat(alone(network, "pack").path("elements").asLong()).isPositive();
            assertThat(refusal(() -> alone(network, "execute"))).isEqualTo(Code.INVALID_INPUT);
        }
    }

    private static ObjectNode alone(ProcessNetwork network, String phase) throws NetworkException {
        ObjectNode run = io.neurojoule.workload.protocol.Requests.run(
                network.nextId(), RunRequest.of(Kind.MEASURE, 0.01, Timing.BARE));
        return network.ask("run", run.put("phase", phase), Duration.ofSeconds(5))
                .answer()
                .message();
    }

    @Test
    void itAnswersWhateverItIsAsked() throws Exception {
        ProtocolFuzzTest.answersWhateverItIsAsked(List.of("./chatty"), dir);
    }

    private static String log() throws IOException {
        return Files.readString(dir.resolve("network.log"));
    }
}
