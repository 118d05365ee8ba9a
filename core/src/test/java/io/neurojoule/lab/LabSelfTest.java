package io.neurojoule.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LabSelfTest {
    private static final List<String> HUNDRED_WATTS = List.of("--rapl", "intel-2s", "--profile", "const:100");
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /// Prints the time before and after, and the counter of package 0 right beside each.
    private static final String SLEEP_A_SECOND = """
            import time
            def look():
                print(time.monotonic_ns(), open("/sys/class/powercap/intel-rapl:0/energy_uj").read().strip(), flush=True)
            look(); time.sleep(1); look()
            """;

    @LabTest
    void aConstantSourceDrawsItsPowerTimesTheTime() throws Exception {
        Lab.Run run = Lab.run(HUNDRED_WATTS, List.of("python3", "-c", SLEEP_A_SECOND), Map.of(), TIMEOUT);
        long[][] looks = looks(run);
        double seconds = (looks[1][0] - looks[0][0]) * 1e-9;

        Map<String, Double> joules = Lab.truth(run.truth(), looks[0][0], looks[1][0]);

        assertThat(seconds).isBetween(1.0, 5.0);
        assertThat(joules).containsKeys("pkg0", "pkg1", "dram0", "dram1", "node");
        assertThat(joules.get("pkg0")).isCloseTo(100 * seconds, within(1e-5));
        assertThat(joules.get("pkg1")).isCloseTo(85 * seconds, within(1e-5));
    }

    @LabTest
    void theCounterThatTheCommandReadsAgreesWithTheTruth() throws Exception {
        Lab.Run run = Lab.run(HUNDRED_WATTS, List.of("python3", "-c", SLEEP_A_SECOND), Map.of(), TIMEOUT);
        long[][] looks = looks(run);

        double read = (looks[1][1] - looks[0][1]) * 1e-6;

        // A look is open, read, close on FUSE: some milliseconds apart from its time stamp on a busy machine.
        double truth = Lab.truth(run.truth(), looks[0][0], looks[1][0]).getOrDefault("pkg0", 0.0);
        assertThat(read).isCloseTo(truth, within(5.0));
    }

    @LabTest
    void manyWindowsAddUpToTheWhole() throws Exception {
        List<String> square = List.of("--rapl", "amd-2s", "--profile", "square:50,200,0.037");
        Lab.Run run = Lab.run(square, List.of("python3", "-c", SLEEP_A_SECOND), Map.of(), TIMEOUT);
        long[][] looks = looks(run);
        long from = looks[0][0];
        long middle = from + 333_333_333L;
        long to = looks[1][0];

        List<Map<String, Double>> joules = Lab.truths(
                run.truth(), List.of(new long[] {from, middle}, new long[] {middle, to}, new long[] {from, to}));

        assertThat(joules).hasSize(3);
        joules.get(2)
                .forEach((source, whole) -> assertThat(joules.get(0).getOrDefault(source, 0.0)
                                + joules.get(1).getOrDefault(source, 0.0))
                        .as(source)
                        .isCloseTo(whole, within(1e-6)));
    }

    @LabTest
    void theCommandKeepsItsExitStatusItsOutputAndItsEnvironment() throws Exception {
        List<String> command = List.of("sh", "-c", "echo \"$WORD\"; echo aside >&2; exit 7");

        Lab.Run run = Lab.run(HUNDRED_WATTS, command, Map.of("WORD", "heard"), TIMEOUT);

        assertThat(run.exit()).isEqualTo(7);
        assertThat(run.stdout()).isEqualTo("heard\n");
        assertThat(run.stderr()).isEqualTo("aside\n");
        assertThat(run.truth()).exists();
    }

    @LabTest
    void aCommandThatTakesTooLongIsEnded() {
        assertThatThrownBy(() -> Lab.run(HUNDRED_WATTS, List.of("sleep", "600"), Map.of(), Duration.ofSeconds(2)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("longer than PT2S");
    }

    @Test
    void theRootHoldsTheLab() {
        assertThat(Lab.root().resolve("lab/powerlab")).isExecutable();
        assertThat(Lab.root().resolve("lab/truth_windows.py")).exists();
    }

    @Test
    void whatKeepsTheLabFromRunningIsOneLineThatNamesTheRemedy() {
        Optional<String> obstacle = Lab.obstacle();

        obstacle.ifPresent(line -> assertThat(line).doesNotContain("\n").contains("lab/setup.sh"));
    }

    private static long[][] looks(Lab.Run run) {
        assertThat(run.exit()).as(run.stderr()).isZero();
        return run.stdout()
                .lines()
                .map(line -> List.of(line.split(" ", -1)).stream()
                        .mapToLong(Long::parseLong)
                        .toArray())
                .toArray(long[][]::new);
    }
}
