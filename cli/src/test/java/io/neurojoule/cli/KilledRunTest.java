package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The profiler is killed while a network runs: at most a second of readings is lost, every finished window is there,
/// and no process lives on.
class KilledRunTest {
    private static final int TRIALS = 10;
    private static final Duration LOST_AT_MOST = Duration.ofSeconds(1);

    @TempDir
    Path directory;

    @Test
    void aRunThatIsKilledLosesAtMostItsLastSecondAndLeavesNoProcess() throws Exception {
        for (int seed = 0; seed < TRIALS; seed++) {
            Path run = directory.resolve("run" + seed);
            Process profiler = start(run, directory.resolve("mark" + seed));
            List<String> finished = untilSomeWindow(profiler);
            long inside = new SplittableRandom(seed).nextLong(50, 900);
            assertThat(profiler.waitFor(inside, TimeUnit.MILLISECONDS)).isFalse();

            long killedNanos = System.nanoTime();
            profiler.destroyForcibly().waitFor();

            Recording recording = Recording.open(run);
            Signal signal = recording.signals().getFirst();
            assertThat(Duration.ofNanos(killedNanos - signal.timeNanos()[signal.size() - 1]))
                    .as("seed %d", seed)
                    .isLessThan(LOST_AT_MOST);
            assertThat(recording.windows().stream().filter(window -> window.kind() == Window.Kind.MEASURE))
                    .as("seed %d", seed)
                    .hasSizeGreaterThanOrEqualTo(finished.size());
            ExperimentResult result = Analyzer.analyze(recording);
            assertThat(result.missingWindows()).as("seed %d", seed).isNotEmpty();
            assertThat(result.findings()).extracting("code").contains("windows-missing");
            assertThat(survivors(directory.resolve("mark" + seed)))
                    .as("seed %d", seed)
                    .isEmpty();
        }
    }

    private Process start(Path run, Path mark) throws IOException {
        Path experiment = Program.experiment(directory, mark.toString(), List.of(8), 1, 50);
        return new ProcessBuilder(Program.command(List.of("run", experiment.toString(), "-o", run.toString())))
                .redirectErrorStream(true)
                .start();
    }

    /// The lines that say that a window has been finished, up to the first.
    private static List<String> untilSomeWindow(Process profiler) throws IOException {
        BufferedReader out = profiler.inputReader(StandardCharsets.UTF_8);
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains("repeat 1:")) {
                return List.of(line);
            }
        }
        throw new AssertionError("the profiler ended before its first window");
    }

    /// Command lines of processes that still name the mark, up to 5 s after.
    private static List<String> survivors(Path mark) throws InterruptedException {
        List<String> left = List.of();
        for (int i = 0; i < 50; i++) {
            left = ProcessHandle.allProcesses()
                    .map(KilledRunTest::commandLine)
                    .filter(line -> line.contains(mark.toString()))
                    .toList();
            if (left.isEmpty()) {
                return left;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        return left;
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
                    .replace('\0', ' ');
        } catch (IOException e) {
            return ""; // it has just ended
        }
    }
}
