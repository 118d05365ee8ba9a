package io.neurojoule.workload.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Mark;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Program;
import io.neurojoule.workload.RunAnswer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramNetworkTest {
    private static final String MARKS = """
            import os, socket, time
            profiler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            mark = lambda text: profiler.sendto(text.encode(), os.environ["NEUROJOULE_SOCKET"])
            """;

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private ProgramNetwork program(Map<String, String> options, String... command) throws NetworkException {
        return new ProgramNetwork(
                List.of(command),
                directory,
                Map.of(),
                directory.resolve("program.log"),
                ProgramOptions.of(options),
                Optional.empty(),
                out,
                err,
                Ticker.monotonic());
    }

    @Test
    void aRunIsOneWindowAndWhatItPrintsIsPassedOn() throws Exception {
        try (ProgramNetwork program = program(Map.of(), "sh", "-c", "echo to out; sleep 0.2; printf 'to err' >&2")) {
            Program.Ran ran = program.runOnce();

            assertThat(ran.whole()).isTrue();
            RunAnswer window = ran.windows().getFirst();
            assertThat(ran.windows()).hasSize(1);
            assertThat(window.seconds()).isGreaterThanOrEqualTo(0.2);
            assertThat(window.elements()).isEqualTo(1);
            assertThat(program.takeMarks()).isEmpty();
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("to out\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("to err");
        assertThat(Files.readString(directory.resolve("program.log"))).contains("to out\n", "to err");
    }

    @Test
    void anotherExitCodeThanZeroGivesNoWindow() throws Exception {
        try (ProgramNetwork program = program(Map.of(), "sh", "-c", "echo because of this; exit 3")) {
            assertThatThrownBy(program::runOnce)
                    .isInstanceOfSatisfying(NetworkException.class, e -> {
                        assertThat(e.code()).isEqualTo(Code.INTERNAL);
                        assertThat(e.fatal()).isFalse();
                    })
                    .hasMessageContainingAll("exit code 3", "because of this");
        }
        try (ProgramNetwork killed = program(Map.of(), "sh", "-c", "kill -9 $$")) {
            assertThatThrownBy(killed::runOnce).hasMessageContaining("signal 9");
        }
        try (ProgramNetwork absent = program(Map.of(), "no-such-program")) {
            assertThatThrownBy(absent::runOnce)
                    .isInstanceOfSatisfying(
                            NetworkException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_INPUT));
        }
    }

    @Test
    void eachRegionIsAWindowWithItsElements() throws Exception {
        Map<String, String> options = Map.of("roi_start", "^epoch [0-9]", "roi_end", "done$", "elements", "50");
        String script = "sleep 0.1; for i in 1 2; do echo epoch $i; sleep 0.2; echo all done; done; sleep 0.1";
        try (ProgramNetwork program = program(options, "sh", "-c", script)) {
            Program.Ran ran = program.runOnce();

            assertThat(ran.whole()).isFalse();
            assertThat(ran.windows()).hasSize(2).allSatisfy(window -> {
                assertThat(window.elements()).isEqualTo(50);
                assertThat(window.seconds()).isGreaterThan(0.1);
            });
            assertThat(program.takeMarks()).extracting(Mark::name).containsExactly("region", "region");
        }
    }

    @Test
    void aRegionThatDoesNotShowIsAnError() throws Exception {
        Map<String, String> options = Map.of("roi_start", "begin", "roi_end", "end");
        Map<String, String> scripts = new HashMap<>();
        scripts.put("echo nothing", "matches the start");
        scripts.put("echo begin", "matches the end");
        scripts.put("echo begin 1; sleep 0.1; echo begin 2; sleep 0.1; echo end 2", "an end was missed");
        scripts.put("printf 'begin\\nend\\n'", "flush");
        for (Map.Entry<String, String> script : scripts.entrySet()) {
            try (ProgramNetwork program = program(options, "sh", "-c", script.getKey())) {
                assertThatThrownBy(program::runOnce)
                        .as(script.getKey())
                        .isInstanceOfSatisfying(
                                NetworkException.class,
                                e -> assertThat(e.code()).isEqualTo(Code.INVALID_INPUT))
                        .hasMessageContaining(script.getValue());
            }
        }
    }

    @Test
    void marksBecomeSpansAndNoneIsLost() throws Exception {
        String script = MARKS + """
                mark("begin outer, with a comma\\n")
                for i in range(2000):
                    mark("begin %d\\n" % i)
                    mark("end %d" % i)
                mark("end outer, with a comma")
                mark("end never begun")
                mark("begin never ended")
                mark("nonsense")
                """;
        try (ProgramNetwork program = program(Map.of(), "python3", "-c", script)) {
            for (int run = 0; run < 2; run++) {
                Program.Ran ran = program.runOnce();
                List<Mark> marks = program.takeMarks();

                assertThat(marks).hasSize(2001);
                assertThat(marks.getLast().name()).isEqualTo("outer, with a comma");
                assertThat(marks)
                        .allSatisfy(mark -> assertThat(mark.endNanos())
                                .isGreaterThan(mark.startNanos())
                                .isLessThanOrEqualTo(marks.getLast().endNanos()));
                assertThat(ran.unpairedMarks()).isEqualTo(3);
            }
        }
    }

    @Test
    void whatTheProgramLeavesBehindEndsWithItsRun() throws Exception {
        try (ProgramNetwork program = program(Map.of(), "sh", "-c", "sleep 600 & echo $!")) {
            program.runOnce();
        }
        long left = Long.parseLong(out.toString(StandardCharsets.UTF_8).strip());

        // Whoever adopted it may wait for it a little later.
        ProcessHandle.of(left)
                .ifPresent(
                        ended -> ended.onExit().orTimeout(20, TimeUnit.SECONDS).join());
        assertThat(ProcessHandle.of(left).filter(ProcessHandle::isAlive)).isEmpty();
    }

    @Test
    void stopEndsARun() throws Exception {
        try (ProgramNetwork program = program(Map.of(), "sleep", "600")) {
            Thread stopper = Thread.ofPlatform().start(() -> {
                try {
                    Thread.sleep(300);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                program.stop();
            });
            assertThatThrownBy(program::runOnce).isInstanceOf(NetworkException.class);
            stopper.join();
        }
    }

    /// Half of the work is no figure of the whole, however the program says goodbye.
    @Test
    void aProgramThatIsStoppedAndEndsWithSuccessHasNoFigure() throws Exception {
        try (ProgramNetwork program = program(
                Map.of("elements", "1000"), "sh", "-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done")) {
            Thread stopper = Thread.ofPlatform().start(() -> {
                try {
                    Thread.sleep(500);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                program.stop();
            });
            assertThatThrownBy(program::runOnce)
                    .isInstanceOfSatisfying(
                            NetworkException.class, e -> assertThat(e.code()).isEqualTo(Code.EXITED));
            stopper.join();
        }
    }

    @Test
    void marksOfAProgramThatAreNamedRunAreNotCountedTwice() throws Exception {
        String script = MARKS + "mark('begin run'); time.sleep(0.1); mark('end run')";
        try (ProgramNetwork program = program(Map.of("elements", "5"), "python3", "-c", script)) {
            assertThat(program.runOnce().windows()).hasSize(1);
            assertThat(program.takeMarks()).extracting(Mark::name).containsExactly("run");
        }
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        for (Map<String, String> options : List.of(
                Map.of("elements", "0"),
                Map.of("elements", "1e3"),
                Map.of("roi_start", "x"),
                Map.of("roi_start", "(", "roi_end", "x"),
                Map.of("roi_start", "x", "roi_end", "x"),
                Map.of("threads", "2"))) {
            assertThatThrownBy(() -> ProgramOptions.of(options))
                    .as(options.toString())
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
