package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.recording.Part;
import io.neurojoule.recording.Recorder;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.Execution;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Layers;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.Verified;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The runner's decisions, with a network that answers at once and claims what the test wants.
class RunnerTest {
    private static final double WINDOW_SECONDS = 10;

    @TempDir
    Path directory;

    private final List<RunRequest> asked = new ArrayList<>();
    private final List<String> alone = new ArrayList<>();
    private final List<Window> windows = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private Experiment.Gates gates = Experiment.Gates.DEFAULT;
    private final List<Double> warmUps = new ArrayList<>();
    private final List<Long> warmUpsBegan = new ArrayList<>();
    private LeadIn leadIn = LeadIn.NONE;
    private int started;
    private boolean givesOutputs;
    private int shown;
    private boolean varies;
    private double afterWindow = 8;
    private Experiment.Layers layers = Experiment.Layers.OFF;
    private final List<String> loadedLayers = new ArrayList<>();
    private OptionalDouble coolBelow = OptionalDouble.empty();
    private final Map<Sensor, Duration> sensors = new HashMap<>();
    private double usesSeconds = 0.25;
    private double answersLaterSeconds;
    private List<String> phases = List.of();
    private List<String> isolable = List.of();
    private double answersSeconds = WINDOW_SECONDS;
    private Optional<NetworkException> onMeasure = Optional.empty();

    private final class Obedient implements NetworkUnderTest {
        private long nowNanos = 1;
        private int batch;

        @Override
        public Capabilities capabilities() {
            return new Capabilities(
                    "obedient", List.of(), phases, isolable, Optional.empty(), Optional.empty(), false, givesOutputs);
        }

        @Override
        public Loaded load(LoadRequest request) throws NetworkException {
            String layer = request.options().getOrDefault("layer", "");
            if (!layer.isEmpty()) {
                loadedLayers.add(layer);
            }
            if (layer.equals("large")) {
                throw new NetworkException(Code.UNSUPPORTED, "it has a sub-graph");
            }
            return Loaded.silent();
        }

        @Override
        public void prepare(int size, List<InputSpec> inputs) {
            batch = size;
        }

        @Override
        public RunAnswer run(RunRequest request) throws NetworkException {
            if (request.kind() == RunRequest.Kind.WARMUP && request.seconds() > 0) {
                warmUps.add(request.seconds());
                warmUpsBegan.add(Ticker.monotonic().nanos());
            }
            request.phase().ifPresent(alone::add);
            if (request.phase().filter("refused"::equals).isPresent()) {
                throw new NetworkException(Code.UNSUPPORTED, "not alone");
            }
            if (request.kind() == RunRequest.Kind.MEASURE) {
                asked.add(request);
                if (onMeasure.isPresent()) {
                    throw onMeasure.get();
                }
            }
            long start = nowNanos;
            nowNanos += (long) (answersSeconds * 1e9);
            return new RunAnswer(
                    100,
                    100L * batch,
                    start,
                    nowNanos,
                    true,
                    start,
                    nowNanos + (long) (answersLaterSeconds * 1e9),
                    Map.of(),
                    Map.of(),
                    Map.of());
        }

        @Override
        public Verified verify() {
            shown++;
            double output = varies ? shown : shown <= 3 ? batch : afterWindow;
            return new Verified(
                    List.of(new Tensor("y", List.of(2L), new double[] {output, -1})),
                    new Execution(
                            Map.of(),
                            Map.of("threads", "2"),
                            List.of(),
                            Optional.of(new Layers(
                                    1000,
                                    List.of(
                                            new Layers.Layer("small", "Relu", 10),
                                            new Layers.Layer("middle", "Conv", 300),
                                            new Layers.Layer("large", "If", 500))))));
        }

        @Override
        public void stop() {}

        @Override
        public OptionalDouble cpuSeconds() {
            return OptionalDouble.of(asked.size() * usesSeconds);
        }

        @Override
        public OptionalLong peakMemoryBytes() {
            return OptionalLong.empty();
        }

        @Override
        public void close() {}
    }

    private Experiment.Method method() {
        return new Experiment.Method(
                new Experiment.Idle(0.001, List.of("start", "end"), List.of("bare", "loaded")),
                new Experiment.Warmup(0.001, "steady", 0.001),
                new Experiment.Measure(WINDOW_SECONDS, 1, 1, OptionalDouble.empty(), 1),
                "interleaved",
                1,
                new Experiment.Cooldown(0, coolBelow),
                new Experiment.Phases(phases.isEmpty() ? "off" : "sampled", !phases.isEmpty()),
                layers,
                0,
                1,
                true);
    }

