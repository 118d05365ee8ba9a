package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.JsonSchemaCheck;
import io.neurojoule.experiment.ExperimentFile;
import io.neurojoule.lab.Lab;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Window;
import io.neurojoule.report.JsonReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

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

    /// Steps of 1 ms at 40 per second: 960 ms of each second are idle.
    @Test
    void anOpenLoopIsACellOfItsOwn() throws Exception {
        Path file = Files.writeString(directory.resolve("load.yaml"), """
                version: 1
                name: load
                model: {name: none}
                matrix: {batch: [1], precision: [fp32], concurrency: [1], rate: [40]}
                targets:
                  cpu: {workload: {adapter: synthetic, options: {sleep: true}}}
                thresholds: ["cells[load=r40].latency_p99_seconds < 1ns"]
                method: {measure: {min_seconds: 1, min_updates: 1, repeats: 2}, idle: {seconds: 0.1}}
                """);

        int exit = run(
                "run",
                file.toString(),
                "--source",
                "synthetic,watts=100",
                "-o",
                directory.resolve("run").toString());

        assertThat(exit).as(printed.toString()).isEqualTo(Exit.THRESHOLD);
        var rows = JsonMapper.shared()
                .readTree(directory.resolve("run/report/results.json").toFile())
                .path("rows");
        List<String> loads = new java.util.ArrayList<>();
        rows.forEach(row -> {
            if (row.path("name").asString().equals("compute")) {
                loads.add(
                        row.path("cell_id").asString() + " " + row.path("load").asString());
                boolean open = row.path("load").asString().equals("r40");
                assertThat(row.path("elements_per_second").asDouble())
                        .as(row.toString())
                        .isBetween(open ? 20.0 : 200.0, open ? 65.0 : 1000.0);
                assertThat(row.path("latency_p50_seconds").asDouble()).isGreaterThan(0.0009);
            }
        });
        assertThat(loads).containsExactly("cpu-fp32-b1 c1", "cpu-fp32-b1-r40 r40");
        assertThat(printed.toString()).contains("40/s", "p99 latency", "threshold-exceeded [cpu-fp32-b1-r40]");
    }

    @Test
    void aScenarioSaysTheBatchAndTheLoad() {
        assertThat(profile("synthetic", "--scenario", "server")).isEqualTo(Exit.USAGE);
        assertThat(run("profile", "--scenario", "server")).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("say how many per second with --rate", "leave out --batch");
        assertThat(run("profile", "--scenario", "single-stream", "--rate", "4")).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("leave out --concurrency and --rate");
        assertThat(run("profile", "--server", "http://127.0.0.1:1", "--threads", "2"))
                .isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("do not go with it");
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
    void whatTheMachineIsAndHowItsSensorsReadIsKept() throws Exception {
        Path cpu = Files.createDirectories(directory.resolve("sys/devices/system/cpu/cpu0/cpufreq"));
        Files.writeString(cpu.resolve("scaling_governor"), "powersave\n");

        int exit = profile(
                "python3 " + Lab.root().resolve("examples/my_net.py"),
                "--sysfs",
                directory.resolve("sys").toString());

        assertThat(exit).as(printed.toString()).isZero();
        Recording recording = Recording.open(directory.resolve("run"));
        assertThat(recording.info().environment()).containsEntry("governor", "powersave");
        assertThat(recording.notes()).extracting("code").contains("governor-not-performance");
        assertThat(recording.info().sensors())
                .filteredOn(sensor -> sensor.id().equals("estimate:cpu"))
                .singleElement()
                .satisfies(sensor ->
                        assertThat(sensor.reads().orElseThrow().median()).isPositive());
    }

    @Test
    void whatTheCommandLineSaysAboutSourcesIsKeptInTheRun() throws Exception {
        int exit = profile(
                "python3 " + Lab.root().resolve("examples/my_net.py"),
                "--source",
                "synthetic,watts=100",
                "--boundary",
                "made-up=synthetic:*");

        assertThat(exit).as(printed.toString()).isZero();
        Path kept = directory.resolve("run/experiment.yaml");
        assertThat(ExperimentFile.parse(Files.readString(kept), "kept")
                        .target("cpu")
                        .sources()
                        .options())
                .isEqualTo(java.util.Map.of("synthetic", java.util.Map.of("watts", "100")));
        assertThat(run("analyze", directory.resolve("run").toString(), "--json", "--job-energy"))
                .isZero();
        assertThat(printed.toString()).contains("Slurm: the run was not part of a job");
        assertThat(printed.toString()).containsPattern("\"name\" : \"made-up\",\\s+\"basis\" : \"SIMULATED\"");
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
    void aBatchThatIsNoneIsRefused() {
        assertThat(profile("true", "--batch", "0")).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("batch");
        assertThat(profile("true", "--batch", "1000000000")).isEqualTo(Exit.USAGE);
    }

    @Test
    void anExperimentFileRunsAndWhatItKeepsIsTheSameExperiment() throws Exception {
        Path file = directory.resolve("my.yaml");
        Files.writeString(file, """
                version: 1
                name: my-net
                model: {name: my-net}
                matrix: {batch: [1, 8], precision: [fp32]}
                targets:
                  cpu:
                    workload: {adapter: command, command: [python3, %s]}
                method:
                  idle: {seconds: 0.1}
                  warmup: {min_seconds: 0.1}
                  measure: {min_seconds: 0.3, min_updates: 10, repeats: 2}
                  latency: {seconds: 0}
                """.formatted(Lab.root().resolve("examples/my_net.py")));

        int exit = run(
                "run",
                file.toString(),
                "--only",
                "batch=8",
                "-o",
                directory.resolve("run").toString());

        assertThat(exit).as(printed.toString()).isZero();
        Recording recording = Recording.open(directory.resolve("run"));
        assertThat(recording.windows())
                .filteredOn(window -> window.kind() == Window.Kind.MEASURE)
                .hasSize(2)
                .allSatisfy(window -> assertThat(window.cellId()).isEqualTo("cpu-fp32-b8"));
        assertThat(recording.windows())
                .filteredOn(window -> window.kind() == Window.Kind.IDLE_BARE)
                .isNotEmpty()
                .allSatisfy(window -> assertThat(window.cellId()).isEmpty());
        assertThat(ExperimentFile.parse(Files.readString(directory.resolve("run/experiment.yaml")), "kept"))
                .isEqualTo(ExperimentFile.parse(Files.readString(file), "given"));
    }

    @Test
    void aDryRunShowsThePlanAndRunsNothing() throws Exception {
        int exit = run(
                "run", Lab.root().resolve("examples/my-net.yaml").toString(), "--dry-run", "-D", "method.repeats=2");

        assertThat(exit).as(printed.toString()).isZero();
        assertThat(printed.toString()).contains("3 cells × 2 repeats", "repeat 2");
    }

    @Test
    void carbonIsAFigureWithTheSourceOfItsIntensity() throws Exception {
        assertThat(demanding("}\n  latency: {seconds: 0}\ncarbon: {intensity_g_per_kwh: 300, source: my grid}\n"))
                .as(printed.toString())
                .isZero();

        assertThat(printed.toString()).contains("carbon_g_per_element", "300.0 g/kWh, as my grid states");
    }

    /// A short experiment with the printed adapter, and more keys.
    private int demanding(String more) throws Exception {
        Path file = directory.resolve("demanding.yaml");
        Files.writeString(file, """
                version: 1
                name: my-net
                model: {name: my-net}
                matrix: {batch: [8], precision: [fp32]}
                targets:
                  cpu:
                    label: my desk
                    workload: {adapter: command, command: [python3, %s]}
                    sources: {want: ["snmp:*"]}
                    place: {executor: local}
                method:
                  idle: {seconds: 0.1}
                  warmup: {min_seconds: 0.1}
                  measure: {min_seconds: 0.2, min_updates: 5, repeats: 2%s
                """.formatted(Lab.root().resolve("examples/my_net.py"), more));
        return run("run", file.toString(), "-o", directory.resolve("run").toString());
    }

    @Test
    void aViolatedGateMarksTheCellKeepsItsFigureAndExitsFive() throws Exception {
        int exit = demanding("}\n  latency: {seconds: 0}\ngates: {repeat_cv: 0.000001%}");

        assertThat(exit).as(printed.toString()).isEqualTo(Exit.GATE);
        assertThat(printed.toString()).contains("gate-repeat-cv [cpu-fp32-b8]", "J/element");
        printed.getBuffer().setLength(0);
        assertThat(run("analyze", directory.resolve("run").toString())).isZero();
        assertThat(printed.toString()).contains("gate-repeat-cv [cpu-fp32-b8]");
    }

    @Test
    void theReportsAreThoseThatTheFileAsksFor() throws Exception {
        int exit = demanding("}\n  latency: {seconds: 0}\noutput: {report: [text], export: [latex]}");

        assertThat(exit).as(printed.toString()).isZero();
        assertThat(directory.resolve("run/report/report.txt")).exists();
        assertThat(directory.resolve("run/report/results.tex")).exists();
        assertThat(directory.resolve("run/report/report.html")).doesNotExist();
        assertThat(run("report", directory.resolve("run").toString(), "--to", "htlm"))
                .isEqualTo(Exit.USAGE);
        assertThat(demanding("}\noutput: {report: [pfd]}")).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("no report format called 'pfd'");
    }

    @Test
    void anAdapterThatDoesNotExistIsRefusedWithTheNearestOne() throws Exception {
        Path file = directory.resolve("my.yaml");
        Files.writeString(
                file,
                Files.readString(Lab.root().resolve("examples/my-net.yaml"))
                        .replaceFirst("adapter: command, command: \\[[^\\]]*\\]", "adapter: synthetc"));

        assertThat(run("run", file.toString())).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("no network called 'synthetc'; did you mean 'synthetic'?");
    }

    @Test
    void aMissedThresholdExitsSixAndAWantedSourceThatIsNotThereIsSaid() throws Exception {
        int exit = demanding("}\n  latency: {seconds: 0}\nthresholds: ['cells.joules_per_element < 1nJ']");

        assertThat(exit).as(printed.toString()).isEqualTo(Exit.THRESHOLD);
        assertThat(printed.toString()).contains("threshold-exceeded", "source-wanted", "'snmp:*'");
    }

    @Test
    void anIntervalThatIsTooWideIsRepeatedUntilThereAreAsManyRepeatsAsAllowed() throws Exception {
        int exit = demanding(", until: {ci_half_width: 0.0001%}, max_repeats: 4}\n  latency: {seconds: 0}");

        assertThat(exit).as(printed.toString()).isZero();
        assertThat(Recording.open(directory.resolve("run")).windows())
                .filteredOn(window -> window.kind() == Window.Kind.MEASURE)
                .extracting(Window::repeat)
                .containsExactly(1, 2, 3, 4);
    }

    @Test
    void anIntervalThatIsNarrowEnoughIsNotRepeated() throws Exception {
        int exit = demanding(", until: {ci_half_width: 100000%}, max_repeats: 4}\n  latency: {seconds: 0}");

        assertThat(exit).as(printed.toString()).isZero();
        Recording recording = Recording.open(directory.resolve("run"));
        assertThat(recording.windows())
                .filteredOn(window -> window.kind() == Window.Kind.MEASURE)
                .hasSize(2)
                .allSatisfy(window -> {
                    double used = window.conditions().networkCpuSeconds().getAsDouble();
                    assertThat(used).as("one busy thread for 0.2 s").isBetween(0.05, 0.6);
                });
        assertThat(recording.info().labels()).containsEntry("cpu", "my desk");
    }

    @Test
    void anUnknownKeyIsAnErrorWithItsPlace() throws Exception {
        Path file = directory.resolve("my.yaml");
        Files.writeString(file, "version: 1\nname: x\nmodle: {name: x}\n");

        assertThat(run("run", file.toString())).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("my.yaml:3:1", "did you mean 'model'?");
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

    @Test
    void anAnonymousReportNamesNeitherHostNorUser() throws Exception {
        assertThat(profile("python3 " + Lab.root().resolve("examples/my_net.py")))
                .isZero();
        Path run = directory.resolve("run");
        Recording recording = Recording.open(run);
        Path json = run.resolve("report/results.json");
        assertThat(Files.readString(json)).contains("\"host\"");

        assertThat(run("report", run.toString(), "--anonymous")).isZero();

        assertThat(Files.readString(json)).doesNotContain("\"host\"", "\"user\"");
        assertThat(Files.readString(run.resolve("report/report.html")))
                .doesNotContain(">" + recording.info().host() + "<");
    }

    @Test
    void theJsonOfARunIsValidBySchemaAlsoWhenThereIsAHole() throws Exception {
        assertThat(profile("python3 " + Lab.root().resolve("examples/my_net.py"), "--precision", "int8"))
                .isZero();

        assertThat(JsonSchemaCheck.of(JsonReport.class, "results.schema.json")
                        .errors(JsonMapper.shared()
                                .readTree(Files.readString(directory.resolve("run/report/results.json")))))
                .isEmpty();
    }

    @Test
    void aReportFormatThatThereIsNotIsRefusedWithTheOnesThatThereAre() {
        assertThat(run("report", directory.toString(), "--to", "csv,latx")).isEqualTo(Exit.USAGE);

        assertThat(printed.toString())
                .contains("no report format called 'latx'; did you mean 'latex'?", "csv, html, json, latex, text");
        assertThat(directory.resolve("report")).doesNotExist();
    }

    @Test
    void theHelpListsTheReportFormats() {
        assertThat(run("report", "--help")).isZero();

        assertThat(printed.toString()).contains("csv, html, json, latex, text");
    }

    @Test
    void sourcesAreListedAsJsonAndWatched() {
        assertThat(run("sources", "--json")).isZero();
        assertThat(JsonMapper.shared().readTree(printed.toString()).path("channels"))
                .isNotEmpty();

        assertThat(run("sources", "--watch", "--for", "1")).isZero();
        assertThat(printed.toString()).containsPattern("[0-9] .?W (MEASURED|ESTIMATED)");
    }

    @Test
    void aBoundaryThatMatchesNothingIsRefused() {
        assertThat(profile("true", "--boundary", "wall=snmp:*")).isEqualTo(Exit.USAGE);
        assertThat(printed.toString()).contains("no source matches 'snmp:*'");
    }

    private int program(String... arguments) {
        java.util.ArrayList<String> all = new java.util.ArrayList<>(List.of(
                "profile",
                "--idle",
                "0.1",
                "--source",
                "synthetic,watts=100",
                "-o",
                directory.resolve("run").toString()));
        all.addAll(List.of(arguments));
        return run(all.toArray(String[]::new));
    }

    @Test
    void anyProgramIsMeasuredAsItIs() throws Exception {
        int exit = program("--elements", "40", "--repeats", "2", "--", "sh", "-c", "sleep 0.4", "--batch");

        assertThat(exit).as(printed.toString()).isZero();
        Recording recording = Recording.open(directory.resolve("run"));
        assertThat(recording.windows())
                .filteredOn(window -> window.kind() == Window.Kind.MEASURE)
                .hasSize(2)
                .allSatisfy(window -> {
                    assertThat(window.elements()).isEqualTo(40);
                    assertThat(window.seconds()).isGreaterThanOrEqualTo(0.4);
                });
        assertThat(recording.notes()).extracting("code").contains("program-whole");
        assertThat(recording.spans()).extracting("name").containsExactly("run", "run");
        assertThat(run("analyze", directory.resolve("run").toString())).isZero();
    }

    @Test
    void aSourceThatShowsItsLastValueLateIsWaitedForWithAWord() throws Exception {
        int exit = program(
                "--source",
                "command:plug,run=while echo 12; do sleep 0.5; done,unit=W,kind=wall,refresh=1.6",
                "--",
                "sleep",
                "0.4");

        assertThat(exit).as(printed.toString()).isZero();
        assertThat(printed.toString()).contains("  waiting 3.2 s for the last value of command:plug");
        assertThat(run("analyze", directory.resolve("run").toString(), "--json"))
                .isZero();
        assertThat(printed.toString()).doesNotContain("not-covered");
    }

    @Test
    void aProgramThatFailsHasNoFigureAndWhatDoesNotGoWithAProgramIsRefused() {
        assertThat(program("--", "sh", "-c", "exit 9")).as(printed.toString()).isEqualTo(Exit.NETWORK_FAILED);
        assertThat(printed.toString()).contains("exit code 9", "no cell has a figure");
        assertThat(program("--batch", "8", "--", "true")).isEqualTo(Exit.USAGE);
        assertThat(program("--layers", "--", "true")).isEqualTo(Exit.USAGE);
        assertThat(program("model.onnx", "--", "true")).isEqualTo(Exit.USAGE);
        assertThat(program("--roi", "a", "b", "model.onnx")).isEqualTo(Exit.USAGE);
        assertThat(program("--")).isEqualTo(Exit.USAGE);
        assertThat(program("one.onnx", "two.onnx")).isEqualTo(Exit.USAGE);
    }
}
