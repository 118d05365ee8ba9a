package io.neurojoule.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.PhaseRow.Method;
import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Conditions;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Span;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// A machine whose power in each phase is known: 100 W in `execute`, 20 W in `copy`. Windows last 10 s, of which
/// `execute` takes a share that depends on the batch; the counter is read every 10 ms.
class PhaseEnergyTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long MILLI = 1_000_000L;
    private static final double EXECUTE_WATTS = 100;
    private static final double COPY_WATTS = 20;

    private final List<Window> windows = new ArrayList<>();
    private final List<Span> spans = new ArrayList<>();
    private final List<Double> watts = new ArrayList<>();
    private OptionalInt goneAfter = OptionalInt.empty();

    /// A window of ten steps of a second: first `execute`, then `copy`.
    private void steps(Window.Kind kind, int batch, double execute, Map<String, Long> phaseNanos) {
        long start = watts.size() * 10L * MILLI;
        for (int step = 0; step < 10; step++) {
            long at = start + step * SECOND;
            for (int i = 0; i < 100; i++) {
                watts.add(i < Math.round(execute * 100) ? EXECUTE_WATTS : COPY_WATTS);
            }
            if (kind == Window.Kind.MEASURE) {
                spans.add(new Span("execute", at, at + Math.round(execute * 100) * 10 * MILLI));
                spans.add(new Span("blink", at, at + 5 * MILLI));
            }
        }
        window(kind, batch, start, phaseNanos);
    }

    private void window(Window.Kind kind, int batch, long start, Map<String, Long> phaseNanos) {
        windows.add(new Window(
                "w" + windows.size(),
                "cpu-fp32-b" + batch,
                1,
                kind,
                start,
                watts.size() * 10L * MILLI,
                10,
                10L * batch,
                true,
                Conditions.UNKNOWN,
                phaseNanos));
    }

    private void phases(int batch, double execute) {
        long nanos = Math.round(execute * 10 * SECOND);
        steps(Window.Kind.PHASES, batch, execute, Map.of("execute", nanos, "copy", 10 * SECOND - nanos));
    }

    private void alone(int batch, String phase, double perStep) {
        long start = watts.size() * 10L * MILLI;
        for (int i = 0; i < Math.round(perStep * 1000); i++) {
            watts.add(phase.equals("execute") ? EXECUTE_WATTS : COPY_WATTS);
        }
        window(Window.Kind.ISOLATED, batch, start, Map.of(phase, watts.size() * 10L * MILLI - start));
    }

    private ExperimentResult analyze() {
        int n = goneAfter.orElse(watts.size()) + 1;
        long[] times = new long[n];
        long[] raw = new long[n];
        double joules = 0;
        for (int i = 0; i < n; i++) {
            times[i] = i * 10L * MILLI;
            raw[i] = Math.round(joules * 1e6);
            joules += i < watts.size() ? watts.get(i) * 0.01 : 0;
        }
        Channel channel = Channel.counter(
                "rapl:package-0", Component.of(Component.Kind.CPU, "package-0"), 1e-6, 0, Duration.ofMillis(10));
        RunInfo info = new RunInfo(
                RunInfo.FORMAT,
                "test",
                "run",
                "frame",
                Instant.EPOCH,
                0,
                "",
                "",
                "",
                false,
                Optional.empty(),
                Map.of("compute", List.of("rapl:package-0")),
                "compute",
                List.of(new RunInfo.SensorInfo(
                        "rapl:package-0",
                        "signals/x.csv",
                        "test",
                        Duration.ofMillis(10),
                        Optional.empty(),
                        List.of(channel),
                        Optional.empty())),
                Map.of(),
                Map.of(),
                Optional.empty());
        List<CellRecord> cells = windows.stream()
                .map(window -> window.cellId())
                .distinct()
                .map(id -> CellRecord.of(id, "cpu", "net", "fp32", Integer.parseInt(id.substring(10))))
                .toList();
        return Analyzer.analyze(new Recording(
                Path.of("."),
                info,
                JsonMapper.shared().readTree("{\"repeats\": 1, \"cells\": []}"),
                List.of(new Signal(channel, times, new long[n], raw, List.of())),
                spans,
                windows,
                cells,
                List.of(),
                List.<Note>of()));
    }

    private static PhaseRow row(ExperimentResult result, int batch, String phase, Method method) {
        return result.phases().stream()
                .filter(row -> row.batch() == batch && row.phase().equals(phase) && row.method() == method)
                .findFirst()
                .orElseThrow();
    }

    private static List<String> codes(ExperimentResult result) {
        return result.findings().stream().map(Finding::code).toList();
    }

    @Test
    void spansThatAreLongEnoughAreCutAndShortOnesAreNot() {
        steps(Window.Kind.MEASURE, 2, 0.4, Map.of());

        ExperimentResult result = analyze();

        PhaseRow execute = row(result, 2, "execute", Method.CUT);
        assertThat(execute.basis()).isEqualTo(Basis.MEASURED);
        assertThat(execute.occurrences()).contains(10L);
        // Ten spans of 0.4 s at 100 W; 20 elements.
        assertThat(execute.joules().orElseThrow()).isCloseTo(400, within(1e-3));
        assertThat(execute.joulesPerOccurrence().orElseThrow()).isCloseTo(40, within(1e-4));
        assertThat(execute.joulesPerElement().orElseThrow()).isCloseTo(20, within(1e-4));
        PhaseRow blink = row(result, 2, "blink", Method.CUT);
        assertThat(blink.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(blink.joules()).isEmpty();
        assertThat(blink.reason().orElseThrow()).contains("10 of 10 spans");
    }

    @Test
    void regressionFindsThePowerOfEachPhaseWhereTheMixVaries() {
        for (int repeat = 0; repeat < 2; repeat++) {
            phases(1, 0.2);
            phases(8, 0.5);
            phases(64, 0.8);
        }

        ExperimentResult result = analyze();

        PhaseRow execute = row(result, 8, "execute", Method.MODELLED_REGRESSION);
        assertThat(execute.basis()).isEqualTo(Basis.MODELLED);
        assertThat(execute.watts().orElseThrow()).isCloseTo(EXECUTE_WATTS, within(1e-3));
        assertThat(execute.wattsStandardError().orElseThrow()).isLessThan(1e-3);
        // Two windows of 5 s in this phase, 160 elements.
        assertThat(execute.joulesPerElement().orElseThrow()).isCloseTo(1000 / 160.0, within(1e-4));
        assertThat(row(result, 8, "copy", Method.MODELLED_REGRESSION).watts().orElseThrow())
                .isCloseTo(COPY_WATTS, within(1e-3));
        // What a share of time would say: half of the window's 60 W.
        PhaseRow share = row(result, 8, "copy", Method.MODELLED_TIME_SHARE);
        assertThat(share.basis()).isEqualTo(Basis.MODELLED);
        assertThat(share.watts().orElseThrow()).isCloseTo(60, within(1e-3));
        assertThat(codes(result)).doesNotContain("phases-same-mix");
    }

    /// The other batches tell the power of each phase, but nothing was read while this one ran.
    @Test
    void aCellWithoutReadingsHasNoModelledFigure() {
        for (int repeat = 0; repeat < 2; repeat++) {
            phases(1, 0.2);
            phases(64, 0.8);
        }
        goneAfter = OptionalInt.of(watts.size());
        phases(8, 0.5);

        ExperimentResult result = analyze();

        PhaseRow execute = row(result, 8, "execute", Method.MODELLED_REGRESSION);
        assertThat(execute.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(execute.joules()).isEmpty();
        assertThat(row(result, 1, "execute", Method.MODELLED_REGRESSION).watts().orElseThrow())
                .isCloseTo(EXECUTE_WATTS, within(1e-3));
    }

    @Test
    void aMixThatHardlyVariesGivesNoRegressionAndAFinding() {
        for (int repeat = 0; repeat < 4; repeat++) {
            phases(1, 0.50 + 0.01 * (repeat % 2));
        }

        ExperimentResult result = analyze();

        PhaseRow execute = row(result, 1, "execute", Method.MODELLED_REGRESSION);
        assertThat(execute.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(execute.joulesPerElement()).isEmpty();
        assertThat(codes(result)).contains("phases-same-mix");
    }

    @Test
    void tooFewWindowsGiveNoRegression() {
        phases(1, 0.2);
        phases(8, 0.8);

        PhaseRow execute = row(analyze(), 1, "execute", Method.MODELLED_REGRESSION);

        assertThat(execute.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(execute.reason().orElseThrow()).contains("too few");
    }

    @Test
    void phasesAloneThatAddUpToTheWholeAreFineAndOthersInteract() {
        steps(Window.Kind.MEASURE, 1, 0.4, Map.of());
        phases(1, 0.4);
        alone(1, "execute", 0.4);
        alone(1, "copy", 0.6);

        ExperimentResult result = analyze();

        PhaseRow execute = row(result, 1, "execute", Method.ISOLATED);
        assertThat(execute.basis()).isEqualTo(Basis.MEASURED);
        assertThat(execute.joulesPerElement().orElseThrow()).isCloseTo(40, within(1e-3));
        assertThat(codes(result)).contains("phases-slowdown").doesNotContain("phases-interact");

        alone(1, "copy", 1.5); // alone it takes longer: its mean is now 1.05 s
        assertThat(codes(analyze())).contains("phases-interact");
    }

    @Test
    void timeOutsideOfAllPhasesHasAPowerOfItsOwn() {
        for (double execute : new double[] {0.2, 0.4, 0.6, 0.8}) {
            long nanos = Math.round(execute * 10 * SECOND);
            steps(Window.Kind.PHASES, 1, execute, Map.of("execute", nanos));
        }

        ExperimentResult result = analyze();

        assertThat(row(result, 1, PhaseEnergy.OUTSIDE, Method.MODELLED_REGRESSION)
                        .watts()
                        .orElseThrow())
                .isCloseTo(COPY_WATTS, within(1e-3));
    }
}
