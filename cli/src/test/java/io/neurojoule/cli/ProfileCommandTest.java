package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.lab.Lab;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Window;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The command as a user types it, with a network in another process and whatever sensors this machine has.
class ProfileCommandTest {
    @TempDir
    Path directory;

    private final StringWriter printed = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(printed, true), arguments);
    }

    private int profile(String adapter, String... more) {
        java.util.ArrayList<String> arguments = new java.util.ArrayList<>(List.of(
                "profile",
                "--adapter",
                adapter,
                "--precision",
                "fp32",
                "--batch",
                "8",
                "--seconds",
                "0.3",
                "--repeats",
                "2",
                "--idle",
                "0.1",
                "-o",
                directory.resolve("run").toString()));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    private String script(String body) throws Exception {
        Path file = directory.resolve("net.py");
        Files.writeString(file, body);
        return "python3 " + file;
    }

    @Test
    void thePrintedPythonAdapterIsMeasured() throws Exception {
        int exit = profile("python3 " + Lab.root().resolve("examples/my_net.py"));

        assertThat(exit).as(printed.toString()).isZero();
        List<Window> measured = Recording.open(directory.resolve("run")).windows().stream()
                .filter(window -> window.kind() == Window.Kind.MEASURE)
                .toList();
        assertThat(measured).hasSize(2).allSatisfy(window -> {
            assertThat(window.seconds()).isGreaterThanOrEqualTo(0.3);
            assertThat(window.elements()).isEqualTo(8 * window.iterations());
            assertThat(window.stamped()).isTrue();
        });
        assertThat(printed.toString()).contains("cpu-fp32-b8").contains("rapl");
    }

    @Test
    void aPrecisionThatTheNetworkRefusesIsAHoleAndNoFailure() {
        int exit = profile("python3 " + Lab.root().resolve("examples/my_net.py"), "--precision", "int8");

        assertThat(exit).as(printed.toString()).isZero();
        assertThat(printed.toString()).contains("only fp32").contains("UNAVAILABLE");
    }

    @Test
    void aNetworkThatExitsFailsItsCellAndKeepsTheRun() throws Exception {
        int exit = profile(script("import sys\nsys.stderr.write('no such board')\nsys.exit(3)\n"));

        assertThat(exit).as(printed.toString()).isEqualTo(Exit.NETWORK_FAILED);
        assertThat(printed.toString()).contains("no such board");
        assertThat(Recording.open(directory.resolve("run")).cells())
                .hasSize(1)
                .allSatisfy(cell -> assertThat(cell.status()).isEqualTo("failed"));
    }

    @Test
    void aDirectoryThatHasSomethingInItIsRefused() throws Exception {
        Files.createDirectories(directory.resolve("run"));
        Files.writeString(directory.resolve("run/precious"), "x");

        assertThat(profile("true")).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("not empty");
    }

    @Test
    void aBatchThatIsNoneIsRefusedWithTheRemedy() {
        assertThatThrownBy(() -> BatchList.parse("0")).hasMessageContaining("--batch 1,8,64");
        assertThatThrownBy(() -> BatchList.parse("1000000000")).isInstanceOf(UserException.class);
        assertThatThrownBy(() -> BatchList.parse("1:8:x1")).hasMessageContaining("never ends");
        assertThat(BatchList.parse("1:20:x2")).containsExactly(1, 2, 4, 8, 16);
        assertThat(BatchList.parse("8:24:+8")).containsExactly(8, 16, 24);
    }

    @Test
    void requiringAMeasurementWhereThereIsNoneExitsThree() throws Exception {
        Path empty = Files.createDirectories(directory.resolve("sys"));

        int exit = profile("true", "--require", "measured", "--sysfs", empty.toString());

        assertThat(exit).isEqualTo(Exit.NO_SOURCE);
        assertThat(directory.resolve("run")).doesNotExist();
    }

    @Test
    void analyzeOfWhatIsNoRunSaysSo() {
        assertThat(run("analyze", directory.toString())).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("not a run directory");
    }

    @Test
    void wordsAreSplitAsAShellDoesAndNothingIsExpanded() {
        assertThat(Words.split("python3 'my net.py' --a=\"b c\" $HOME \\ x"))
                .containsExactly("python3", "my net.py", "--a=b c", "$HOME", " x");
    }
}
