package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.PhaseRow;
import io.neurojoule.analysis.PhaseRow.Method;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Span;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/// A network whose phases use known processor time, `spin` all of it and `rest` none, under sensors that are coupled to
/// it: each method's joules per phase against the laboratory's truth. The batch changes the mix.
class PhasesTruthTest {
    private static final String NETWORK = """
            import time, neurojoule

            def spin():
                end = time.thread_time_ns() + 30_000_000
                while time.thread_time_ns() < end:
                    pass

            class Network:
                def load(self, model, precision, device, options):
                    pass
                def prepare(self, batch, inputs):
                    self.seconds = 0.015 * batch
                def step(self, mark):
                    mark("spin", spin)
                    mark("rest", time.sleep, self.seconds)
                def only(self, phase):
                    if phase == "spin":
                        spin()
                    else:
                        time.sleep(self.seconds)

            neurojoule.serve(
                Network, name="known", precisions=["fp32"], phases=["spin", "rest"], isolable=["spin", "rest"])
            """;

    private static final String PROGRAM = """
            import os, socket, time
            profiler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            mark = lambda text: profiler.sendto(text.encode(), os.environ["NEUROJOULE_SOCKET"])
            for i in range(2):
                mark("begin spin")
                end = time.monotonic() + 0.7
                while time.monotonic() < end: pass
                mark("end spin")
                mark("begin rest"); time.sleep(0.7); mark("end rest")
            """;

    @TempDir
    Path directory;

    @LabTest
    void eachMethodAgreesWithTheTruth() throws Exception {
        Path network = Files.writeString(directory.resolve("network.py"), NETWORK);
        Path run = directory.resolve("run");
        Lab.Run lab = profile(
                run,
                "--adapter",
                "python3 " + network,
                "--precision",
                "fp32",
                "--batch",
                "1,4",
                "--phases",
                "--seconds",
                "1",
                "--repeats",
                "2",
                "--idle",
                "0.2");

        Recording recording = Recording.open(run);
        ExperimentResult result = Analyzer.analyze(recording);
        for (int batch : new int[] {1, 4}) {
            double spin = truth(lab.truth(), recording, batch, "spin");
            double rest = truth(lab.truth(), recording, batch, "rest");
            double whole = spin + rest;
            for (Method method : List.of(Method.ISOLATED, Method.MODELLED_REGRESSION)) {
                agrees(row(result, batch, "spin", method), spin, whole);
                agrees(row(result, batch, "rest", method), rest, whole);
            }
            PhaseRow cut = row(result, batch, "spin", Method.CUT);
            assertThat(cut.joules()).as("spans of 30 ms, readings every 100 ms").isEmpty();
            assertThat(cut.reason().orElseThrow()).contains("cannot be cut");
        }
        // What a share of time would have said of the longer rest of batch 4.
        assertThat(row(result, 4, "rest", Method.MODELLED_TIME_SHARE)
                        .joulesPerElement()
                        .orElseThrow())
                .isGreaterThan(2 * truth(lab.truth(), recording, 4, "rest"));
        assertThat(result.phases())
                .filteredOn(row -> row.method() != Method.CUT)
                .allSatisfy(row -> assertThat(row.basis()).isEqualTo(Basis.SIMULATED));
    }

    private static PhaseRow row(ExperimentResult result, int batch, String phase, Method method) {
        return result.phases().stream()
                .filter(row -> row.batch() == batch && row.phase().equals(phase) && row.method() == method)
                .findFirst()
                .orElseThrow();
    }

    /// Within a tenth of the whole step; on a machine with other load, within the interval that the row states.
    private static void agrees(PhaseRow row, double truth, double whole) {
        double each = row.joulesPerElement()
                .orElseThrow(() -> new AssertionError(row.reason().orElse("")));
        double stated = row.joulesPerElementHigh().orElse(each) - each;
        assertThat(each).as(row.toString()).isCloseTo(truth, within(Math.max(0.1 * whole, stated)));
    }

    @LabTest
    void spansThatAProgramMarksAgreeWithTheTruth() throws Exception {
        Path program = Files.writeString(directory.resolve("program.py"), PROGRAM);
        Path run = directory.resolve("run");
        Lab.Run lab = profile(run, "--idle", "0.2", "--", "python3", program.toString());

        Recording recording = Recording.open(run);
        ExperimentResult result = Analyzer.analyze(recording);
        for (String phase : List.of("spin", "rest")) {
            List<long[]> spans = recording.spans().stream()
                    .filter(span -> span.name().equals(phase))
                    .map(span -> new long[] {span.startNanos(), span.endNanos()})
                    .toList();
            PhaseRow row = row(result, 1, phase, Method.CUT);
            double truth = joules(lab.truth(), spans);

            assertThat(spans).hasSize(2);
            assertThat(row.occurrences()).contains(2L);
            assertThat(row.basis()).isEqualTo(Basis.SIMULATED);
            // An element is the run.
            assertThat(Math.abs(row.joules().orElseThrow() - truth))
                    .as("%s, truth %s J", row, truth)
                    .isLessThanOrEqualTo(row.boundJoulesPerElement().orElseThrow());
        }
        assertThat(row(result, 1, "spin", Method.CUT).joules().orElseThrow())
                .isGreaterThan(2 * row(result, 1, "rest", Method.CUT).joules().orElseThrow());
    }

    private static Lab.Run profile(Path run, String... arguments) throws Exception {
        List<String> command = Program.command(List.of("profile", "--simulated", "laboratory", "-o", run.toString()));
        command.addAll(List.of(arguments));
        Lab.Run lab = Lab.run(
                List.of("--rapl", "intel-2s", "--profile", "cpu:5,60", "--backend", "files"),
                command,
                Map.of("PYTHONPATH", Lab.root().resolve("python").toString()),
                Duration.ofMinutes(3));
        assertThat(lab.exit()).as(lab.stdout() + lab.stderr()).isZero();
        return lab;
    }

    /// Of both packages, in the spans that the network told while its phases were timed, per element.
    private static double truth(Path truth, Recording recording, int batch, String phase) throws Exception {
        List<Window> windows = recording.windows().stream()
                .filter(window ->
                        window.kind() == Window.Kind.PHASES && window.cellId().endsWith("-b" + batch))
                .toList();
        List<long[]> spans = recording.spans().stream()
                .filter(span -> span.name().equals(phase) && windows.stream().anyMatch(window -> isIn(window, span)))
                .map(span -> new long[] {span.startNanos(), span.endNanos()})
                .toList();
        return joules(truth, spans)
                / windows.stream().mapToLong(Window::elements).sum();
    }

    private static double joules(Path truth, List<long[]> spans) throws Exception {
        return Lab.truths(truth, spans).stream()
                .mapToDouble(sources -> sources.getOrDefault("pkg0", 0.0) + sources.getOrDefault("pkg1", 0.0))
                .sum();
    }

    private static boolean isIn(Window window, Span span) {
        return span.startNanos() >= window.startNanos() && span.endNanos() <= window.endNanos();
    }
}