    private Runner run(int... batches) throws IOException {
        List<Visit> visits = new ArrayList<>();
        for (int batch : batches) {
            visits.add(new Visit(
                    Cell.of("cpu", "m", "fp32", batch, Load.BACK_TO_BACK),
                    new LoadRequest("", "fp32", "cpu", Map.of()),
                    List.of()));
        }
        Progress progress = new Progress() {
            @Override
            public void begins(String what) {}

            @Override
            public void visited(Cell cell) {}

            @Override
            public void recorded(Window window) {
                windows.add(window);
            }

            @Override
            public void failed(String cellId, String reason) {
                failures.add(cellId);
            }

            @Override
            public void lingers(String channel, Duration wait) {}
        };
        try (Recorder recorder = Recorder.create(directory.resolve("run"), Ticker.monotonic())) {
            recorder.record(sensors);
            Runner runner = new Runner(
                    () -> {
                        started++;
                        return new Obedient();
                    },
                    recorder,
                    Ticker.monotonic(),
                    method(),
                    gates,
                    WINDOW_SECONDS,
                    leadIn,
                    progress);
            runner.repeat(1, visits);
            runner.compare(Map.of(8, List.of(new Tensor("y", List.of(2L), new double[] {8, -2}))));
            return runner;
        }
    }

    private List<Window.Kind> kinds() {
        return windows.stream().map(Window::kind).toList();
    }

    @Test
    void aVisitIsBareIdleLoadIdleWarmUpMeasureAndIdleAgain() throws IOException {
        run(8);

        assertThat(kinds())
                .containsExactly(
                        Window.Kind.IDLE_BARE,
                        Window.Kind.LOAD,
                        Window.Kind.WARMUP,
                        Window.Kind.IDLE_LOADED,
                        Window.Kind.WARMUP,
                        Window.Kind.MEASURE,
                        Window.Kind.IDLE_LOADED,
                        Window.Kind.IDLE_BARE);
    }

