package io.neurojoule.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Conditions;
import io.neurojoule.recording.Part;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Two packages whose power is known: 20 W and 10 W when idle, 100 W and 50 W when busy; each second is a window.
class AnalyzerTest {
    private static final long SECOND = 1_000_000_000L;
    private static final String CELL = "cpu-fp32-b8";

    private final List<Window> windows = new ArrayList<>();
    private final List<Double> busy = new ArrayList<>();
    private final Map<String, List<String>> more = new LinkedHashMap<>();
    private final List<Part> parts = new ArrayList<>();
    private final List<Span> spans = new ArrayList<>();
    private Optional<RunInfo.Carbon> carbon = Optional.empty();

    private void window(Window.Kind kind, int repeat, long elements) {
        long start = windows.size() * SECOND;
        windows.add(new Window(
                "w" + windows.size(), CELL, repeat, kind, start, start + SECOND, elements / 8, elements, true));
        busy.add(kind == Window.Kind.MEASURE || kind == Window.Kind.LOAD || kind == Window.Kind.WARMUP ? 1.0 : 0.0);
    }

    /// Load, first step, idle, measure, idle; 1000 elements in the first repeat and 3000 in the second.
    private void twoRepeats() {
        for (int repeat = 1; repeat <= 2; repeat++) {
            window(Window.Kind.LOAD, repeat, 0);
            window(Window.Kind.WARMUP, repeat, 8);
            window(Window.Kind.IDLE_LOADED, repeat, 0);
            window(Window.Kind.MEASURE, repeat, repeat == 1 ? 1000 : 3000);
            window(Window.Kind.IDLE_LOADED, repeat, 0);
        }
    }

    /// @param still index of a window in which the counter stands still, as if it were frozen; -1: none
    private Signal signal(String id, double idleWatts, double busyWatts, int still) {
        int perWindow = 20;
        int n = windows.size() * perWindow + 1;
        long[] times = new long[n];
        long[] raw = new long[n];
        double microjoules = 5e6;
        for (int i = 0; i < n; i++) {
            times[i] = i * (SECOND / perWindow);
            raw[i] = Math.round(microjoules);
            if (i < n - 1 && i / perWindow != still) {
                double watts = busy.get(i / perWindow) > 0 ? busyWatts : idleWatts;
                microjoules += watts * 1e6 / perWindow;
            }
        }
        Channel channel = Channel.counter(
                        "rapl:" + id, Component.of(Component.Kind.CPU, id), 1e-6, 0, Duration.ofMillis(1))
                .withMaxWatts(200);
        return new Signal(channel, times, new long[n], raw, List.of());
    }

    private ExperimentResult analyze(List<Signal> signals, CellRecord cell, Optional<String> simulated) {
        Map<String, List<String>> boundaries = new LinkedHashMap<>();
        boundaries.put("compute", List.of("rapl:package-0", "rapl:package-1"));
        boundaries.putAll(more);
        boundaries.put("device", List.of("rapl:package-1"));
        RunInfo info = new RunInfo(
                RunInfo.FORMAT,
                "test",
                "test",
                "frame",
                Instant.EPOCH,
                0,
                "host",
                "user",
                "cpu",
                false,
                simulated,
                boundaries,
                "compute",
                List.of(),
                Map.of(),
                Map.of(RunInfo.PROCESSORS, "4"),
                carbon);
        var plan = JsonMapper.shared().readTree("""
                        {"cells": [{"id": "cpu-fp32-b8", "target": "cpu", "model": "m", "precision": "fp32", "batch": 8}],
                         "repeats": 2}
                        """);
        return Analyzer.analyze(
                new Recording(Path.of("."), info, plan, signals, spans, windows, List.of(cell), parts, List.of()));
    }

    @Test
    void carbonIsTheStatedIntensityTimesTheEnergyPlusWhatIsEmbodied() {
        twoRepeats();
        carbon = Optional.of(new RunInfo.Carbon(OptionalDouble.of(360), OptionalDouble.of(0.25), "the grid operator"));

        ExperimentResult result = analyze(both(), measured(), Optional.empty());

        DerivedFigure figure = derived(result, "carbon_g_per_element");
        ResultRow row = compute(result);
        // 360 g/kWh are 100 µg for each joule.
        assertThat(figure.value().orElseThrow())
                .isCloseTo(0.25 + 1e-4 * row.joulesPerElement().orElseThrow(), within(1e-12));
        assertThat(figure.bound().orElseThrow())
                .isCloseTo(1e-4 * row.boundJoulesPerElement().orElseThrow(), within(1e-15));
        assertThat(figure.basis()).isEqualTo(Basis.DERIVED);
        assertThat(figure.reason()).contains("360.0 g/kWh and 0.25 g embodied, as the grid operator states");
        assertThat(derived(analyze(both(), measured(), Optional.of("made up")), "carbon_g_per_element")
                        .basis())
                .isEqualTo(Basis.SIMULATED);
    }

