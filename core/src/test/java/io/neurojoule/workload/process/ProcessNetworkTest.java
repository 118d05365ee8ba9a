package io.neurojoule.workload.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Mark;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.process.ProcessNetwork.Deadlines;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProcessNetworkTest {
    private static final Path ADAPTERS = Path.of("src/test/resources/adapters").toAbsolutePath();

    @TempDir
    private Path dir;

    @Test
    void thePrintedPythonAdapterRuns() throws Exception {
        RunAnswer ran;
        try (ProcessNetwork network =
                start(List.of("python3", ADAPTERS.resolve("my_net.py").toString()))) {
            load(network, "fp32");
            network.prepare(4, List.of());

            ran = network.run(measure(0.2));

            assertThat(network.capabilities().name()).isEqualTo("my-net");
            assertThat(network.peakMemoryBytes().getAsLong()).isGreaterThan(1 << 20);
        }
        assertThat(ran.stamped()).isTrue();
        assertThat(ran.elements()).isEqualTo(4 * ran.iterations());
        assertThat(ran.seconds()).isBetween(0.2, 1.0);
    }

    @Test
    void marksOfTheNetworkAreKeptWithTheirTimesAndItsExitCodeIsLogged() throws Exception {
        Path adapter = dir.resolve("marking.py");
        String model = "model = lambda x: [v * 1.5 for v in x]";
        String said = """
                print('{"ev":"mark","name":"compile, really","t0":1000,"t1":2000}'); \
                print('{"ev":"mark","name":"no end","t0":1000}'); print('{"ev":"progress","n":5,"t":1}'); \
                """;
        Files.writeString(
                adapter, Files.readString(ADAPTERS.resolve("my_net.py")).replace(model, said.strip() + " " + model));

        ProcessNetwork network = start(List.of("python3", adapter.toString()));
        load(network, "fp32");

        assertThat(network.takeMarks()).containsExactly(new Mark("compile, really", 1000, 2000));
        assertThat(network.takeMarks()).isEmpty();
        network.close();
        assertThat(Files.readString(dir.resolve("network.log"))).contains("exit code 0");
    }

    @Test
    void stopEndsARunOfThePrintedPythonAdapterEarly() throws Exception {
        try (ProcessNetwork network =
                start(List.of("python3", ADAPTERS.resolve("my_net.py").toString()))) {
            load(network, "fp32");
            network.prepare(1, List.of());
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(
                    network::stop, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));

            RunAnswer ran = network.run(measure(20));
            stopped.get(1, TimeUnit.SECONDS);
            RunAnswer next = network.run(measure(0.01));

            assertThat(ran.seconds()).isLessThan(2);
            assertThat(next.iterations()).isPositive();
        }
    }

    @Test
    void aPrecisionThatIsRefusedLeavesTheNetworkUsable() throws Exception {
        try (ProcessNetwork network =
                start(List.of("python3", ADAPTERS.resolve("my_net.py").toString()))) {
            NetworkException refused = failure(() -> load(network, "int8"));
            load(network, "fp32");
            network.prepare(1, List.of());

            assertThat(refused.code()).isEqualTo(Code.UNSUPPORTED);
            assertThat(refused.fatal()).isFalse();
            assertThat(refused).hasMessageContaining("only fp32");
            assertThat(network.run(measure(0.01)).iterations()).isPositive();
        }
    }

    @Test
    void thePrintedCppAdapterTellsItsPhases() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/g++")), "no g++");
        Path binary = dir.resolve("my_net");
        Process compiler = new ProcessBuilder(
                        "g++",
                        "-O1",
                        "-o",
                        binary.toString(),
                        ADAPTERS.resolve("my_net.cpp").toString())
                .inheritIO()
                .start();
        assertThat(compiler.waitFor()).isZero();

        try (ProcessNetwork network = start(List.of("./my_net"))) {
            load(network, "fp32");
            network.prepare(3, List.of());
            RunAnswer ran = network.run(RunRequest.of(RunRequest.Kind.INSTRUMENT, 0.1, RunRequest.Timing.PHASES));

            assertThat(network.capabilities().phases()).containsExactly("pack", "execute");
            assertThat(ran.phaseNanos()).containsOnlyKeys("pack", "execute");
            assertThat(ran.phaseNanos().get("execute")).isBetween(1L, ran.endNanos() - ran.startNanos());
        }
    }

    @Test
    void thePrintedShellAdapterIsBoundedByTheProfilersStamps() throws Exception {
        program("my-binary", "sleep 0.02; echo step");

        try (ProcessNetwork network =
                start(List.of(ADAPTERS.resolve("my_net.sh").toString()))) {
            load(network, "fp32");
            network.prepare(2, List.of());
            RunAnswer ran = network.run(measure(0.5));

            assertThat(ran.stamped()).isFalse();
            assertThat(ran.startNanos()).isEqualTo(ran.sentNanos());
            assertThat(ran.endNanos()).isEqualTo(ran.receivedNanos());
            assertThat(ran.elements()).isEqualTo(2 * ran.iterations());
        }
        assertThat(log()).contains("step");
    }

    @ParameterizedTest
    @CsvSource({
        "exits-at-once,   EXITED,      no licence found",
        "hangs-at-hello,  TIMED_OUT,   waiting for the device",
        "other-clock,     PROTOCOL,    Use CLOCK_MONOTONIC",
        "other-version,   PROTOCOL,    speaks NWP 2",
        "exits-mid-run,   EXITED,      exit code 7",
        "exits-mid-run,   EXITED,      running now",
        "hangs,           TIMED_OUT,   running now",
        "late,            TIMED_OUT,   running now",
        "wrong-id,        PROTOCOL,    must be the id of the request",
        "lies-about-time, PROTOCOL,    use CLOCK_MONOTONIC",
        "hides-its-time,  PROTOCOL,    Take t0 before the first step",
        "wrong-elements,  PROTOCOL,    elements must be iterations × batch",
        "no-iterations,   PROTOCOL,    at least one",
        "ignores-sigterm, TIMED_OUT,   running now",
        "endless-line,    PROTOCOL,    a line longer than 1048576 bytes",
        "huge-answer,     PROTOCOL,    a line longer than 1048576 bytes",
        "deep-answer,     TIMED_OUT,   its loop must end at the time asked",
        "more-than-64-bits,     PROTOCOL, 'must have ''iterations'' as a whole number'",
        "elements-wrap,         PROTOCOL, elements must be iterations × batch",
        "stamps-beyond-64-bits, PROTOCOL, 'must have ''t0'' as a whole number'",
        "text-for-a-number,     PROTOCOL, 'must have ''iterations'' as a whole number'",
        "not-a-number,    TIMED_OUT,   its loop must end at the time asked",
        "infinite,        TIMED_OUT,   its loop must end at the time asked",
        "twice,           PROTOCOL,    must be the id of the request",
        "answers-ahead,   PROTOCOL,    use CLOCK_MONOTONIC",
        "killed,          EXITED,      was ended by signal 9",
        "daemon-dies,     EXITED,      exit code 7",
        "closes-stdin,    EXITED,      closed its input before it answered run",
        "closes-stdout,   EXITED,      closed its output before it answered run",
    })
    void whoBreaksTheProtocolIsEndedWithItsGroup(String how, Code code, String says) throws Exception {
        NetworkException broken = failure(() -> runOnce(how));

        assertThat(broken.code()).isEqualTo(code);
        assertThat(broken.fatal()).isTrue();
        assertThat(broken).hasMessageContaining(says);
        assertThat(groupIsEmpty()).isTrue();
        assertThat(daemonIsGone()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"stop-first, must be the id of the request", "never-stops, no answer to stop within"})
    void aStopThatIsAnsweredOutOfTurnOrNeverGivesNoNumber(String how, String says) throws Exception {
        ProcessNetwork network = start(misbehaving(how));
        load(network, "fp32");
        network.prepare(4, List.of());
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(
                network::stop, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));

        NetworkException broken = failure(() -> network.run(measure(20)));

        stopped.get(1, TimeUnit.SECONDS);
        assertThat(broken).hasMessageContaining(says);
        assertThat(broken.fatal()).isTrue();
        assertThat(groupIsEmpty()).isTrue();
    }

    @Test
    void aDaemonOfTheNetworkIsEndedWithIt() throws Exception {
        RunAnswer ran = runOnce("daemon");

        assertThat(ran.iterations()).isEqualTo(10);
        assertThat(dir.resolve("files/daemon")).exists();
        assertThat(daemonIsGone()).isTrue();
    }

    @Test
    void aClockInAnotherTimeNamespaceIsRefused() throws Exception {
        List<String> unshare = List.of("unshare", "--time", "--monotonic", "3600", "--fork");
        List<String> probe = new ArrayList<>(unshare);
        probe.add("true");
        assumeTrue(new ProcessBuilder(probe).start().waitFor() == 0, "unshare --time needs root");
        List<String> command = new ArrayList<>(unshare);
        command.addAll(List.of("python3", ADAPTERS.resolve("my_net.py").toString()));

        NetworkException refused = failure(() -> start(command));

        assertThat(refused.code()).isEqualTo(Code.PROTOCOL);
        assertThat(refused).hasMessageContaining("in the same time namespace");
    }

    @ParameterizedTest
    @CsvSource({"not-utf8, junk", "fills-stderr, no space left"})
    void whatIsPrintedDoesNotHarm(String how, String says) throws Exception {
        assertThat(runOnce(how).iterations()).isEqualTo(10);
        assertThat(log()).contains(says);
    }

    @Test
    void aRefusalIsAHoleAndNotFatal() throws Exception {
        NetworkException refused = failure(() -> runOnce("refuses"));

        assertThat(refused.code()).isEqualTo(Code.UNSUPPORTED);
        assertThat(refused.fatal()).isFalse();
        assertThat(refused).hasMessageContaining("ask for that");
        assertThat(groupIsEmpty()).isTrue();
    }

    @Test
    void whatIsNoAnswerGoesToTheLog() throws Exception {
        RunAnswer ran = runOnce("junk");

        assertThat(ran.iterations()).isEqualTo(10);
        assertThat(log()).contains("loading shared library", "{not json}", "{\"some\": \"json\"}", "no end of line");
        assertThat(groupIsEmpty()).isTrue();
    }

    @Test
    void closeEndsTheChildrenOfTheNetworkToo() throws Exception {
        ProcessNetwork network = start(misbehaving("has-child"));

        network.close();
        network.close();

        assertThat(groupIsEmpty()).isTrue();
        assertThat(failure(() -> load(network, "fp32")).code()).isEqualTo(Code.EXITED);
    }

    @Test
    void aProgramThatIsNotThereIsNamed() throws Exception {
        NetworkException absent = failure(() -> start(List.of("./absent")));

        assertThat(absent.code()).isEqualTo(Code.INVALID_INPUT);
        assertThat(absent).hasMessageContaining("./absent").hasMessageContaining("chmod");
    }

    @Test
    void theWorkerServesOverARealProcess() throws Exception {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                WorkerMain.class.getName());
        try (ProcessNetwork network = start(command)) {
            network.load(new LoadRequest("", "int8", "cpu", Map.of("step_micros", "100")));
            network.prepare(3, List.of());
            RunAnswer ran = network.run(measure(0.1));

            assertThat(ran.stamped()).isTrue();
            assertThat(ran.seconds()).isBetween(0.1, 1.0);
            assertThat(network.verify().outputs().getFirst().values()).containsExactly(0, 1, 2);
            try (var files = Files.list(dir.resolve("files"))) {
                assertThat(files).isEmpty();
            }
        }
    }

    @Test
    void noChildLivesOnWhenTheProfilerIsKilled() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ProfilerMain.class.getName(),
                dir.toString()));
        command.addAll(misbehaving("outlives-profiler"));
        Process profiler = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        ProcessHandle child;
        try (BufferedReader said = profiler.inputReader(StandardCharsets.UTF_8)) {
            assertThat(said.readLine()).isEqualTo("ready");
            child = ProcessHandle.of(group()).orElseThrow();
        }

        profiler.destroyForcibly().waitFor();

        assertThat(child.onExit()).succeedsWithin(Duration.ofSeconds(5));
        assertThat(dir.resolve("files/daemon")).exists();
        assertThat(daemonIsGone()).isTrue();
    }

    /// A profiler to be killed: its network hangs and ignores SIGTERM.
    static final class ProfilerMain {
        private ProfilerMain() {}

        public static void main(String[] args) throws NetworkException {
            ProcessNetwork network = start(List.of(args).subList(1, args.length), Path.of(args[0]));
            load(network, "fp32");
            System.out.println("ready");
            network.prepare(1, List.of());
        }
    }

    /// A worker process.
    static final class WorkerMain {
        private WorkerMain() {}

        public static void main(String[] args) {
            System.exit(io.neurojoule.workload.worker.Worker.serve(
                    new io.neurojoule.workload.synthetic.SyntheticSource().open(),
                    System.in,
                    System.out,
                    Ticker.monotonic()));
        }
    }

    private RunAnswer runOnce(String how) throws NetworkException {
        try (ProcessNetwork network = start(misbehaving(how))) {
            load(network, "fp32");
            network.prepare(4, List.of());
            return network.run(measure(0.5));
        }
    }

    /// Also if there was none. What has ended but was never waited for is the init process's business.
    private boolean daemonIsGone() throws Exception {
        Path file = dir.resolve("files/daemon");
        if (!Files.exists(file)) {
            return true;
        }
        Process ps = new ProcessBuilder("ps", "-o", "stat=", "-p", Files.readString(file)).start();
        String state = new String(ps.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        return state.isBlank() || state.startsWith("Z");
    }

    private static List<String> misbehaving(String how) {
        return List.of("python3", ADAPTERS.resolve("misbehaving.py").toString(), how);
    }

    private ProcessNetwork start(List<String> command) throws NetworkException {
        return start(command, dir);
    }

    private static ProcessNetwork start(List<String> command, Path dir) throws NetworkException {
        Deadlines deadlines = new Deadlines(
                Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofSeconds(5), Duration.ofSeconds(1));
        return ProcessNetwork.start(
                "the network",
                command,
                dir,
                Map.of(),
                dir.resolve("network.log"),
                dir.resolve("files"),
                "test",
                deadlines,
                Optional.empty(),
                Ticker.monotonic());
    }

    private static void load(ProcessNetwork network, String precision) throws NetworkException {
        network.load(new LoadRequest("", precision, "cpu", Map.of()));
    }

    private static RunRequest measure(double seconds) {
        return RunRequest.of(RunRequest.Kind.MEASURE, seconds, RunRequest.Timing.BARE);
    }

    private static NetworkException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        NetworkException failure = catchThrowableOfType(NetworkException.class, call);
        assertThat(failure).as("a NetworkException").isNotNull();
        return failure;
    }

    private void program(String name, String script) throws IOException {
        Path file = Files.writeString(dir.resolve(name), "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private String log() throws IOException {
        return Files.readString(dir.resolve("network.log"));
    }

    private long group() throws IOException {
        return Long.parseLong(Files.readString(dir.resolve("files/group")));
    }

    /// pgrep counts what has ended but was never waited for; such orphans are the init process's business.
    private boolean groupIsEmpty() throws Exception {
        Process pgrep = new ProcessBuilder("pgrep", "-r", "R,S,D,T", "-g", Long.toString(group())).start();
        return pgrep.waitFor() == 1;
    }
}
