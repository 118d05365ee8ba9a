package io.neurojoule.report;

import io.neurojoule.analysis.CellResult;
import io.neurojoule.analysis.CounterCheck;
import io.neurojoule.analysis.Delay;
import io.neurojoule.analysis.DerivedFigure;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.LayerResult;
import io.neurojoule.analysis.Observed;
import io.neurojoule.analysis.PhaseRow;
import io.neurojoule.analysis.Quality;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.analysis.Severity;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// A result made by hand, with every kind of row and with text that would break a careless writer.
final class MadeResult {
    static final String HOSTILE = "says \"no\", </script><script>alert(1)</script> & 'more'\nnext line: größer";

    static final String HOST = "node1-of-somewhere";
    static final String USER = "somebody";

    private MadeResult() {}

    /// The result with these rows, no cells, and one missing window.
    static ExperimentResult with(List<ResultRow> rows) {
        ExperimentResult made = result();
        return new ExperimentResult(
                1,
                made.tool(),
                made.run(),
                made.boundaries(),
                rows,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                made.missingWindows(),
                List.of(),
                List.of());
    }

    private static Observed wellKnown() {
        Component gpu = Component.of(Component.Kind.ACCELERATOR, "gpu-0000:41:00.0");
        return new Observed(
                Channel.counter("nvml:0000:41:00.0/energy", gpu, 1e-3, 0, Duration.ofMillis(100))
                        .withSeenShare(0.25),
                Optional.of(Duration.ofMillis(99)),
                Optional.of(Duration.ofMillis(101)),
                Optional.of(Duration.ofMillis(98)),
                Optional.of(Duration.ofMillis(50)),
                new Delay(OptionalDouble.of(0.11), Optional.empty()));
    }

    private static Observed hardlyKnown() {
        Component node = Component.of(Component.Kind.NODE, "node");
        return new Observed(
                Channel.power("ipmi:node", node, 1, Duration.ZERO, Duration.ZERO),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new Delay(OptionalDouble.empty(), Optional.of(HOSTILE)));
    }

    static ExperimentResult result() {
        List<ResultRow> rows = new ArrayList<>();
        List<CellResult> cells = new ArrayList<>();
        double[] fp32 = {31.2e-3, 3.31e-3, 2.87e-3};
        double[] int8 = {9.1e-3, 1.1e-3, 1.05e-3};
        int[] batches = {1, 64, 1024};
        for (int i = 0; i < 3; i++) {
            add(rows, cells, "cpu", "fp32", batches[i], fp32[i], 0.01, Basis.MEASURED, OptionalDouble.of(1));
            add(rows, cells, "cpu", "int8", batches[i], int8[i], 0.04, Basis.ESTIMATED, OptionalDouble.of(0.99871234));
        }
        for (int batch : new int[] {1, 2, 4, 8, 4096}) {
            double joules = 0.02 / Math.sqrt(batch);
            add(rows, cells, "gpu", "fp32", batch, joules, 0.02, Basis.SIMULATED, OptionalDouble.of(1));
        }
        rows.add(absent("cpu-fp16-1", "fp16", HOSTILE));
        cells.add(cell("cpu-fp16-1", "cpu", "fp16", 1, "unsupported", Optional.of(HOSTILE), OptionalDouble.empty()));
        Map<String, List<String>> boundaries = new LinkedHashMap<>();
        boundaries.put("compute", List.of("rapl:package-0", "rapl:package-1"));
        boundaries.put("node", List.of());
        return new ExperimentResult(
                1,
                "neurojoule 0.1.0",
                new ExperimentResult.RunSummary(
                        "vgg10 <b>&",
                        "2026-11-23T03:15:00Z",
                        HOST,
                        USER,
                        "Made CPU ×2",
                        "frame",
                        true,
                        "compute",
                        "",
                        Map.of(),
                        Map.of("kernel", "5.14", "governor", "performance")),
                boundaries,
                rows,
                cells,
                phases(),
                List.of(
                        layer("conv " + HOSTILE, "Conv", 0.75, OptionalDouble.of(0.02)),
                        layer("fc", "Gemm", 0.2, OptionalDouble.empty()),
                        layer(LayerResult.UNATTRIBUTED, "", 0.05, OptionalDouble.empty())),
                List.of(
                        new DerivedFigure(
                                "cpu-fp32-1",
                                "driver_share",
                                "",
                                OptionalDouble.of(0.9),
                                OptionalDouble.empty(),
                                Basis.DERIVED,
                                Optional.empty()),
                        new DerivedFigure(
                                "cpu-fp32-1",
                                "setup_joules:load_bitfile",
                                "J",
                                OptionalDouble.of(3.5),
                                OptionalDouble.of(0.5),
                                Basis.DERIVED,
                                Optional.empty()),
                        new DerivedFigure(
                                "cpu-fp32-1",
                                "driver_free_joules",
                                "J",
                                OptionalDouble.empty(),
                                OptionalDouble.empty(),
                                Basis.UNAVAILABLE,
                                Optional.of(HOSTILE))),
                List.of(
                        Finding.of("clocks-not-locked", Severity.INFO, "Clocks were free. Lock them for less spread."),
                        Finding.of("foreign-load", Severity.WARNING, HOSTILE)
                                .inCell("cpu-fp32-1")
                                .onChannel("rapl:package-0")
                                .inWindow("w0003")),
                List.of("cpu-fp32-1#3"),
                List.of(wellKnown(), hardlyKnown()),
                List.of(
                        new CounterCheck(
                                "nvml:0000:41:00.0/energy",
                                "nvml:0000:41:00.0/power",
                                40,
                                0,
                                OptionalDouble.of(0.98765)),
                        new CounterCheck("rapl:package-0", "hwmon:0000:00:18.3/power1", 0, 0, OptionalDouble.empty())));
    }

