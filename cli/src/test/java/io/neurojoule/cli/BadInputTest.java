package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.WindowEnergy;
import io.neurojoule.graph.GraphBuilder;
import io.neurojoule.graph.RadioMlVgg10;
import io.neurojoule.graph.onnx.Onnx.GraphProto;
import io.neurojoule.graph.onnx.Onnx.ModelProto;
import io.neurojoule.graph.onnx.Onnx.OperatorSetIdProto;
import io.neurojoule.graph.onnx.Onnx.StringStringEntryProto;
import io.neurojoule.graph.onnx.Onnx.TensorProto;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Bad input through the whole command: one clear message with the remedy, the right exit code, and what was recorded
/// before is kept.
class BadInputTest {
    /// Works in its first process and breaks one rule in every later one, that is: from the second repeat on.
    private static final String TURNS_BAD = """
            import json, os, subprocess, sys, time
            how = sys.argv[1]
            mark = os.path.join(os.environ["NEUROJOULE_DIR"], "measured")
            bad = os.path.exists(mark)
            for line in sys.stdin:
                m = json.loads(line)
                a = {"re": m["id"], "ok": True}
                if m["op"] == "hello":
                    a |= {"nwp": 1, "name": "net"}
                elif m["op"] == "prepare":
                    batch = m["batch"]
                elif m["op"] == "run":
                    n, t0 = 0, time.monotonic_ns()
                    if bad:
                        sys.stderr.write("no such board\\n")
                        sys.stderr.flush()
                    if bad and how == "break" and m["kind"] == "measure":
                        open(sys.argv[2], "w").close()
                        while os.path.exists(sys.argv[2]): time.sleep(0.001)
                    if bad and how == "vanish" and m["kind"] == "measure":
                        lab = os.environ
                        subprocess.run([lab["POWERLAB"], "fault", lab["POWERLAB_STATE"], "pkg0,vanish"], check=True)
                    while n < m["min_iterations"] or time.monotonic_ns() < t0 + m["seconds"] * 1e9:
                        time.sleep(0.001)
                        n += 1
                    a |= {"iterations": n, "elements": n * batch, "t0": t0, "t1": time.monotonic_ns()}
                    if bad and how == "exits":
                        os._exit(7)
                    if bad and how == "hangs":
                        time.sleep(1000)
                    if bad and how == "late":
                        time.sleep(1.3)
                    if bad and how == "lies":
                        a["t1"] += 3_600_000_000_000
                    if bad and how == "full":
                        for size in (4096, 1):
                            try:
                                while os.write(2, b"x" * size): pass
                            except OSError: pass
                    if m["kind"] == "measure":
                        open(mark, "w").close()
                if how == "chatty":
                    print("loading shared library\\n{not json}\\n" + json.dumps({"some": "json"}))
                if bad and how == "junk" and m["op"] == "run":
                    print("segmentation fault? no, only junk", flush=True)
                    time.sleep(1000)
                print(json.dumps(a), flush=True)
                if m["op"] == "close":
                    break
            """;

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private int profile(String... more) {
        return run(arguments(more).toArray(String[]::new));
    }

