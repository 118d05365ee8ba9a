package io.neurojoule.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.recording.Recording;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// A controller that is read once a second, in a run of ten times 10 s idle and 20 s of load.
class ObservedTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int CYCLES = 10;
    private static final Component NODE = Component.of(Component.Kind.NODE, "node");

    private static Recording recording(Map<String, Duration> startRefreshes) {
        List<Window> windows = new ArrayList<>();
        for (int i = 0; i < CYCLES; i++) {
            long start = 30L * i * SECOND;
            windows.add(window(windows.size(), Window.Kind.IDLE_LOADED, start, start + 10 * SECOND));
            windows.add(window(windows.size(), Window.Kind.WARMUP, start + 10 * SECOND, start + 15 * SECOND));
            windows.add(window(windows.size(), Window.Kind.MEASURE, start + 15 * SECOND, start + 30 * SECOND));
        }
        RunInfo.SensorInfo sensor = new RunInfo.SensorInfo(
                "ipmi:node",
                "signals/x.csv",
                "test",
                Duration.ofSeconds(1),
                Optional.empty(),
                List.of(),
                Optional.of(new RunInfo.Reads(Duration.ofMillis(1), Duration.ofMillis(2), Map.of(), startRefreshes)));
        RunInfo info = new RunInfo(
                RunInfo.FORMAT,
                "test",
                "test",
                "frame",
                Instant.EPOCH,
                0,
                "",
                "",
                "",
                false,
                Optional.empty(),
                Map.of(),
                "compute",
                List.of(sensor),
                Map.of(),
                Map.of(),
                Optional.empty());
        return new Recording(
                Path.of("."),
                info,
                JsonMapper.shared().readTree("{}"),
                List.of(),
                List.of(),
                windows,
                List.of(),
                List.of(),
                List.of());
    }

    private static Window window(int n, Window.Kind kind, long from, long to) {
        return new Window("w" + n, "cell", 1, kind, from, to, 1, 1, true);
    }

    private static double load(long nanos) {
        return nanos % (30 * SECOND) < 10 * SECOND ? 100 : 300;
    }

    /// Power that trembles by some watts, renewed on a grid and shown late.
    private static Signal power(Duration declared, long refresh, long late, boolean trembles) {
        SplittableRandom random = new SplittableRandom(7);
        List<Long> values = new ArrayList<>();
        int n = 30 * CYCLES;
        long[] times = new long[n];
        long[] raw = new long[n];
        for (int i = 0; i < n; i++) {
            times[i] = i * SECOND + random.nextLong(20_000_000);
            int renewed = (int) (times[i] / refresh);
            while (values.size() <= renewed) {
                double tremble = trembles ? random.nextDouble(-9, 9) : 0;
                values.add(Math.round(load(Math.max(0, values.size() * refresh - late)) + tremble));
            }
            raw[i] = values.get(renewed);
        }
        Channel channel = Channel.power("ipmi:node", NODE, 1, declared, Duration.ZERO);
        return new Signal(channel, times, new long[n], raw, List.of());
    }

    private static Observed observed(Signal signal) {
        return Observed.of(signal, recording(Map.of()));
    }

    private static List<String> codes(Observed observed) {
        return observed.findings().stream().map(Finding::code).toList();
    }

    @Test
    void aControllerThatIsSlowerThanItSaysIsFoundAndTheBoundReckonsWithIt() {
        Signal slow = power(Duration.ofSeconds(1), 5 * SECOND, 0, true);

        Observed observed = observed(slow);

        assertThat(codes(observed)).containsExactly("refresh-differs");
        assertThat(observed.findings().getFirst().message()).contains("every 1.00 s", "every 5.0");
        assertThat(observed.worstRefresh()).isBetween(Duration.ofMillis(4900), Duration.ofMillis(5100));
        Energy told = (Energy) Energy.of(slow, 12 * SECOND, 40 * SECOND);
        Energy real = (Energy) Energy.of(slow.withRefresh(observed.worstRefresh()), 12 * SECOND, 40 * SECOND);
        assertThat(real.joules())
                .as("placed by the real refresh")
                .isCloseTo(told.joules(), within(told.boundJoules() + real.boundJoules()));
        assertThat(real.boundJoules()).isGreaterThan(told.boundJoules());
    }

    @Test
    void whatIsAsItSaysIsNoFinding() {
        for (boolean trembles : new boolean[] {true, false}) {
            Observed observed = observed(power(Duration.ofSeconds(1), SECOND, 0, trembles));

            assertThat(observed.findings()).as("trembles: %s", trembles).isEmpty();
            assertThat(observed.worstRefresh()).isEqualTo(Duration.ofSeconds(1));
        }
    }

    @Test
    void theDelayIsFromTheStartOfTheLoadUntilItShows() {
        Observed prompt = observed(power(Duration.ofSeconds(1), SECOND, 0, true));
        Observed late = observed(power(Duration.ofSeconds(1), SECOND, 4 * SECOND, true));

        assertThat(prompt.delay().seconds().orElseThrow()).isBetween(0.0, 1.1);
        assertThat(late.delay().seconds().orElseThrow()).isCloseTo(4, within(0.2));
        assertThat(codes(late)).containsExactly("delay-differs");
        assertThat(late.worstRefresh()).isGreaterThan(Duration.ofSeconds(2));
    }

    @Test
    void aDelayThatTheTimeBetweenReadingsExplainsIsNoFinding() {
        Observed observed = observed(power(Duration.ofMillis(20), 20_000_000, 0, false));

        assertThat(observed.delay().seconds()).isPresent();
        assertThat(observed.findings()).isEmpty();
        assertThat(observed.worstRefresh()).isEqualTo(Duration.ofMillis(20));
    }

    @Test
    void aPowerThatDoesNotFollowTheLoadHasNoDelay() {
        Signal signal = power(Duration.ofSeconds(1), SECOND, 0, true);
        long[] flat = new long[signal.size()];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = 200L + i % 7;
        }

        Delay delay = observed(new Signal(signal.channel(), signal.timeNanos(), signal.readNanos(), flat, List.of()))
                .delay();

        assertThat(delay.seconds()).isEmpty();
        assertThat(delay.reason().orElseThrow()).startsWith("a clear step at 0 of 10 starts of the load");
    }

    @Test
    void aCounterThatWasSlowAtTheStartIsReckonedWithAsSlow() {
        Channel counter = Channel.counter("ipmi:node", NODE, 1e-3, 0, Duration.ofMillis(1));
        long[] times = new long[300];
        long[] raw = new long[300];
        for (int i = 0; i < 300; i++) {
            times[i] = i * SECOND;
            raw[i] = 100_000L * i;
        }
        Signal signal = new Signal(counter, times, new long[300], raw, List.of());

        assertThat(Observed.of(signal, recording(Map.of("ipmi:node", Duration.ofMillis(20))))
                        .worstRefresh())
                .isEqualTo(Duration.ofMillis(20));
        assertThat(observed(signal).worstRefresh()).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void aCounterThatMovesByOneStepAtATimeTellsNothingOfItsRefresh() {
        Channel wattHours = Channel.counter("snmp:pdu/energy", NODE, 3600, 0, Duration.ofSeconds(1));
        long[] times = new long[300];
        long[] raw = new long[300];
        for (int i = 0; i < 300; i++) {
            times[i] = i * SECOND;
            raw[i] = i / 12;
        }

        Observed observed = observed(new Signal(wattHours, times, new long[300], raw, List.of()));

        assertThat(observed.refresh()).isEmpty();
        assertThat(observed.findings()).isEmpty();
        assertThat(observed.worstRefresh()).isEqualTo(Duration.ofSeconds(1));
    }
}