    private static LayerResult layer(String name, String operator, double share, OptionalDouble alone) {
        return new LayerResult(
                "cpu-fp32-1",
                name,
                operator,
                share,
                OptionalDouble.of(share * 0.0312),
                Basis.MODELLED,
                alone,
                alone.isPresent() ? OptionalDouble.of(0.001) : alone,
                alone.isPresent() ? Optional.of(Basis.DERIVED) : Optional.empty(),
                Optional.empty());
    }

    private static void add(
            List<ResultRow> rows,
            List<CellResult> cells,
            String target,
            String precision,
            int batch,
            double joules,
            double spread,
            Basis basis,
            OptionalDouble agreement) {
        String id = target + "-" + precision + "-" + batch;
        rows.add(row(
                id, target, precision, batch, ResultRow.Scope.CHANNEL, "rapl:package-0", basis, joules / 2, spread));
        rows.add(row(id, target, precision, batch, ResultRow.Scope.BOUNDARY, "compute", basis, joules, spread));
        cells.add(cell(id, target, precision, batch, "measured", Optional.empty(), agreement));
    }

    static ResultRow row(
            String id,
            String target,
            String precision,
            int batch,
            ResultRow.Scope scope,
            String name,
            Basis basis,
            double joules,
            double spread) {
        return row(id, target, precision, batch, scope, name, basis, basis.derived(), joules, spread);
    }

    /// A figure at the headline boundary.
    static ResultRow boundary(String id, Basis basis, Basis aboveIdle) {
        return row(id, "cpu", "fp32", 1, ResultRow.Scope.BOUNDARY, "compute", basis, aboveIdle, 0.0312, 0.01);
    }

    static ResultRow onTarget(String target) {
        return row(
                "c1", target, "fp32", 1, ResultRow.Scope.BOUNDARY, "compute", Basis.MEASURED, Basis.DERIVED, 1, 0.01);
    }

    private static ResultRow row(
            String id,
            String target,
            String precision,
            int batch,
            ResultRow.Scope scope,
            String name,
            Basis basis,
            Basis aboveIdle,
            double joules,
            double spread) {
        double rate = 340.0 / joules;
        long elements = Math.round(rate * 10);
        return new ResultRow(
                id,
                target,
                "vgg10",
                precision,
                batch,
                scope,
                name,
                basis,
                5,
                OptionalDouble.of(10),
                Optional.of(elements),
                OptionalDouble.of(joules * elements),
                OptionalDouble.of(joules * rate),
                OptionalDouble.of(joules),
                OptionalDouble.of(joules * (1 - spread)),
                OptionalDouble.of(joules * (1 + spread)),
                OptionalDouble.of(joules * 0.002),
                OptionalDouble.of(joules * elements * 0.4),
                OptionalDouble.of(joules * 0.4),
                OptionalDouble.of(joules * 0.38),
                OptionalDouble.of(joules * 0.42),
                Optional.of(aboveIdle),
                OptionalDouble.of(rate),
                OptionalDouble.of(rate * 0.99),
                OptionalDouble.of(rate * 1.01),
                OptionalDouble.of(batch / rate),
                OptionalDouble.of(batch / rate * 1.1),
                OptionalDouble.empty(),
                Optional.empty(),
                "c1");
    }

