package io.neurojoule.workload.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.lab.Lab;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.process.ProcessNetwork.Deadlines;
import io.neurojoule.workload.protocol.Answer;
import io.neurojoule.workload.protocol.TensorFile;
import io.neurojoule.workload.protocol.Wire;
import io.neurojoule.workload.worker.Worker;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Both ends of the protocol against damaged lines: nobody hangs or breaks, and what is let through holds together.
final class ProtocolFuzzTest {
    static final List<String> REQUESTS = List.of(
            "{\"op\":\"hello\",\"id\":1,\"nwp\":1,\"profiler\":\"neurojoule\",\"run_id\":\"r\",\"dir\":\".\"}",
            "{\"op\":\"load\",\"id\":2,\"model\":\"\",\"precision\":\"fp32\",\"device\":\"cpu\",\"options\":{\"a\":\"b\"}}",
            "{\"op\":\"prepare\",\"id\":3,\"batch\":4,\"inputs\":[{\"name\":\"x\",\"shape\":[\"N\",3],\"seed\":7}]}",
            "{\"op\":\"run\",\"id\":4,\"kind\":\"measure\",\"seconds\":0.0,\"min_iterations\":3,\"timing\":\"bare\"}",
            "{\"op\":\"run\",\"id\":5,\"kind\":\"measure\",\"seconds\":0.0,\"min_iterations\":3,\"timing\":\"phases\"}",
            "{\"op\":\"verify\",\"id\":6}",
            "{\"op\":\"stop\",\"id\":7}");

    private static final String LAST =
            "\n{\"op\":\"hello\",\"id\":98,\"nwp\":1,\"dir\":\".\"}\n{\"op\":\"close\",\"id\":99}\n";

    @TempDir
    private Path dir;

    @Test
    void whatTheProfilerReadsIsWholeOrRefused() throws Exception {
        String valid = "{\"re\":4,\"ok\":true,\"nwp\":1,\"name\":\"n\",\"mono_ns\":5000,\"precisions\":[\"fp32\"],"
                + "\"params\":7,\"settings\":{\"threads\":2},\"executed\":{\"int8\":0.5},\"notes\":[\"x\"],"
                + "\"iterations\":10,\"elements\":40,\"t0\":2000,\"t1\":9000,\"phase_ns\":{\"pack\":3},"
                + "\"phase_n\":{\"pack\":1},\"hist\":{\"400\":10},\"file\":\"out\","
                + "\"outputs\":[{\"name\":\"y\",\"shape\":[2,2]}],\"error\":{\"code\":\"INTERNAL\",\"fatal\":false}}";
        int whole = 0;
        for (long seed = 0; seed < 5_000; seed++) {
            String line = new String(new Fuzz(seed).damaged(valid), StandardCharsets.UTF_8);
            Optional<ObjectNode> message = Wire.parse(line);
            if (message.isPresent() && isWhole(message.get(), "seed " + seed + ": " + line)) {
                whole++;
            }
        }
        assertThat(whole).isBetween(1_000, 4_500);
    }

    private boolean isWhole(ObjectNode message, String as) throws IOException {
        Answer answer = new Answer(message);
        try {
            RunAnswer ran = answer.ran(4, 1000, 10_000);
            assertThat(ran.elements()).as(as).isEqualTo(4 * ran.iterations()).isPositive();
            assertThat(ran.startNanos()).as(as).isBetween(1000L, ran.endNanos());
            assertThat(ran.endNanos()).as(as).isLessThanOrEqualTo(10_000);
            answer.re();
            answer.ok();
            answer.mono();
            answer.capabilities();
            answer.loaded();
            answer.execution();
            answer.complain("n", "run");
            outputs(message, as);
            return true;
        } catch (NetworkException refused) {
            assertThat(refused.getMessage()).as(as).isNotBlank();
            return false;
        }
    }

    private void outputs(ObjectNode message, String as) throws IOException {
        Files.write(dir.resolve("out"), new byte[32]);
        try {
            for (Tensor tensor : TensorFile.readAndDelete(message, dir)) {
                long length = tensor.shape().stream().reduce(1L, Math::multiplyExact);
                assertThat(tensor.values()).as(as).hasSize((int) length);
            }
        } catch (IOException refused) {
            assertThat(refused.getMessage()).as(as).isNotBlank();
        }
    }

    @Test
    void theWorkerAnswersWhateverItIsAsked() {
        for (long seed = 0; seed < 150; seed++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();

            int code = Worker.serve(new Quick(), new ByteArrayInputStream(requests(seed, 20)), out, Ticker.monotonic());

            assertThat(code).as("seed %d", seed).isZero();
            answered(out.toString(StandardCharsets.UTF_8), "seed " + seed);
        }
    }

    @Test
    void thePythonHelperAnswersWhateverItIsAsked() throws Exception {
        Files.copy(Lab.root().resolve("python/neurojoule/protocol.py"), dir.resolve("neurojoule.py"));
        Path program = Files.writeString(dir.resolve("quick.py"), """
                import neurojoule
                class Quick:
                    def load(self, model, precision, device, options): pass
                    def prepare(self, batch, inputs): pass
                    def step(self, mark): mark("pack", int)
                    def outputs(self): return {"y": [1.0]}
                neurojoule.serve(Quick, name="quick", phases=["pack"])
                """);
        answersWhateverItIsAsked(List.of("python3", program.toString()), dir);
    }