    @Test
    void theLoadMeetsASampledSensorAtAnotherMomentOfItsPeriodEachTime() throws IOException {
        leadIn = new LeadIn(0.05, 0);

        run(1, 8, 64);

        List<Window> idles = windows.stream()
                .filter(window -> window.kind() == Window.Kind.IDLE_LOADED)
                .toList();
        Set<Double> pauses = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            Window before = idles.get(2 * i);
            double pause = leadIn.pauseSeconds(1, before.cellId(), 1);
            pauses.add(pause);
            assertThat((warmUpsBegan.get(i) - before.endNanos()) * 1e-9)
                    .as(before.cellId())
                    .isGreaterThanOrEqualTo(pause);
        }
        assertThat(pauses).hasSize(3).allSatisfy(pause -> assertThat(pause).isBetween(0.0, 0.05));
    }

    @Test
    void thePausesAreSpreadEvenlyOverThePeriod() {
        double[] pauses = IntStream.range(0, 1000)
                .mapToDouble(repeat -> new LeadIn(0.1, 0).pauseSeconds(1, "cpu-fp32-b8", repeat))
                .sorted()
                .toArray();

        for (int i = 0; i < pauses.length; i++) {
            // Kolmogorov and Smirnov: a fair 1000 stray further than this once in 20,000 times.
            assertThat(pauses[i]).isCloseTo(0.1 * i / pauses.length, within(0.1 * 0.073));
        }
    }

    @Test
    void theLoadGoesOnUntilTheSensorShowsNothingElse() throws IOException {
        leadIn = new LeadIn(0, 1.1);

        run(8);

        assertThat(warmUps)
                .isNotEmpty()
                .allSatisfy(seconds -> assertThat(seconds).isEqualTo(1.1));
    }

    @Test
    void outputsThatChangedWhileItWasMeasuredFailTheCell() throws IOException {
        givesOutputs = true;
        afterWindow = 8.2;

        assertThat(run(8).failed()).containsOnlyKeys("cpu-fp32-b8");
        assertThat(directory.resolve("run/findings.jsonl"))
                .content()
                .contains("network-failed", "outputs after the measured window are not those before it");
    }

    @Test
    void outputsThatDifferAsSumsInAnotherOrderDoAreTheSame() throws IOException {
        givesOutputs = true;
        afterWindow = 8.01;

        assertThat(run(8).failed()).isEmpty();
    }

    @Test
    void aNetworkThatGivesAnotherOutputEachTimeIsMeasuredAndTheReportSaysSo() throws IOException {
        givesOutputs = true;
        varies = true;

        assertThat(run(8).failed()).isEmpty();
        assertThat(directory.resolve("run/findings.jsonl")).content().contains("outputs-vary");
    }

    @Test
    void aCellIsComparedWithTheReferenceOfItsBatchSizeAndKeepsWhatTheNetworkSaidLater() throws IOException {
        givesOutputs = true;

        run(8);

        JsonNode cell = new JsonMapper()
                .readTree(directory.resolve("run/cells/cpu-fp32-b8.json").toFile());
        // 1 − (−1 − −2)² / ((8 − 3)² + (−2 − 3)²)
        assertThat(cell.path("agreement").asDouble(0)).isCloseTo(1 - 1.0 / 50, within(1e-12));
        assertThat(cell.path("settings").path("threads").asString("")).isEqualTo("2");
    }

    @Test
    void theLargestLayersRunAloneAfterEverythingElseAndOneThatCannotFailsNothing() throws IOException {
        layers = new Experiment.Layers(true, 2);
        givesOutputs = true;

        run(8);

        assertThat(loadedLayers).containsExactly("large", "middle");
        assertThat(failures).isEmpty();
        assertThat(kinds()).containsOnlyOnce(Window.Kind.ISOLATED);
        assertThat(kinds().indexOf(Window.Kind.ISOLATED)).isGreaterThan(kinds().lastIndexOf(Window.Kind.IDLE_LOADED));
        List<Part> parts = Part.read(directory.resolve("run"));
        assertThat(parts)
                .filteredOn(part -> part.pass() == Part.Pass.LAYERS)
                .extracting(Part::name, Part::nanos, Part::wholeNanos)
                .containsExactly(tuple("small", 10L, 1000L), tuple("middle", 300L, 1000L), tuple("large", 500L, 1000L));
        assertThat(parts)
                .filteredOn(part -> part.pass() == Part.Pass.LAYER_ALONE)
                .extracting(Part::name, Part::windowId)
                .containsExactly(tuple("middle", Optional.of(isolated().id())));
        assertThat(directory.resolve("run/findings.jsonl")).content().contains("layer-not-alone", "it has a sub-graph");
    }

    private Window isolated() {
        return windows.stream()
                .filter(window -> window.kind() == Window.Kind.ISOLATED)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aWindowThatIsTooShortIsAskedOnceMoreAndForNoMoreThanThreeTimesTheLength() throws IOException {
        answersSeconds = 0.001;

        run(8);

        assertThat(asked).extracting(RunRequest::seconds).containsExactly(10.0, 30.0);
        assertThat(kinds()).containsOnlyOnce(Window.Kind.MEASURE);
    }

    @Test
    void aFatalErrorStartsTheProcessOnceMoreAndThenFailsTheCellAndTheRunGoesOn() throws IOException {
        onMeasure = Optional.of(new NetworkException(Code.EXITED, "it crashed"));

        Runner runner = run(1, 8);

        assertThat(started).isEqualTo(3);
        assertThat(failures).containsExactly("cpu-fp32-b1", "cpu-fp32-b8");
        assertThat(runner.failed()).containsOnlyKeys("cpu-fp32-b1", "cpu-fp32-b8");
    }

    @Test
    void anUnsupportedCellIsAHoleAndNoFailure() throws IOException {
        onMeasure = Optional.of(new NetworkException(Code.UNSUPPORTED, "only batch 1"));

        Runner runner = run(8);

        assertThat(runner.failed()).isEmpty();
        assertThat(failures).containsExactly("cpu-fp32-b8");
    }

    private static Experiment.Gates gates(String onUnsupported, String onOutOfMemory) {
        OptionalDouble none = OptionalDouble.empty();
        return new Experiment.Gates(none, Optional.empty(), none, none, onUnsupported, onOutOfMemory);
    }

    @Test
    void anUnsupportedCellIsAFailureWhereTheFileSaysSo() throws IOException {
        gates = gates("fail", "fail");
        onMeasure = Optional.of(new NetworkException(Code.UNSUPPORTED, "only batch 1"));

        assertThat(run(8).failed()).containsOnlyKeys("cpu-fp32-b8");
    }

    @Test
    void largerBatchesAreTriedAfterRunningOutOfMemoryWhereTheFileSaysSo() throws IOException {
        gates = gates("skip", "fail");
        onMeasure = Optional.of(new NetworkException(Code.OUT_OF_MEMORY, "no room"));

        run(8, 64);

        assertThat(asked).hasSize(2);
    }

    /// Half a degree colder at each read, from 50 °C.
    private static final class Cooling implements Sensor {
        private long millidegrees = 50_000;
        private final boolean broken;

        Cooling(boolean broken) {
            this.broken = broken;
        }

        @Override
        public String id() {
            return "hwmon:k10temp";
        }

        @Override
        public List<Channel> channels() {
            return Stream.of("temp1", "temp2")
                    .map(name -> Channel.signal(
                            "hwmon:k10temp/" + name,
                            Component.of(Component.Kind.CPU, "package-0"),
                            Quantity.TEMPERATURE,
                            1e-3,
                            Duration.ofMillis(1)))
                    .toList();
        }

        @Override
        public String via() {
            return "test";
        }

        @Override
        public void read(Reading out) {
            out.fail(1, "no such register");
            if (broken) {
                out.fail(0, "no such register");
            } else {
                millidegrees -= 500;
                out.set(0, millidegrees);
            }
        }

        @Override
        public void close() {}
    }

    @Test
    void whereNoTemperatureCanBeReadTheRunGoesOnAndSaysThatItDidNotWait() throws IOException {
        sensors.put(new Cooling(true), Duration.ofMillis(5));
        coolBelow = OptionalDouble.of(45);

        run(8);

        assertThat(asked).hasSize(1);
        assertThat(directory.resolve("run/findings.jsonl")).content().contains("not-cool", "no temperature was read");
    }

    /// One of the sensor's channels fails at each read, and the other one counts all the same.
    @Test
    void aCellBeginsOnlyWhenTheMachineIsCool() throws IOException {
        Cooling sensor = new Cooling(false);
        sensors.put(sensor, Duration.ofMillis(5));
        coolBelow = OptionalDouble.of(45);

        run(8);

        assertThat(asked).hasSize(1);
        // A look every half second sees it far below 45 °C at the latest.
        assertThat(coldestBeforeLoad(sensor)).isLessThan(45_000);
        assertThat(directory.resolve("run/findings.jsonl")).content().doesNotContain("not-cool");
    }

    private long coldestBeforeLoad(Cooling sensor) throws IOException {
        long load = windows.stream()
                .filter(window -> window.kind() == Window.Kind.LOAD)
                .findFirst()
                .orElseThrow()
                .startNanos();
        List<String> rows = Files.readAllLines(directory.resolve("run").resolve(Recorder.signalFile(sensor.id())));
        return rows.stream()
                .skip(1)
                .filter(row -> !row.startsWith("#"))
                .map(row -> row.split(",", -1))
                .filter(fields -> Long.parseLong(fields[0]) < load)
                .mapToLong(fields -> Long.parseLong(fields[2]))
                .min()
                .orElseThrow();
    }

    @Test
    void stampsThatLeaveOutMuchOfTheAnswersTimeAreFoundAndOthersAreNot() throws IOException {
        answersLaterSeconds = 0.4;
        run(8);
        assertThat(directory.resolve("run/findings.jsonl")).content().doesNotContain("stamps-narrow");

        directory = directory.resolve("later");
        answersLaterSeconds = 8;
        run(8);

        assertThat(directory.resolve("run/findings.jsonl")).content().contains("stamps-narrow", "10.0 s of the 18.0 s");
    }

    @Test
    void aMeasuredWindowSaysHowMuchOtherProcessesUsed() throws IOException {
        usesSeconds = 3;

        run(8);

        Window measured = windows.stream()
                .filter(window -> window.kind() == Window.Kind.MEASURE)
                .findFirst()
                .orElseThrow();
        assertThat(measured.conditions().networkCpuSeconds()).hasValue(3);
        assertThat(measured.conditions().machineCpuSeconds().getAsDouble()).isBetween(0.0, 600.0);
        assertThat(measured.conditions().profilerCpuSeconds().getAsDouble()).isBetween(0.0, 600.0);
    }

    @Test
    void runningOutOfMemorySkipsTheLargerBatchesOfTheSeries() throws IOException {
        onMeasure = Optional.of(new NetworkException(Code.OUT_OF_MEMORY, "no room"));

        Runner runner = run(8, 64, 1);

        assertThat(asked).hasSize(2);
        assertThat(runner.failed()).containsOnlyKeys("cpu-fp32-b8", "cpu-fp32-b64", "cpu-fp32-b1");
    }

    @Test
    void phasesAreTimedInAWindowOfTheirOwnAndThoseThatCanBeAreRunAlone() throws IOException {
        phases = List.of("pack", "refused", "execute");
        isolable = List.of("refused", "execute");

        run(8);

        assertThat(windows)
                .extracting(Window::kind)
                .containsSubsequence(Window.Kind.MEASURE, Window.Kind.PHASES, Window.Kind.ISOLATED)
                .containsOnlyOnce(Window.Kind.PHASES, Window.Kind.ISOLATED);
        assertThat(alone).containsExactly("refused", "execute");
        assertThat(failures).as("a refusal here costs the cell nothing").isEmpty();
        assertThat(windows)
                .filteredOn(window -> window.kind() == Window.Kind.ISOLATED)
                .singleElement()
                .satisfies(window -> assertThat(window.phaseNanos()).containsOnlyKeys("execute"));
    }
}