    /// `profile` with short windows; what the test says comes in place of that.
    private List<String> arguments(String... more) {
        Map<String, String> usual = new LinkedHashMap<>(Map.of(
                "--precision",
                "fp32",
                "--batch",
                "4",
                "--seconds",
                "0.2",
                "--repeats",
                "2",
                "--idle",
                "0.05",
                "--grace",
                "1",
                "-o",
                directory.resolve("run").toString()));
        usual.keySet().removeAll(List.of(more));
        List<String> arguments = new ArrayList<>(List.of("profile"));
        usual.forEach((flag, value) -> arguments.addAll(List.of(flag, value)));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private int adapter(String how, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--adapter", net(how)));
        arguments.addAll(List.of(more));
        return profile(arguments.toArray(String[]::new));
    }

    private String net(String how) throws IOException {
        return "python3 " + Files.writeString(directory.resolve("net.py"), TURNS_BAD) + " " + how;
    }

    private int onnx(Path model) {
        return profile(model.toString(), "--batch", "1,4", "--repeats", "1");
    }

    private Recording recording() throws IOException {
        return Recording.open(directory.resolve("run"));
    }

    private List<Window> measured() throws IOException {
        return recording().windows().stream()
                .filter(window -> window.kind() == Window.Kind.MEASURE)
                .toList();
    }

    /// Stderr has one line with these words, and neither stream a trace of the program's insides.
    private String message(String words) {
        assertThat(out + "" + err).doesNotContain("\tat ", "Exception", "this is a bug", "/bin/java:");
        List<String> lines =
                err.toString().lines().filter(line -> line.contains(words)).toList();
        assertThat(lines).as("%s%n%s", err, out).hasSize(1);
        return lines.getFirst();
    }

    /// The table says it once, too.
    private String hole(String words) {
        List<String> lines =
                out.toString().lines().filter(line -> line.contains(words)).toList();
        assertThat(lines.stream().filter(line -> line.contains("UNAVAILABLE")))
                .as(out.toString())
                .hasSize(1);
        assertThat(lines.stream().filter(line -> !line.contains("network-restarted")))
                .hasSize(1);
        return lines.getFirst();
    }

    private void failedWithoutWindows(String words) throws IOException {
        assertThat(hole(words)).contains("cpu fp32 batch ");
        assertThat(out.toString()).contains("not tried, since cpu-fp32-b");
        assertThat(recording().cells())
                .hasSize(2)
                .allSatisfy(cell -> assertThat(cell.status()).isEqualTo("failed"));
        assertThat(measured()).isEmpty();
        assertThat(directory.resolve("run/report/report.html")).exists();
    }

    @Test
    void aTextFileIsNoModel() throws Exception {
        Path model = Files.writeString(directory.resolve("text.onnx"), "hello\n");

        assertThat(onnx(model)).as("%s%s", err, out).isEqualTo(Exit.USAGE);

        assertThat(message("is not an ONNX file"))
                .contains("gives no figure: onnx: load failed", model.toString(), "give the .onnx file");
        failedWithoutWindows("is not an ONNX file");
    }

    @Test
    void aModelThatIsCutOffIsNamed() throws Exception {
        Path whole = directory.resolve("whole.onnx");
        RadioMlVgg10.write(whole, RadioMlVgg10.Precision.FP32, 1);
        Path model = Files.write(directory.resolve("cut.onnx"), Arrays.copyOf(Files.readAllBytes(whole), 10_000));

        assertThat(onnx(model)).as("%s%s", err, out).isEqualTo(Exit.USAGE);

        assertThat(message("is truncated")).contains(": onnx: load failed", model.toString(), "Copy it again");
        failedWithoutWindows("is truncated");
    }

    @Test
    void aModelWithoutItsWeightsSaysWhereTheyMustLie() throws Exception {
        Path model = directory.resolve("parted.onnx");
        GraphBuilder graph = new GraphBuilder("parted")
                .input("x", GraphBuilder.FLOAT, "N", 4)
                .output("y", GraphBuilder.FLOAT, "N", 4);
        graph.node("Add", "y", List.of("x", graph.floats("w", new float[4], 4)));
        Files.write(model, external(graph.build(), "parted.weights").toByteArray());

        assertThat(onnx(model)).as("%s%s", err, out).isEqualTo(Exit.USAGE);

        assertThat(message("keeps its weights in"))
                .contains(
                        ": onnx: load failed",
                        model.toString(),
                        directory.resolve("parted.weights").toString(),
                        "put it next to the model");
        failedWithoutWindows("keeps its weights in");
    }

    private static ModelProto external(GraphProto graph, String location) {
        TensorProto weights = graph.getInitializer(0).toBuilder()
                .clearRawData()
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("location").setValue(location))
                .build();
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph.toBuilder().setInitializer(0, weights))
                .build();
    }

    @Test
    void anUnknownOperatorIsNamed() throws Exception {
        Path model = directory.resolve("odd.onnx");
        GraphBuilder graph =
                new GraphBuilder("odd").input("x", GraphBuilder.FLOAT, "N", 4).output("y", GraphBuilder.FLOAT, "N", 4);
        graph.node("Frobnicate", "y", List.of("x"));
        graph.write(model);

        assertThat(onnx(model)).as("%s%s", err, out).isEqualTo(Exit.USAGE);

        assertThat(message("the operator Frobnicate"))
                .contains(": onnx: load failed", model.toString(), "standard operators", "--adapter");
        failedWithoutWindows("the operator Frobnicate");
    }

    @Test
    void aModelThatIsNotThereIsNamedBeforeAnythingRuns() {
        Path model = directory.resolve("absent.onnx");

        assertThat(onnx(model)).isEqualTo(Exit.USAGE);

        assertThat(message("cannot read")).contains(model.toString());
        assertThat(directory.resolve("run")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1000000000", "1,8,0", "99999999999999999999"})
    void aBatchThatIsNoneSaysWhatToWrite(String batch) throws Exception {
        assertThat(profile("--adapter", net("good"), "--batch", batch)).isEqualTo(Exit.USAGE);

        assertThat(message("batch must be")).contains("from 1 to 1000000", "e.g. 1,8,64");
        assertThat(directory.resolve("run")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1000000000"})
    void aBatchThatIsNoneInAFileIsAnErrorWithItsPlace(String batch) throws Exception {
        Path file = Files.writeString(directory.resolve("my.yaml"), """
                version: 1
                name: my-net
                model: {name: my-net}
                matrix: {batch: [1, %s]}
                targets:
                  cpu: {workload: {adapter: command, command: ["true"]}}
                """.formatted(batch));

        assertThat(run("run", file.toString())).isEqualTo(Exit.USAGE);

        assertThat(message("batch must be")).contains("my.yaml:4:", "from 1 to 1000000");
    }

    @Test
    void aFlagThatDoesNotExistIsOneLine() {
        assertThat(profile("--bacth", "1")).isEqualTo(Exit.USAGE);

        assertThat(message("--bacth")).contains("neurojoule profile --help");
        assertThat(err.toString().lines()).hasSize(1);
    }

    @Test
    void aSensorThatCannotBeReadIsNamedAndTheRestGoesOn() throws Exception {
        Path counter = zone();
        Files.createDirectory(counter);

        int exit = adapter("good", "--sysfs", directory.resolve("sys").toString());

        assertThat(exit).as("%s%s", err, out).isZero();
        assertThat(out.toString().lines().filter(line -> line.contains("rapl-unreadable")))
                .singleElement()
                .asString()
                .contains(counter.toString(), "Is a directory", "sudo cat");
        assertThat(rows("compute"))
                .isNotEmpty()
                .allSatisfy(row -> assertThat(row.basis()).isEqualTo(Basis.ESTIMATED));
    }

    @Test
    void aSensorThatCannotBeReadIsNoMeasurement() throws Exception {
        Path counter = zone();
        Files.createDirectory(counter);

        int exit = adapter("good", "--sysfs", directory.resolve("sys").toString(), "--require", "measured");

        assertThat(exit).isEqualTo(Exit.NO_SOURCE);
        assertThat(message("--require measured")).contains(counter.toString(), "Is a directory", "sudo cat");
        assertThat(directory.resolve("run")).doesNotExist();
    }

    /// Root may read everything, so the command runs without that capability.
    @Test
    void aSensorThatIsNotPermittedSaysWhichModeItHas() throws Exception {
        assumeTrue(isRoot(), "only root can give a file away");
        Path counter = zone();
        Files.writeString(counter, "1\n");
        shell("chown 1 " + counter + " && chmod 0400 " + counter);
        List<String> line = new ArrayList<>(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
        line.addAll(Program.command(arguments(
                "--adapter", net("good"), "--sysfs", directory.resolve("sys").toString(), "--require", "measured")));

        Process command = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(command.waitFor()).as(said).isEqualTo(Exit.NO_SOURCE);
        assertThat(said.lines())
                .singleElement()
                .asString()
                .contains(counter.toString(), "permission denied (mode 0400", "sudo chmod a+r " + counter);
    }

    @ParameterizedTest
    @CsvSource({
        "'no data here', does not hold a number, false",
        "'no data here', does not hold a number, true",
        "'', is empty, true"
    })
    void aSensorThatBreaksWhileItIsReadGivesNoFigureAndNever0(String content, String why, boolean required)
            throws Exception {
        Path counter = zone();
        int exit;
        try (Counting counting = Counting.start(counter, directory.resolve("break-it"), content)) {
            exit = adapter(
                    "break " + counting.sign(),
                    "--sysfs",
                    directory.resolve("sys").toString(),
                    required ? "--require=measured" : "--seed=1");
        }

        // No cell has a figure, so no source was usable, required or not.
        assertThat(exit).as("%s%s", err, out).isEqualTo(Exit.NO_SOURCE);
        assertThat(measured()).hasSize(2);
        List<WindowEnergy> windows = Analyzer.windows(recording()).stream()
                .filter(row -> row.window().kind() == Window.Kind.MEASURE)
                .toList();
        assertThat(windows.get(0).integral()).isInstanceOf(Energy.class);
        assertThat(windows.get(1).integral()).isNotInstanceOf(Energy.class);
        assertThat(rows("compute")).singleElement().satisfies(row -> {
            assertThat(row.basis()).isEqualTo(Basis.UNAVAILABLE);
            assertThat(row.joules()).isEmpty();
            assertThat(row.joulesPerElement()).isEmpty();
            assertThat(row.reason())
                    .hasValueSatisfying(reason -> assertThat(reason).contains(counter.toString(), why));
        });
        assertThat(out.toString().lines().filter(line -> line.contains("UNAVAILABLE")))
                .hasSize(1);
        if (required) {
            assertThat(message("--require measured")).contains(why, directory + "/run/signals");
        }
    }

    @LabTest
    void aSensorThatVanishesWhileItIsReadGivesNoFigure() throws Exception {
        Lab.Run result = Lab.run(
                List.of("--rapl", "intel-2s", "--profile", "const:50"),
                Program.command(arguments("--adapter", net("vanish"), "--require", "measured")),
                Map.of(),
                Duration.ofMinutes(1));

        assertThat(result.exit()).as(result.stdout() + result.stderr()).isEqualTo(Exit.NO_SOURCE);
        assertThat(result.stderr().lines().filter(line -> line.contains("--require measured")))
                .singleElement()
                .asString()
                .contains("rapl:package-0", "vanished");
        List<WindowEnergy> windows = Analyzer.windows(recording()).stream()
                .filter(row -> row.window().kind() == Window.Kind.MEASURE
                        && row.channel().id().equals("rapl:package-0"))
                .toList();
        assertThat(windows).hasSize(2);
        assertThat(windows.get(0).integral()).isInstanceOf(Energy.class);
        assertThat(windows.get(1).integral()).isNotInstanceOf(Energy.class);
        assertThat(rows("compute")).singleElement().satisfies(row -> {
            assertThat(row.basis()).isEqualTo(Basis.UNAVAILABLE);
            assertThat(row.joules()).isEmpty();
        });
    }

    @ParameterizedTest
    @CsvSource({"file,     is a file", "file/run, Not a directory"})
    void anOutputBelowAFileIsRefused(String name, String why) throws Exception {
        Files.writeString(directory.resolve("file"), "x");
        Path output = directory.resolve(name);

        int exit = run("profile", "--adapter", net("good"), "-o", output.toString());

        assertThat(exit).isEqualTo(Exit.USAGE);
        assertThat(message("cannot write")).contains(output.toString(), why, "Name another directory with -o");
        assertThat(directory.resolve("file")).hasContent("x");
    }

    @Test
    void aDirectoryThatHasSomethingInItIsRefusedAndKept() throws Exception {
        assertThat(adapter("good")).as("%s%s", err, out).isZero();
        List<Window> before = measured();
        err.getBuffer().setLength(0);

        assertThat(adapter("good")).isEqualTo(Exit.USAGE);

        assertThat(message("cannot write")).contains("not empty", "Name another directory with -o");
        assertThat(measured()).hasSize(2).isEqualTo(before);
    }

    @Test
    void anOutputOnAReadOnlyFileSystemIsRefused() throws Exception {
        try (Mount mount = Mount.of(directory.resolve("disk"), "size=64k")) {
            mount.remount("ro");

            int exit = run(
                    "profile", "--adapter", net("good"), "-o", mount.at("run").toString());

            assertThat(exit).isEqualTo(Exit.USAGE);
            assertThat(message("cannot write"))
                    .contains(mount.at("run").toString(), "Read-only file system", "Name another directory with -o");
        }
    }

    @Test
    void aDiskThatIsFullAtOnceIsSaid() throws Exception {
        try (Mount mount = Mount.of(directory.resolve("disk"), "size=4k")) {
            int exit = adapter("good", "-o", mount.at("run").toString());

            assertThat(exit).as("%s%s", err, out).isEqualTo(Exit.BUG);
            assertThat(message("cannot write"))
                    .contains(mount.at("run").toString(), "the disk is full", "Free some space");
        }
    }

    @Test
    void aDiskThatFillsUpKeepsTheWindowsBefore() throws Exception {
        try (Mount mount = Mount.of(directory.resolve("disk"), "size=512k")) {
            Path run = mount.at("run");

            int exit = adapter("full", "-o", run.toString(), "--repeats", "20");

            assertThat(exit).as("%s%s", err, out).isEqualTo(Exit.BUG);
            assertThat(message("cannot write"))
                    .contains(
                            run.toString(),
                            "the disk is full",
                            "Free some space",
                            "is kept: neurojoule analyze " + run);
            assertThat(Recording.open(run).windows())
                    .filteredOn(window -> window.kind() == Window.Kind.MEASURE)
                    .isNotEmpty();
            assertThat(run("analyze", run.toString())).isZero();
            assertThat(out.toString()).contains("ESTIMATED", "windows-missing");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "exits, 'ended with exit code 7 before it answered run'",
        "hangs, 'its loop must end at the time asked'",
        "late,  'its loop must end at the time asked'",
        "junk,  'its loop must end at the time asked'",
        "lies,  'use CLOCK_MONOTONIC, t0 after the request is read'",
    })
    void aNetworkThatTurnsBadFailsItsCellAndKeepsTheRest(String how, String why) throws Exception {
        int exit = adapter(how);

        assertThat(exit).as("%s%s", err, out).isEqualTo(Exit.NETWORK_FAILED);
        assertThat(message(why)).contains("cpu-fp32-b4 gives no figure: python3 " + directory + "/net.py " + how);
        assertThat(hole(why)).contains("no such board");
        assertThat(err.toString()).contains(directory + "/run/workload/cpu.log", "no such board");
        assertThat(measured()).hasSize(1);
        assertThat(recording().cells())
                .singleElement()
                .satisfies(cell -> assertThat(cell.status()).isEqualTo("failed"));
        assertThat(rows("compute"))
                .singleElement()
                .satisfies(row -> assertThat(row.joules()).isEmpty());
        assertThat(directory.resolve("run/report/report.html")).exists();
        assertThat(survivors(directory.resolve("net.py"))).isEmpty();
    }

    @Test
    void aNetworkThatPrintsJunkBesideItsAnswersIsMeasured() throws Exception {
        int exit = adapter("chatty");

        assertThat(exit).as("%s%s", err, out).isZero();
        assertThat(measured()).hasSize(2);
        assertThat(directory.resolve("run/workload/cpu.log"))
                .content()
                .contains("loading shared library", "{not json}", "{\"some\": \"json\"}");
    }

    @Test
    void anInterruptKeepsTheWindowsBeforeAndLeavesNoProcess() throws Exception {
        Path run = directory.resolve("run");
        // A shell that runs in the background hands on an ignored SIGINT; a terminal does not.
        List<String> line = new ArrayList<>(List.of("env", "--default-signal=INT"));
        line.addAll(Program.command(arguments(
                "--adapter",
                "python3 " + Lab.root().resolve("examples/my_net.py") + " " + directory,
                "--batch",
                "8",
                "--seconds",
                "1",
                "--repeats",
                "50")));
        Process command = new ProcessBuilder(line).redirectErrorStream(true).start();
        BufferedReader said = command.inputReader(StandardCharsets.UTF_8);
        assertThat(said.lines().anyMatch(text -> text.contains("repeat 1:"))).isTrue();
        // A pass for latencies lasts 1 s, then comes the next process, with warm-up of 1 s and a measured window of 1
        // s.
        assertThat(command.waitFor(1500, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(survivors(Lab.root().resolve("examples/my_net.py"), Duration.ZERO))
                .isNotEmpty();

        shell("kill -INT " + command.pid());

        List<String> rest = said.readAllLines();
        assertThat(command.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(command.exitValue()).as("%s", rest).isEqualTo(Exit.INTERRUPTED);
        assertThat(rest)
                .filteredOn(text -> text.contains("interrupted"))
                .singleElement()
                .asString()
                .contains("what was recorded is kept", "neurojoule analyze " + run);
        assertThat(rest).noneMatch(text -> text.contains("Exception"));
        assertThat(measured())
                .isNotEmpty()
                .allSatisfy(window -> assertThat(window.seconds()).isGreaterThan(0.95));
        assertThat(run.resolve("report/report.html")).exists();
        assertThat(run("analyze", run.toString())).isZero();
        assertThat(out.toString()).contains("windows-missing");
        assertThat(survivors(directory)).isEmpty();
    }

    @Test
    void theNetworkRunsOnTheNamedProcessorsOnly() throws Exception {
        Path seen = directory.resolve("cpus");
        Files.writeString(
                directory.resolve("my.py"), """
                import re, sys
                status = open("/proc/self/status").read()
                open("%s", "w").write(re.search("Cpus_allowed_list:\\\\s*(.*)", status)[1])
                exec(open("%s").read())
                """.formatted(seen, Lab.root().resolve("examples/my_net.py")));

        int exit = profile(
                "--adapter", "python3 " + directory.resolve("my.py"), "--batch", "4", "--repeats", "1", "--cpus", "0");

        assertThat(exit).as("%s%s", err, out).isZero();
        assertThat(seen).hasContent("0");
        assertThat(measured()).hasSize(1);
    }

    @Test
    void aProcessorThatIsNotThereIsRefusedWithThoseThatAre() throws Exception {
        int exit = profile("--adapter", net("good"), "--batch", "4", "--cpus", "0,9999");

        assertThat(exit).as("%s%s", err, out).isEqualTo(Exit.USAGE);
        assertThat(out.toString()).contains("cannot be pinned to processors 0,9999", "Name some of these");
    }

    private List<ResultRow> rows(String boundary) throws IOException {
        return Analyzer.analyze(recording()).rows().stream()
                .filter(row ->
                        row.scope() == ResultRow.Scope.BOUNDARY && row.name().equals(boundary))
                .toList();
    }

    /// The path of the counter of one package; its zone is there, the counter is not.
    private Path zone() throws IOException {
        Path zone = Files.createDirectories(directory.resolve("sys/class/powercap/intel-rapl:0"));
        Files.writeString(zone.resolve("name"), "package-0\n");
        Files.writeString(zone.resolve("max_energy_range_uj"), "262143328850\n");
        return zone.resolve("energy_uj");
    }

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static void shell(String command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor())
                .as(command)
                .isZero();
    }

    private static List<String> survivors(Path mark) throws InterruptedException {
        return survivors(mark, Duration.ofSeconds(5));
    }

    /// Command lines of processes that still name the mark after so long.
    private static List<String> survivors(Path mark, Duration patience) throws InterruptedException {
        List<String> left = List.of();
        for (long polls = patience.toMillis() / 100; polls >= 0; polls--) {
            left = ProcessHandle.allProcesses()
                    .map(BadInputTest::commandLine)
                    .filter(line -> line.contains(mark.toString()))
                    .toList();
            if (left.isEmpty() || polls == 0) {
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

    /// A file system in memory, gone at the end; only root can make one.
    private record Mount(Path directory) implements AutoCloseable {
        static Mount of(Path directory, String options) throws IOException, InterruptedException {
            assumeTrue(isRoot(), "mounting needs root");
            Files.createDirectory(directory);
            int exit = new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "none", directory.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(new File("/dev/null"))
                    .start()
                    .waitFor();
            assumeTrue(exit == 0, "no mounts here");
            return new Mount(directory);
        }

        Path at(String name) {
            return directory.resolve(name);
        }

        void remount(String how) throws IOException, InterruptedException {
            shell("mount -o remount," + how + " " + directory);
        }

        @Override
        public void close() throws IOException {
            Process unmount = new ProcessBuilder("umount", directory.toString())
                    .inheritIO()
                    .start();
            assertThat(unmount.onExit().join().exitValue()).isZero();
        }
    }

    /// A counter that advances by 20 W until the sign is given; then its file holds something else.
    private record Counting(Thread thread, Path sign) implements AutoCloseable {
        static Counting start(Path counter, Path sign, String end) throws IOException {
            Files.writeString(counter, "%012d\n".formatted(1));
            Thread thread = Thread.ofPlatform().daemon().start(() -> count(counter, sign, end));
            return new Counting(thread, sign);
        }

        private static void count(Path counter, Path sign, String end) {
            long start = System.nanoTime();
            try (var file = new java.io.RandomAccessFile(counter.toFile(), "rw")) {
                while (!Files.exists(sign)) {
                    byte[] text = "%012d\n"
                            .formatted((System.nanoTime() - start) / 50)
                            .getBytes(StandardCharsets.US_ASCII);
                    file.seek(0);
                    file.write(text);
                    java.util.concurrent.locks.LockSupport.parkNanos(500_000);
                    if (Thread.interrupted()) {
                        return;
                    }
                }
                file.setLength(0);
                file.write(end.getBytes(StandardCharsets.US_ASCII));
                Files.delete(sign);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            thread.interrupt();
            assertThat(thread).satisfies(one -> one.join(Duration.ofSeconds(5)));
        }
    }
}