    /// Starts the program once for each seed.
    static void answersWhateverItIsAsked(List<String> command, Path dir) throws Exception {
        for (long seed = 0; seed < 5; seed++) {
            Path requests = Files.write(dir.resolve("requests"), requests(seed, 60));
            Path answers = dir.resolve("answers");
            Process process = new ProcessBuilder(command)
                    .directory(dir.toFile())
                    .redirectInput(requests.toFile())
                    .redirectOutput(answers.toFile())
                    .redirectError(ProcessBuilder.Redirect.appendTo(
                            dir.resolve("stderr").toFile()))
                    .start();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            process.destroyForcibly();

            assertThat(ended).as("seed %d: it ended", seed).isTrue();
            assertThat(process.exitValue()).as("seed %d", seed).isZero();
            answered(Files.readString(answers), "seed " + seed);
        }
    }

    /// Damaged requests, then two good ones. What waits on the input ends a run, however long it was to last.
    private static byte[] requests(long seed, int lines) {
        Fuzz fuzz = new Fuzz(seed);
        ByteArrayOutputStream requests = new ByteArrayOutputStream();
        for (int i = 0; i < lines; i++) {
            requests.writeBytes(fuzz.damaged(fuzz.pick(REQUESTS)));
            requests.write('\n');
        }
        requests.writeBytes(LAST.getBytes(StandardCharsets.UTF_8));
        return requests.toByteArray();
    }

    private static void answered(String lines, String as) {
        List<ObjectNode> answers = lines.lines()
                .map(line -> Wire.parse(line).orElseThrow(() -> new AssertionError(as + ": " + line)))
                .toList();
        assertThat(answers)
                .as(as)
                .allMatch(answer -> answer.has("re") && answer.path("ok").isBoolean());
        ObjectNode hello = answers.get(answers.size() - 2);
        assertThat(hello.path("re").asInt()).as(as).isEqualTo(98);
        assertThat(hello.path("nwp").asInt()).as(as).isEqualTo(1);
        assertThat(answers.getLast().path("re").asInt()).as(as).isEqualTo(99);
    }

    @Test
    void aChildThatAnswersDamagedLinesGivesWholeNumbersOrNone() throws Exception {
        Path program = Path.of("src/test/resources/adapters/fuzzing.py").toAbsolutePath();
        Deadlines brief = new Deadlines(
                Duration.ofSeconds(3), Duration.ofMillis(700), Duration.ofMillis(700), Duration.ofMillis(700));
        int whole = 0;
        int refused = 0;
        for (long seed = 0; seed < 12; seed++) {
            Path files = dir.resolve("files" + seed);
            try (ProcessNetwork network = ProcessNetwork.start(
                    "the network",
                    List.of("python3", program.toString(), Long.toString(seed)),
                    dir,
                    Map.of(),
                    files.resolve("log"),
                    files,
                    "fuzz",
                    brief,
                    Optional.empty(),
                    Ticker.monotonic())) {
                network.load(new LoadRequest("", "fp32", "cpu", Map.of()));
                network.prepare(4, List.of());
                for (int i = 0; i < 3; i++) {
                    RunAnswer ran = network.run(RunRequest.of(RunRequest.Kind.MEASURE, 0.01, RunRequest.Timing.BARE));
                    assertThat(ran.elements()).as("seed %d", seed).isEqualTo(4 * ran.iterations());
                    assertThat(ran.startNanos()).as("seed %d", seed).isBetween(ran.sentNanos(), ran.endNanos());
                    assertThat(ran.endNanos()).as("seed %d", seed).isLessThanOrEqualTo(ran.receivedNanos());
                    whole++;
                }
            } catch (NetworkException no) {
                refused++;
            }
            assertThat(alive(files)).as("seed %d", seed).isFalse();
        }
        assertThat(whole).isPositive();
        assertThat(refused).isPositive();
    }

    private static boolean alive(Path files) throws Exception {
        Process ps =
                new ProcessBuilder("pgrep", "-r", "R,S,D,T", "-g", Files.readString(files.resolve("group"))).start();
        return ps.waitFor() == 0;
    }

    /// Takes everything and does nothing.
    private static final class Quick implements Network {
        @Override
        public Capabilities capabilities() {
            return new Capabilities(
                    "quick", List.of(), List.of("pack"), List.of(), Optional.empty(), Optional.empty(), true, true);
        }

        @Override
        public Loaded load(LoadRequest request) {
            return Loaded.silent();
        }

        @Override
        public void prepare(int batch, List<InputSpec> inputs) {}

        @Override
        public void step(Phases phases) {
            phases.enter("pack");
        }

        @Override
        public List<Tensor> outputs() throws NetworkException {
            throw new NetworkException(Code.UNSUPPORTED, "none, and no file wherever a damaged request says");
        }

        @Override
        public void close() {}
    }
}