    /// Each method, with a figure and without.
    static List<PhaseRow> phases() {
        OptionalDouble none = OptionalDouble.empty();
        return List.of(
                new PhaseRow(
                        "cpu-fp32-1",
                        "cpu",
                        "fp32",
                        1,
                        "pack",
                        PhaseRow.Method.ISOLATED,
                        Basis.MEASURED,
                        2,
                        OptionalDouble.of(10),
                        Optional.of(500L),
                        OptionalDouble.of(50),
                        OptionalDouble.of(5),
                        none,
                        OptionalDouble.of(0.1),
                        OptionalDouble.of(0.1),
                        OptionalDouble.of(0.09),
                        OptionalDouble.of(0.11),
                        OptionalDouble.of(0.001),
                        Optional.empty()),
                new PhaseRow(
                        "cpu-fp32-1",
                        "cpu",
                        "fp32",
                        1,
                        "execute, <b>all</b>",
                        PhaseRow.Method.MODELLED_REGRESSION,
                        Basis.MODELLED,
                        6,
                        OptionalDouble.of(8),
                        Optional.empty(),
                        OptionalDouble.of(40),
                        OptionalDouble.of(5),
                        OptionalDouble.of(0.5),
                        none,
                        OptionalDouble.of(0.08),
                        OptionalDouble.of(0.07),
                        OptionalDouble.of(0.09),
                        OptionalDouble.of(0.001),
                        Optional.empty()),
                new PhaseRow(
                        "cpu-fp32-1",
                        "cpu",
                        "fp32",
                        1,
                        "pack",
                        PhaseRow.Method.CUT,
                        Basis.UNAVAILABLE,
                        2,
                        none,
                        Optional.of(500L),
                        none,
                        none,
                        none,
                        none,
                        none,
                        none,
                        none,
                        none,
                        Optional.of(HOSTILE)));
    }

    static ResultRow absent(String id, String precision, String reason) {
        OptionalDouble none = OptionalDouble.empty();
        return new ResultRow(
                id,
                "cpu",
                "vgg10",
                precision,
                1,
                ResultRow.Scope.BOUNDARY,
                "compute",
                Basis.UNAVAILABLE,
                3,
                none,
                Optional.empty(),
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                Optional.empty(),
                none,
                none,
                none,
                none,
                none,
                none,
                Optional.of(reason),
                "c1");
    }

    private static CellResult cell(
            String id,
            String target,
            String precision,
            int batch,
            String status,
            Optional<String> reason,
            OptionalDouble agreement) {
        return new CellResult(
                id,
                target,
                precision,
                batch,
                status,
                reason,
                agreement,
                OptionalDouble.of(0.25),
                OptionalDouble.empty(),
                OptionalDouble.of(12.5),
                OptionalDouble.of(0.4),
                Optional.of(Basis.MEASURED),
                OptionalLong.of(123_456_789),
                Map.of("float32", 0.25, "int8", 0.75),
                Map.of("threads", "64"),
                new Quality(
                        OptionalDouble.of(0.01),
                        OptionalDouble.empty(),
                        OptionalDouble.of(0.002),
                        OptionalDouble.of(0.015),
                        OptionalLong.of(0)));
    }

    static List<Window> windows() {
        return List.of(
                new Window("w0001", "", 0, Window.Kind.IDLE_BARE, at(0), at(2), 0, 0, false),
                new Window("w0002", "cpu-fp32-1", 0, Window.Kind.WARMUP, at(3), at(4), 10, 10, true),
                new Window("w0003", "cpu-fp32-1", 1, Window.Kind.MEASURE, at(4), at(9), 100, 100, true),
                new Window("w0004", "cpu-fp32-1", 2, Window.Kind.MEASURE, at(11), at(16), 100, 100, true));
    }

    /// A counter that is set back once and misses a read, and a power value.
    static List<Signal> signals() {
        int n = 180;
        long[] times = new long[n];
        long[] counter = new long[n];
        long[] milliwatts = new long[n];
        long total = 0;
        for (int i = 0; i < n; i++) {
            times[i] = at(i * 0.1);
            boolean busy = (i >= 40 && i < 90) || (i >= 110 && i < 160);
            long watts = (busy ? 431L : 204L) + i % 7;
            total = i == 100 ? 0 : total + watts * 100_000;
            counter[i] = total;
            milliwatts[i] = (busy ? 250_000 : 55_000) + (i * 37 % 11) * 500L;
        }
        Component cpu = Component.of(Component.Kind.CPU, "package-0");
        Component gpu = Component.of(Component.Kind.ACCELERATOR, "gpu0");
        return List.of(
                new Signal(
                        Channel.counter("rapl:package-0", cpu, 1e-6, 0, Duration.ofMillis(1)),
                        times,
                        new long[n],
                        counter,
                        List.of(new Signal.Gap(at(2.05), "busy"))),
                new Signal(
                        Channel.power("nvml:gpu0/power", gpu, 1e-3, Duration.ofMillis(100), Duration.ZERO),
                        times.clone(),
                        new long[n],
                        milliwatts,
                        List.of()));
    }

    private static long at(double seconds) {
        return 1_000_000_000_000L + Math.round(seconds * 1e9);
    }
}