    @Test
    void withoutAnIntensityOrAnEnergyThereIsNoCarbonFigure() {
        twoRepeats();
        carbon = Optional.of(new RunInfo.Carbon(OptionalDouble.empty(), OptionalDouble.of(1), "x"));
        assertThat(derived(analyze(both(), measured(), Optional.empty()), "carbon_g_per_element"))
                .returns(Basis.UNAVAILABLE, DerivedFigure::basis)
                .returns(OptionalDouble.empty(), DerivedFigure::value);

        carbon = Optional.of(new RunInfo.Carbon(OptionalDouble.of(360), OptionalDouble.empty(), "x"));
        List<Signal> frozen = List.of(signal("package-0", 20, 100, 3), signal("package-1", 10, 50, -1));
        DerivedFigure figure = derived(analyze(frozen, measured(), Optional.empty()), "carbon_g_per_element");
        assertThat(figure.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(figure.reason().orElseThrow()).contains("rapl:package-0");
    }

    private static CellRecord measured() {
        return CellRecord.of(CELL, "cpu", "m", "fp32", 8);
    }

    private List<Signal> both() {
        return List.of(signal("package-0", 20, 100, -1), signal("package-1", 10, 50, -1));
    }

    private static ResultRow compute(ExperimentResult result) {
        return result.rows().stream()
                .filter(row -> row.name().equals("compute"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void energyPerElementIsTheSumOverPackagesAndWindowsOverAllElements() {
        twoRepeats();

        ResultRow row = compute(analyze(both(), measured(), Optional.empty()));

        assertThat(row.basis()).isEqualTo(Basis.MEASURED);
        assertThat(row.repeats()).isEqualTo(2);
        assertThat(row.joules().getAsDouble()).isCloseTo(300, within(1e-3));
        assertThat(row.watts().getAsDouble()).isCloseTo(150, within(1e-3));
        // Σ joules / Σ elements, not the mean of 0.150 and 0.050.
        assertThat(row.joulesPerElement().getAsDouble()).isCloseTo(0.075, within(1e-6));
        assertThat(row.elementsPerSecond().getAsDouble()).isCloseTo(2000, within(1e-9));
    }

    @Test
    void aboveIdleIsMinusTheLoadedIdlePowerOfTheSameLoad() {
        twoRepeats();

        ResultRow row = compute(analyze(both(), measured(), Optional.empty()));

        assertThat(row.aboveIdleJoules().getAsDouble()).isCloseTo(240, within(1e-3));
        assertThat(row.aboveIdleJoulesPerElement().getAsDouble()).isCloseTo(0.06, within(1e-6));
        assertThat(row.aboveIdleBasis()).contains(Basis.DERIVED);
    }

    @Test
    void withoutOneOfItsIdleWindowsThereIsNoFigureAboveIdle() {
        twoRepeats();
        List<Signal> signals = List.of(signal("package-0", 20, 100, 4), signal("package-1", 10, 50, -1));

        ResultRow row = compute(analyze(signals, measured(), Optional.empty()));

        assertThat(row.joules().getAsDouble()).isCloseTo(300, within(1e-3));
        assertThat(row.aboveIdleJoules()).isEmpty();
        assertThat(row.aboveIdleBasis()).isEmpty();
    }

    @Test
    void aMemberWithoutAFigureLeavesTheBoundaryWithoutOneAndNotWithTheRest() {
        twoRepeats();
        List<Signal> signals = List.of(signal("package-0", 20, 100, 3), signal("package-1", 10, 50, -1));

        ExperimentResult result = analyze(signals, measured(), Optional.empty());

        assertThat(compute(result).basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(compute(result).joules()).isEmpty();
        assertThat(compute(result).reason().orElseThrow()).contains("w3", "did not change");
        assertThat(result.findings()).extracting(Finding::code).contains("counter-frozen");
    }

    /// Measured windows are 150 J each, a window in which prompts are read 30 J: it is idle here.
    @Test
    void tokensThatStepsCountedMakeJoulesPerToken() {
        twoRepeats();
        window(Window.Kind.ISOLATED, 1, 8);
        count(3, Map.of("tokens_in", 600L, "tokens_out", 100L, "tokens_cached", 6L), Map.of());
        count(8, Map.of("tokens_in", 1400L, "tokens_out", 200L), Map.of());
        count(10, Map.of("tokens_in", 300L), Map.of("prefill", SECOND));
        CellRecord served = measured()
                .withLoad(1, 1, Map.of(), Map.of("server", "here"))
                .withDurations(Map.of(), Map.of("ttft", Map.of(32 * 30 + 31, 9L)));

        ExperimentResult result = analyze(both(), served, Optional.empty());

        assertThat(derived(result, "joules_per_output_token").value().getAsDouble())
                .isCloseTo(1.0, within(1e-6));
        assertThat(derived(result, "joules_per_output_token").basis()).isEqualTo(Basis.DERIVED);
        assertThat(derived(result, "joules_per_output_token").bound().getAsDouble())
                .isGreaterThan(0);
        assertThat(derived(result, "joules_per_input_token").value().getAsDouble())
                .isCloseTo(0.1, within(1e-6));
        assertThat(derived(result, "tokens_cached_share").value().getAsDouble()).isCloseTo(0.003, within(1e-9));
        assertThat(derived(result, "output_tokens_per_second").value().getAsDouble())
                .isCloseTo(150, within(1e-6));
        // Key 32·30 + 31: a duration of 30 bits that begins with six ones, 1.0653 s in the middle of its bucket.
        assertThat(derived(result, "ttft_p50_seconds").value().getAsDouble())
                .isCloseTo(63.5 * (1 << 24) * 1e-9, within(1e-9));
        assertThat(derived(result, "client_cpu_share").basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(result.findings()).extracting(Finding::code).doesNotContain("tokens-cached");
    }

    @Test
    void withoutAWindowOfPromptsAloneThereAreNoJoulesPerInputTokenAndACacheIsFound() {
        twoRepeats();
        count(3, Map.of("tokens_in", 100L, "tokens_cached", 20L), Map.of());

        ExperimentResult result = analyze(both(), measured(), Optional.empty());

        assertThat(derived(result, "joules_per_input_token").basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(derived(result, "joules_per_input_token").reason().orElseThrow())
                .contains("prefill");
        assertThat(result.findings()).extracting(Finding::code).contains("tokens-cached");
    }

    @Test
    void aCellThatFailedHasNoFigureOfItsTokensEither() {
        twoRepeats();
        count(3, Map.of("tokens_in", 100L, "tokens_out", 10L), Map.of());
        CellRecord failed = measured()
                .withDurations(Map.of(), Map.of("ttft", Map.of(32 * 30, 9L)))
                .withStatus("failed", "HTTP 500");

        assertThat(analyze(both(), failed, Optional.empty()).derived()).isEmpty();
    }

    @Test
    void aCacheThatServesOnlyThePromptsThatAreReadAloneIsFoundToo() {
        twoRepeats();
        window(Window.Kind.ISOLATED, 1, 8);
        count(3, Map.of("tokens_in", 100L, "tokens_cached", 0L), Map.of());
        count(10, Map.of("tokens_in", 100L, "tokens_cached", 50L), Map.of("prefill", SECOND));

        assertThat(analyze(both(), measured(), Optional.empty()).findings())
                .extracting(Finding::code)
                .contains("tokens-cached");
    }

    @Test
    void tokensOfWhichTheServerDoesNotTellTheCacheAreNotCalledComputed() {
        twoRepeats();
        count(3, Map.of("tokens_in", 100L), Map.of());

        ExperimentResult result = analyze(both(), measured(), Optional.empty());

        assertThat(derived(result, "tokens_cached_share").basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(derived(result, "tokens_cached_share").value()).isEmpty();
    }

    @Test
    void aCacheOfWhichTheServerTellsForSomeRequestsOnlyHasNoShare() {
        twoRepeats();
        count(3, Map.of("tokens_in", 100L, "tokens_cached", 0L), Map.of());
        count(8, Map.of("tokens_in", 90L, "tokens_cached", 0L, "cache_untold", 3L), Map.of());

        DerivedFigure share = derived(analyze(both(), measured(), Optional.empty()), "tokens_cached_share");

        assertThat(share.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(share.reason().orElseThrow()).contains("of 3 requests");
    }

    @Test
    void theClientsShareIsItsCpuTimeOverThatOfTheMachine() {
        twoRepeats();
        windows.replaceAll(window -> new Window(
                window.id(),
                CELL,
                window.repeat(),
                window.kind(),
                window.startNanos(),
                window.endNanos(),
                window.iterations(),
                window.elements(),
                true,
                new Conditions(OptionalDouble.of(2), OptionalDouble.of(0.5), OptionalDouble.of(0), OptionalLong.of(0)),
                Map.of()));

        assertThat(derived(
                                analyze(
                                        both(),
                                        measured().withLoad(1, 1, Map.of(), Map.of("server", "here")),
                                        Optional.empty()),
                                "client_cpu_share")
                        .value()
                        .getAsDouble())
                .isCloseTo(0.25, within(1e-9));
        assertThat(analyze(both(), measured().withLoad(1, 1, Map.of(), Map.of("server", "elsewhere")), Optional.empty())
                        .derived())
                .isEmpty();
        assertThat(analyze(both(), measured(), Optional.empty())
                        .cells()
                        .getFirst()
                        .quality()
                        .foreignCpu())
                .hasValue(1.5 / 4);
        assertThat(analyze(both(), measured().withLoad(1, 1, Map.of(), Map.of("server", "here")), Optional.empty())
                        .cells()
                        .getFirst()
                        .quality()
                        .foreignCpu())
                .as("the server's time is not told apart from others'")
                .isEmpty();
    }

    private void count(int index, Map<String, Long> counts, Map<String, Long> phaseNanos) {
        Window last = windows.get(index);
        windows.set(
                index,
                new Window(
                        last.id(),
                        CELL,
                        last.repeat(),
                        last.kind(),
                        last.startNanos(),
                        last.endNanos(),
                        last.iterations(),
                        last.elements(),
                        true,
                        Conditions.UNKNOWN,
                        phaseNanos,
                        counts));
    }

    private static DerivedFigure derived(ExperimentResult result, String name) {
        return result.derived().stream()
                .filter(figure -> figure.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aMemberThatWasNotRecordedLeavesTheBoundaryWithoutAFigure() {
        twoRepeats();

        ResultRow row = compute(analyze(List.of(signal("package-0", 20, 100, -1)), measured(), Optional.empty()));

        assertThat(row.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(row.reason().orElseThrow()).contains("rapl:package-1");
    }

    private void part(Part.Pass pass, String name, long nanos, String... windowId) {
        parts.add(new Part(
                CELL,
                pass,
                name,
                name.startsWith("conv") ? "Conv" : "",
                nanos,
                1000,
                Stream.of(windowId).findFirst()));
    }

    private void phases(Window.Kind kind, Map<String, Long> nanos) {
        window(Window.Kind.MEASURE, 3, 500); // for its power
        Window last = windows.removeLast();
        windows.add(new Window(
                last.id(), CELL, 1, kind, last.startNanos(), last.endNanos(), 1, 500, true, Conditions.UNKNOWN, nanos));
    }

    @Test
    void aLayersTimeModelsItsEnergyAndWhatNoneHasStandsLast() {
        twoRepeats();
        window(Window.Kind.MEASURE, 3, 500); // 150 J
        windows.set(10, new Window("w10", CELL, 1, Window.Kind.ISOLATED, 10 * SECOND, 11 * SECOND, 1, 500, true));
        part(Part.Pass.LAYERS, "conv1", 600);
        part(Part.Pass.LAYERS, "conv2", 300);
        part(Part.Pass.LAYER_ALONE, "conv1", 1000, "w10");

        List<LayerResult> layers = analyze(both(), measured(), Optional.empty()).layers();

        assertThat(layers).extracting(LayerResult::name).containsExactly("conv1", "conv2", "not attributed");
        double[] expected = {0.6 * 0.075, 0.3 * 0.075, 0.1 * 0.075};
        for (int i = 0; i < 3; i++) {
            assertThat(layers.get(i).joulesPerElement().getAsDouble()).isCloseTo(expected[i], within(1e-6));
            assertThat(layers.get(i).basis()).isEqualTo(Basis.MODELLED);
        }
        assertThat(layers.getFirst().aloneJoulesPerElement().getAsDouble()).isCloseTo(0.3, within(1e-5));
        assertThat(layers.getFirst().aloneBasis()).contains(Basis.DERIVED);
        assertThat(layers.get(1).aloneJoulesPerElement()).isEmpty();
    }

    @Test
    void layersThatRanSideBySideHaveATimeAndNoEnergy() {
        twoRepeats();
        part(Part.Pass.LAYERS, "conv1", 700);
        part(Part.Pass.LAYERS, "conv2", 600);

        List<LayerResult> layers = analyze(both(), measured(), Optional.empty()).layers();

        assertThat(layers).hasSize(2).allSatisfy(layer -> {
            assertThat(layer.basis()).isEqualTo(Basis.UNAVAILABLE);
            assertThat(layer.joulesPerElement()).isEmpty();
            assertThat(layer.reason().orElseThrow()).contains("130 %");
        });
    }

    @Test
    void aNetworkThatIsNoAcceleratorHasNoDriver() {
        twoRepeats();
        phases(Window.Kind.PHASES, Map.of("pack", SECOND * 55 / 100, "execute", SECOND * 40 / 100));

        assertThat(analyze(both(), measured(), Optional.empty()).derived()).isEmpty();
    }

    @Test
    void anAcceleratorsDriverHasItsShareAndTheCardWithoutItItsEnergy() {
        twoRepeats();
        phases(Window.Kind.PHASES, Map.of("pack", SECOND * 55 / 100, "execute", SECOND * 40 / 100));
        phases(Window.Kind.ISOLATED, Map.of("execute", SECOND));
        spans.add(new Span("load_bitfile", SECOND / 10, SECOND / 2));
        spans.add(new Span("no time at all", SECOND / 4, SECOND / 4));
        Map<String, String> told = Map.of("cycles_per_element", "1024", "fclk_mhz", "250", "hw_batch", "1");
        CellRecord cell = measured().withLoad(0.9, 0.1, Map.of(), told);

        List<DerivedFigure> derived = analyze(both(), cell, Optional.empty()).derived();
        List<DerivedFigure> simulated =
                analyze(both(), cell, Optional.of("a lab")).derived();

        assertThat(derived)
                .extracting(DerivedFigure::name)
                .containsExactly(
                        "driver_share",
                        "driver_joules_per_element",
                        "ideal_throughput",
                        "driver_free_joules",
                        "setup_joules:load_bitfile");
        // 1 - 400/1000; 60 % of 75 mJ; 250 MHz / 1024; 50 W of the card for 4.096 us; 150 W for 0.4 s.
        double[] expected = {0.6, 0.045, 244140.625, 50 * 4.096e-6, 60};
        for (int i = 0; i < expected.length; i++) {
            assertThat(derived.get(i).value().getAsDouble()).isCloseTo(expected[i], withinPercentage(0.01));
            assertThat(derived.get(i).basis()).isEqualTo(i == 1 ? Basis.MODELLED : Basis.DERIVED);
        }
        assertThat(derived)
                .extracting(figure -> figure.bound().isPresent())
                .containsExactly(false, false, false, true, true);
        assertThat(simulated)
                .hasSize(5)
                .allSatisfy(figure -> assertThat(figure.basis()).isEqualTo(Basis.SIMULATED));
    }

    @Test
    void withoutTheAcceleratorAloneThereIsNoFigureWithoutItsDriver() {
        twoRepeats();
        Map<String, String> told = Map.of("cycles_per_element", "1024", "fclk_mhz", "250");

        List<DerivedFigure> derived = analyze(both(), measured().withLoad(0.9, 0.1, Map.of(), told), Optional.empty())
                .derived();

        assertThat(derived).extracting(DerivedFigure::name).containsExactly("ideal_throughput", "driver_free_joules");
        assertThat(derived.getLast().basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(derived.getLast().reason().orElseThrow()).contains("not run alone");
    }

    @Test
    void aFailedCellHasNoFigureAlthoughSomeOfItsWindowsWereMeasured() {
        twoRepeats();

        ResultRow row =
                compute(analyze(both(), measured().withStatus("failed", "the board is gone"), Optional.empty()));

        assertThat(row.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(row.joulesPerElement()).isEmpty();
        assertThat(row.elementsPerSecond()).isEmpty();
        assertThat(row.reason()).contains("the board is gone");
    }

    @Test
    void aSimulatedRunLabelsEveryFigure() {
        twoRepeats();

        ExperimentResult result = analyze(both(), measured(), Optional.of("laboratory"));

        assertThat(result.rows()).allSatisfy(row -> {
            assertThat(row.basis()).isEqualTo(Basis.SIMULATED);
            assertThat(row.aboveIdleBasis()).contains(Basis.SIMULATED);
        });
        assertThat(result.cells().getFirst().coldStartBasis()).contains(Basis.SIMULATED);
    }

    @Test
    void aColdStartIsLoadAndFirstStepAndSaysHowItWasObtained() {
        twoRepeats();

        CellResult cell = analyze(both(), measured(), Optional.empty()).cells().getFirst();

        assertThat(cell.coldStartJoules().getAsDouble()).isCloseTo(300, within(1e-3));
        // Two windows, two packages, a refresh of 1 ms at both edges: 1.6 J if it were 200 W, the most; 0.4 J at the
        // power that the counter shows around them.
        assertThat(cell.coldStartBoundJoules().getAsDouble()).isBetween(0.4, 1.6);
        assertThat(cell.coldStartBasis()).contains(Basis.MEASURED);
    }

    @Test
    void theQualityOfACellIsTheWorstOfItsWindows() {
        twoRepeats();
        for (int i = 0; i < windows.size(); i++) {
            Window window = windows.get(i);
            if (window.kind() == Window.Kind.MEASURE) {
                double foreign = window.repeat() == 1 ? 0.2 : 0.1;
                windows.set(
                        i,
                        new Window(
                                window.id(),
                                CELL,
                                window.repeat(),
                                window.kind(),
                                window.startNanos(),
                                window.endNanos(),
                                window.iterations(),
                                window.elements(),
                                true,
                                new Conditions(
                                        OptionalDouble.of(3.04 + foreign),
                                        OptionalDouble.of(3),
                                        OptionalDouble.of(0.04),
                                        OptionalLong.of(window.repeat())),
                                Map.of()));
            }
        }

        Quality quality =
                analyze(both(), measured(), Optional.empty()).cells().getFirst().quality();

        // 0.2 s of foreign CPU time in a second on four processors.
        assertThat(quality.foreignCpu().getAsDouble()).isCloseTo(0.05, within(1e-9));
        assertThat(quality.profilerCpu().getAsDouble()).isCloseTo(0.01, within(1e-9));
        assertThat(quality.throttleEvents()).hasValue(3);
        assertThat(quality.idleDrift().getAsDouble()).isCloseTo(0, within(1e-9));
        // 0.15 J and 0.05 J per element: mean 0.1, standard deviation 0.0707.
        assertThat(quality.repeatCv().getAsDouble()).isCloseTo(0.7071, within(1e-3));
    }

    @Test
    void aQualityThatIsNotKnownForOneWindowIsNotKnown() {
        twoRepeats();
        Window first = windows.get(3);
        windows.set(
                3,
                new Window(
                        first.id(),
                        CELL,
                        1,
                        first.kind(),
                        first.startNanos(),
                        first.endNanos(),
                        first.iterations(),
                        first.elements(),
                        true,
                        new Conditions(
                                OptionalDouble.of(1), OptionalDouble.of(1), OptionalDouble.of(0), OptionalLong.of(0)),
                        Map.of()));
        List<Signal> lostIdle = List.of(signal("package-0", 20, 100, 4), signal("package-1", 10, 50, -1));

        Quality quality = analyze(lostIdle, measured(), Optional.empty())
                .cells()
                .getFirst()
                .quality();

        assertThat(quality.throttleEvents())
                .as("the second window does not tell")
                .isEmpty();
        assertThat(quality.foreignCpu()).isEmpty();
        assertThat(quality.idleDrift())
                .as("the idle after the first repeat has no figure")
                .isEmpty();
    }

    @Test
    void idlePowerThatIsHigherAfterwardsIsDrift() {
        window(Window.Kind.IDLE_LOADED, 1, 0);
        window(Window.Kind.MEASURE, 1, 1000);
        window(Window.Kind.IDLE_LOADED, 1, 0);
        busy.set(2, 1.0); // as if another program had begun: 150 W instead of 30 W

        Quality quality =
                analyze(both(), measured(), Optional.empty()).cells().getFirst().quality();

        assertThat(quality.idleDrift().getAsDouble()).isCloseTo(120 / 90.0, within(1e-6));
        assertThat(quality.foreignCpu()).isEmpty();
    }

    @Test
    void aPlannedWindowThatIsNotThereIsNamed() {
        window(Window.Kind.IDLE_LOADED, 1, 0);
        window(Window.Kind.MEASURE, 1, 1000);

        ExperimentResult result = analyze(both(), measured(), Optional.empty());

        assertThat(result.missingWindows()).containsExactly(CELL + "#2");
        assertThat(result.findings()).extracting(Finding::code).contains("windows-missing");
    }

    /// A power of the node, as its controller reads it each tenth of a second.
    private Signal node(double idleWatts, double busyWatts) {
        int n = windows.size() * 10 + 3;
        long[] times = new long[n];
        long[] raw = new long[n];
        for (int i = 0; i < n; i++) {
            times[i] = (i - 1) * (SECOND / 10);
            int window = Math.clamp((i - 1) / 10, 0, windows.size() - 1);
            raw[i] = Math.round(1e3 * (busy.get(window) > 0 ? busyWatts : idleWatts));
        }
        Channel channel = Channel.power(
                "ipmi:node", Component.of(Component.Kind.NODE, "node"), 1e-3, Duration.ofMillis(100), Duration.ZERO);
        return new Signal(channel, times, new long[n], raw, List.of());
    }

    private ExperimentResult withNode(double idleWatts, double busyWatts) {
        twoRepeats();
        more.put("node", List.of("ipmi:node"));
        more.put("rest", List.of("ipmi:node", "-rapl:package-0", "-rapl:package-1"));
        List<Signal> signals = new ArrayList<>(both());
        signals.add(node(idleWatts, busyWatts));
        return analyze(signals, measured(), Optional.empty());
    }

    private static List<String> codes(ExperimentResult result) {
        return result.findings().stream().map(Finding::code).toList();
    }

    @Test
    void theRestOfTheNodeIsWhatItsPartsLeaveAndDerived() {
        ExperimentResult result = withNode(90, 230);

        ResultRow rest = row(result, "rest");
        ResultRow whole = row(result, "node");
        assertThat(rest.basis()).isEqualTo(Basis.DERIVED);
        assertThat(rest.joules().orElseThrow())
                .isCloseTo(
                        whole.joules().orElseThrow()
                                - row(result, "rapl:package-0").joules().orElseThrow()
                                - row(result, "rapl:package-1").joules().orElseThrow(),
                        within(1e-9));
        assertThat(rest.boundJoulesPerElement().orElseThrow())
                .as("the bounds of all terms")
                .isCloseTo(
                        whole.boundJoulesPerElement().orElseThrow()
                                + compute(result).boundJoulesPerElement().orElseThrow(),
                        within(1e-12));
        assertThat(compute(result).joules().orElseThrow())
                .as("the headline is without it")
                .isCloseTo(300, within(1e-3));
        assertThat(codes(result)).doesNotContain("rest-negative", "rest-implausible");
    }

    @Test
    void partsThatDrawMoreThanTheNodeAreFoundAndNotClamped() {
        ExperimentResult result = withNode(20, 60);

        assertThat(row(result, "rest").joules().orElseThrow()).isLessThan(-100);
        assertThat(codes(result)).contains("rest-negative");
    }

    @Test
    void aRestBelowZeroWithinItsBoundIsSaidButNoWarning() {
        ExperimentResult result = withNode(29, 161);

        assertThat(row(result, "rest").joules().orElseThrow()).isBetween(-5.0, -0.1);
        assertThat(result.findings())
                .filteredOn(finding -> finding.code().equals("rest-negative"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.severity()).isEqualTo(Severity.INFO);
                    assertThat(finding.message()).contains("within its bound");
                });
    }

    @Test
    void aRestThatIsMostOfTheNodeIsFound() {
        assertThat(codes(withNode(400, 600))).contains("rest-implausible");
    }

    @Test
    void aPartWithoutAFigureLeavesNoRest() {
        twoRepeats();
        more.put("rest", List.of("ipmi:node", "-rapl:package-0", "-rapl:dram-0"));

        ResultRow rest = row(analyze(List.of(both().getFirst(), node(90, 230)), measured(), Optional.empty()), "rest");

        assertThat(rest.basis()).isEqualTo(Basis.UNAVAILABLE);
        assertThat(rest.reason().orElseThrow()).contains("rapl:dram-0");
    }

    private static ResultRow row(ExperimentResult result, String name) {
        return result.rows().stream()
                .filter(row -> row.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /// A power register of package 0 that shows so much of the truth.
    private Signal register(double share) {
        Signal truth = node(20 * share, 100 * share);
        Channel channel = Channel.power(
                "hwmon:package-0/power1",
                Component.of(Component.Kind.CPU, "package-0"),
                1e-3,
                Duration.ofMillis(100),
                Duration.ZERO);
        return new Signal(channel, truth.timeNanos(), truth.readNanos(), truth.raw(), List.of());
    }

    @Test
    void aCounterAndAPowerOfOnePartThatContradictEachOtherAreFound() {
        twoRepeats();
        List<Signal> agree = new ArrayList<>(both());
        agree.add(register(1));
        List<Signal> differ = new ArrayList<>(both());
        differ.add(register(0.4));

        ExperimentResult good = analyze(agree, measured(), Optional.empty());
        ExperimentResult bad = analyze(differ, measured(), Optional.empty());

        assertThat(good.counterChecks()).singleElement().satisfies(check -> {
            assertThat(check.counter()).isEqualTo("rapl:package-0");
            assertThat(check.windows()).isEqualTo(6);
            assertThat(check.apart()).isZero();
            assertThat(check.powerOverCounter().orElseThrow()).isCloseTo(1, within(0.15));
        });
        assertThat(codes(good)).doesNotContain("counter-power-differ");
        assertThat(bad.counterChecks().getFirst().apart()).isEqualTo(6);
        assertThat(codes(bad)).contains("counter-power-differ");
    }

    /// A rail of 12 W in steps of 1 W that is read ten times a second.
    private Signal rail(String id, int changesFrom, int changesTo) {
        int n = windows.size() * 10 + 2;
        long[] times = new long[n];
        long[] raw = new long[n];
        for (int i = 0; i < n; i++) {
            times[i] = i * (SECOND / 10);
            raw[i] = i >= changesFrom && i < changesTo ? 12L + i % 2 : 12;
        }
        Channel channel = Channel.power(
                "hwmon:" + id, Component.of(Component.Kind.RAIL, id), 1, Duration.ofMillis(40), Duration.ZERO);
        return new Signal(channel, times, new long[n], raw, List.of());
    }

    @Test
    void aReadingThatStandsStillIsMarkedInTheWindowsThatItTouchesAndKeepsItsFigure() {
        twoRepeats();

        // Ten windows of 1 s; one of the rails changes until just before the end of the third.
        ExperimentResult result =
                analyze(List.of(rail("moves", 0, 1000), rail("rests", 0, 29)), measured(), Optional.empty());

        List<Finding> still = result.findings().stream()
                .filter(finding -> finding.code().equals("reading-still"))
                .toList();
        assertThat(still).extracting(Finding::channel).containsOnly(Optional.of("hwmon:rests"));
        assertThat(still)
                .extracting(Finding::message)
                .hasSize(8)
                .containsOnly(still.getFirst().message());
        assertThat(still)
                .extracting(finding -> finding.windowId().orElseThrow())
                .containsExactly("w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9");
        assertThat(result.rows())
                .filteredOn(row -> row.name().equals("hwmon:rests"))
                .allSatisfy(row -> assertThat(row.joules()).isPresent());
    }

    /// A mean of a second that is shown for a second stands for the second before it is read.
    @Test
    void aMeanThatStandsStillIsMarkedInTheWindowsThatItStandsFor() {
        twoRepeats();
        long[] times = LongStream.range(0, 160).map(i -> i * (SECOND / 4)).toArray();
        long[] raw =
                LongStream.range(0, 160).map(i -> i < 14 ? 100 + i / 4 : 200).toArray(); // still from 3.5 s on
        Channel channel = Channel.power(
                "hwmon:mean",
                Component.of(Component.Kind.RAIL, "mean"),
                1,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1));

        ExperimentResult result = analyze(
                List.of(new Signal(channel, times, new long[160], raw, List.of())), measured(), Optional.empty());

        assertThat(result.findings())
                .filteredOn(finding -> finding.code().equals("reading-still"))
                .extracting(finding -> finding.windowId().orElseThrow())
                .containsExactly("w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9");
    }

    /// Its value is of some moment of the read.
    @Test
    void aReadThatHangsIsNoValueThatStandsStill() {
        twoRepeats();
        // Five times the same value, the fifth by a read of 6 s.
        long[] times = {0, SECOND / 10, SECOND / 5, SECOND * 3 / 10, SECOND * 33 / 10, SECOND * 64 / 10, SECOND * 20};
        long[] reads = {0, 0, 0, 0, SECOND * 58 / 10, 0, 0};
        long[] raw = {100, 100, 100, 100, 100, 700, 2000};
        Channel channel = Channel.counter(
                "nvml:gpu/energy", Component.of(Component.Kind.ACCELERATOR, "gpu"), 1, 0, Duration.ofMillis(100));

        ExperimentResult result =
                analyze(List.of(new Signal(channel, times, reads, raw, List.of())), measured(), Optional.empty());

        assertThat(codes(result)).doesNotContain("reading-still");
    }

    @Test
    void aPowerThatMissedReadingsIsMarkedInThoseWindows() {
        twoRepeats();
        Signal whole = rail("misses", 0, 1000);
        int[] kept = IntStream.range(0, whole.size())
                .filter(i -> i < 42 || i > 44) // no reading for 0.4 s in the fifth window
                .toArray();
        Signal missing = new Signal(
                whole.channel(),
                IntStream.of(kept).mapToLong(i -> whole.timeNanos()[i]).toArray(),
                new long[kept.length],
                IntStream.of(kept).mapToLong(i -> whole.raw()[i]).toArray(),
                List.of());

        ExperimentResult result = analyze(List.of(missing), measured(), Optional.empty());

        assertThat(result.findings())
                .filteredOn(finding -> finding.code().equals("readings-missed"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.windowId()).contains("w4"));
    }
}
