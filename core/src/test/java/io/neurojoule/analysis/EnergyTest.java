package io.neurojoule.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Quantity;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Laws of energy, on thousands of random signals. The signal's truth is a closed formula, so there is no oracle but
/// physics.
class EnergyTest {
    private static final Component PACKAGE = Component.of(Component.Kind.CPU, "package-0");
    private static final Component NODE = Component.of(Component.Kind.NODE, "node");
    private static final Duration REFRESH = Duration.ofMillis(1);
    private static final double MICROJOULE = 1e-6;
    private static final long SECOND = 1_000_000_000L;

    /// Power `low` before `step`, `high` after it.
    private record Load(double low, double high, long stepNanos) {
        double joules(long nanos) {
            long before = Math.min(nanos, stepNanos);
            return (before * low + (nanos - before) * high) * 1e-9;
        }

        double joules(long from, long to) {
            return joules(to) - joules(from);
        }
    }

    private static Channel counter(long wrapsAt) {
        return Channel.counter("rapl:package-0", PACKAGE, MICROJOULE, wrapsAt, REFRESH)
                .withMaxWatts(400);
    }

    private static Signal counting(Channel channel, Load load, long startRaw, long[] times) {
        long[] raw = Arrays.stream(times)
                .map(t -> {
                    long microjoules = startRaw + (long) Math.floor(load.joules(t) / MICROJOULE);
                    return channel.wrapsAt() > 0 ? microjoules % channel.wrapsAt() : microjoules;
                })
                .toArray();
        return new Signal(channel, times, new long[times.length], raw, List.of());
    }

    private static long[] times(SplittableRandom random, int n, long meanNanos) {
        long[] times = new long[n];
        long t = 0;
        for (int i = 0; i < n; i++) {
            times[i] = t;
            t += random.nextLong(meanNanos / 2, meanNanos * 3 / 2);
        }
        return times;
    }

    private static Energy energy(Integral integral) {
        assertThat(integral).isInstanceOf(Energy.class);
        return (Energy) integral;
    }

    private static String code(Integral integral) {
        assertThat(integral).isInstanceOf(Integral.Unavailable.class);
        return ((Integral.Unavailable) integral).code();
    }

    @Test
    void energyOfConstantPowerIsPowerTimesTime() {
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            double watts = random.nextDouble(1, 390);
            long[] times = times(random, 200, random.nextLong(1_000_000, 200_000_000));
            long from = random.nextLong(0, times[100]);
            long to = random.nextLong(from + 1_000_000, times[199]);
            Signal signal = counting(counter(0), new Load(watts, watts, 0), random.nextLong(1L << 40), times);

            Energy energy = energy(Energy.of(signal, from, to));

            assertThat(energy.joules()).as("seed %d", seed).isCloseTo(watts * (to - from) * 1e-9, within(3e-6));
        }
    }

    @Test
    void theBoundContainsTheTruthWhereverTheLoadSteps() {
        for (long seed = 0; seed < 5000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] times = times(random, 60, random.nextLong(1_000_000, 200_000_000));
            long from = random.nextLong(times[1], times[30]);
            long to = random.nextLong(from + 1_000_000, times[58]);
            long step =
                    random.nextBoolean() ? random.nextLong(0, times[59]) : from + random.nextLong(-500_000, 500_000);
            Load load = new Load(random.nextDouble(5, 390), random.nextDouble(5, 390), Math.max(0, step));
            Signal signal = counting(counter(0), load, 7, times);

            Energy energy = energy(Energy.of(signal, from, to));

            assertThat(Math.abs(energy.joules() - load.joules(from, to)))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy.boundJoules());
        }
    }

    /// The counter shows what it had at its last refresh: in a window of some hundred microseconds that can be
    /// everything.
    @Test
    void theBoundContainsTheTruthOfACounterThatIsRenewedOnceAMillisecond() {
        for (long seed = 0; seed < 5000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] times = times(random, 200, random.nextLong(100_000, 5_000_000));
            long from = random.nextLong(times[1], times[100]);
            long to = from + random.nextLong(100_000, times[198] - from);
            Load load = new Load(random.nextDouble(5, 390), random.nextDouble(5, 390), random.nextLong(times[199]));
            long phase = random.nextLong(1_000_000);
            long[] raw = Arrays.stream(times)
                    .map(t -> (long) Math.floor(load.joules(Math.max(0, t - Math.floorMod(t - phase, 1_000_000L)))
                            / MICROJOULE))
                    .toArray();
            Signal signal = new Signal(counter(0), times, new long[times.length], raw, List.of());

            Energy energy = energy(Energy.of(signal, from, to));

            assertThat(Math.abs(energy.joules() - load.joules(from, to)))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy.boundJoules());
        }
    }

    @Test
    void aCounterThatStandsStillThroughAShortWindowGivesNoNumberAndNotZero() {
        long[] times = {0, SECOND / 10, 2 * SECOND / 10, 5 * SECOND / 10, 6 * SECOND / 10};
        Signal signal = new Signal(counter(0), times, new long[5], new long[] {1, 1, 1, 1, 1}, List.of());

        assertThat(code(Energy.of(signal, SECOND / 20, SECOND / 2))).isEqualTo("counter-frozen");
    }

    /// 200 W fill a watt hour in 18 s, so that most windows see no step or one.
    @Test
    void aCounterInWattHoursRestsWithoutBeingFrozenAndItsBoundContainsTheTruth() {
        Channel wattHours = Channel.counter(
                "snmp:pdu1/inlet-energy",
                Component.of(Component.Kind.WALL, "wall"),
                3600,
                1L << 32,
                Duration.ofSeconds(1));
        for (long seed = 0; seed < 1000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] times = times(random, 100, SECOND);
            long from = random.nextLong(times[1], times[60]);
            long to = from + random.nextLong(SECOND, 30 * SECOND);
            Load load = new Load(random.nextDouble(20, 800), random.nextDouble(20, 800), random.nextLong(times[99]));
            double start = random.nextDouble(3600);
            long[] raw = Arrays.stream(times)
                    .map(t -> (long) Math.floor((start + load.joules(t)) / 3600))
                    .toArray();

            Energy energy = energy(Energy.of(new Signal(wattHours, times, new long[100], raw, List.of()), from, to));

            assertThat(Math.abs(energy.joules() - load.joules(from, to)))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy.boundJoules());
        }
    }

    @Test
    void aCounterInWattHoursThatStandsStillForLongerThanAnyMachineNeedsForOneIsFrozen() {
        Channel wattHours = Channel.counter(
                "snmp:pdu1/inlet-energy",
                Component.of(Component.Kind.WALL, "wall"),
                3600,
                1L << 32,
                Duration.ofSeconds(1));
        long[] times = {0, 2000 * SECOND, 4000 * SECOND};
        Signal signal = new Signal(wattHours, times, new long[3], new long[] {7, 7, 7}, List.of());

        assertThat(code(Energy.of(signal, 0, 4000 * SECOND))).isEqualTo("counter-frozen");
    }

    @Test
    void energyIsAdditiveOverAdjacentWindows() {
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] times = times(random, 60, 50_000_000);
            long a = random.nextLong(0, times[20]);
            long b = random.nextLong(a + 1, times[40]);
            long c = random.nextLong(b + 1, times[59]);
            Signal signal = counting(counter(0), new Load(20, 300, times[25]), 0, times);

            double parts = energy(Energy.of(signal, a, b)).joules()
                    + energy(Energy.of(signal, b, c)).joules();

            assertThat(parts)
                    .as("seed %d", seed)
                    .isCloseTo(energy(Energy.of(signal, a, c)).joules(), within(1e-9));
        }
    }

    @Test
    void aCounterThatWrapsLosesNothing() {
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long wrapsAt = random.nextLong(100_000_000L, 262_143_328_850L);
            long[] times = times(random, 60, 50_000_000);
            long start = wrapsAt - random.nextLong(1, 20_000_000);
            Load load = new Load(30, random.nextDouble(50, 390), times[10]);

            Energy wrapping = energy(Energy.of(counting(counter(wrapsAt), load, start, times), times[3], times[50]));

            assertThat(wrapping.joules()).as("seed %d", seed).isCloseTo(load.joules(times[3], times[50]), within(3e-6));
        }
    }

    @Test
    void aResetIsNoWrapAndGivesNoNumber() {
        long[] times = {0, SECOND, 2 * SECOND, 3 * SECOND};
        Signal signal = new Signal(
                counter(65_532_610_987L),
                times,
                new long[4],
                new long[] {5_000_000_000L, 5_100_000_000L, 40, 100_000_040L},
                List.of());

        Integral over = Energy.of(signal, SECOND / 2, 5 * SECOND / 2);
        Integral after = Energy.of(signal, 2 * SECOND, 3 * SECOND);

        assertThat(code(over)).isEqualTo("counter-reset");
        assertThat(energy(after).joules()).isCloseTo(100, within(1e-6));
    }

    @Test
    void aGapInWhichTheCounterCouldHaveWrappedMoreThanOnceGivesNoNumber() {
        long wrapsAt = 100_000_000L; // 100 J: at 400 W a turn takes 0.25 s
        long[] times = {0, SECOND / 10, 2 * SECOND, 21 * SECOND / 10};
        Signal signal = new Signal(
                counter(wrapsAt), times, new long[4], new long[] {0, 10_000_000, 50_000_000, 60_000_000}, List.of());

        assertThat(code(Energy.of(signal, SECOND / 20, 41 * SECOND / 20))).isEqualTo("counter-gap");
    }

    @Test
    void aJumpBeyondTheMaximumPowerGivesNoNumber() {
        long[] times = {0, SECOND, 2 * SECOND};
        Signal signal =
                new Signal(counter(0), times, new long[3], new long[] {0, 100_000_000, 90_000_000_000L}, List.of());

        assertThat(code(Energy.of(signal, 0, 2 * SECOND))).isEqualTo("counter-jump");
    }

    @Test
    void aReadingOfZeroAmongOthersGivesNoNumberAlsoAtTheEdgeOfTheWindow() {
        Channel unbounded = Channel.counter("redfish:bmc1/node-energy", PACKAGE, 1, 0, Duration.ofSeconds(1));
        long[] times = {0, SECOND, 2 * SECOND, 3 * SECOND};
        long[] raw = {444_240_000, 0, 444_240_300, 444_240_600};
        Signal signal = new Signal(unbounded, times, new long[4], raw, List.of());

        assertThat(code(Energy.of(signal, 3 * SECOND / 2, 3 * SECOND))).isEqualTo("counter-jump");
        assertThat(code(Energy.of(signal, SECOND, 2 * SECOND))).isEqualTo("counter-jump");
        assertThat(energy(Energy.of(signal, 2 * SECOND, 3 * SECOND)).joules()).isCloseTo(300, within(1e-9));
    }

    @Test
    void afterARealResetTheCounterCountsOn() {
        Channel unbounded = Channel.counter("redfish:bmc1/node-energy", PACKAGE, 1, 0, Duration.ofSeconds(1));
        long[] times = {0, SECOND, 2 * SECOND, 3 * SECOND};
        Signal signal = new Signal(unbounded, times, new long[4], new long[] {444_240_000, 10, 310, 610}, List.of());

        assertThat(energy(Energy.of(signal, SECOND, 3 * SECOND)).joules()).isCloseTo(600, within(1e-9));
        assertThat(code(Energy.of(signal, 0, 2 * SECOND))).isEqualTo("counter-reset");
    }

    @Test
    void theBoundOfACounterHoldsAlsoWhereItIsRenewedMoreSeldomThanItSays() {
        Channel says = Channel.counter("redfish:bmc1/node-energy", PACKAGE, 1e-3, 0, Duration.ofSeconds(1));
        for (long seed = 0; seed < 3000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long refresh = random.nextLong(SECOND, 10 * SECOND);
            Load load = new Load(
                    random.nextDouble(50, 400), random.nextDouble(50, 400), random.nextLong(20 * SECOND, 70 * SECOND));
            long[] times = times(random, 100, SECOND);
            long[] raw = Arrays.stream(times)
                    .map(t -> (long) Math.floor(load.joules(Math.floorDiv(t, refresh) * refresh) / 1e-3))
                    .toArray();
            long from = random.nextLong(15 * SECOND, 25 * SECOND);
            long to = from + random.nextLong(22 * SECOND, 40 * SECOND);

            Integral integral = Energy.of(new Signal(says, times, new long[times.length], raw, List.of()), from, to);

            assertThat(Math.abs(energy(integral).joules() - load.joules(from, to)))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy(integral).boundJoules() + 1e-9);
        }
    }

    /// What a controller with a clock of its own says once a second.
    private static long[] ticks(long phase, int n) {
        long[] times = new long[n];
        Arrays.setAll(times, i -> phase + i * SECOND);
        return times;
    }

    /// The controller goes on stamping what it does not renew any more, or is read four times a second; the load has
    /// been seen before.
    @Test
    void theBoundHoldsWhereACounterBeginsToStandStill() {
        Channel node = Channel.counter("ipmi:bmc/node-energy", NODE, 1e-3, 0, Duration.ofSeconds(1));
        int figures = 0;
        for (long seed = 0; seed < 6000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long phase = random.nextLong(SECOND);
            boolean stamped = random.nextBoolean();
            long[] times = stamped ? ticks(phase, 60) : times(random, 240, SECOND / 4);
            long stuck = random.nextLong(20 * SECOND, 30 * SECOND);
            Load load = new Load(
                    random.nextDouble(200, 1100),
                    random.nextDouble(200, 1100),
                    random.nextLong(8 * SECOND, stuck - 3 * SECOND));
            long[] raw = Arrays.stream(times)
                    .map(t -> Math.max(0, t - Math.floorMod(t - phase, SECOND)))
                    .map(t -> (long) (load.joules(Math.min(t, stuck)) / 1e-3))
                    .toArray();
            long from = stuck - random.nextLong(SECOND / 4, 2 * SECOND);
            long to = stuck + random.nextLong(0, 3 * SECOND);

            Integral integral = Energy.of(new Signal(node, times, new long[times.length], raw, List.of()), from, to);

            if (integral instanceof Energy energy) {
                figures++;
                assertThat(Math.abs(energy.joules() - load.joules(from, to)))
                        .as("seed %d", seed)
                        .isLessThanOrEqualTo(energy.boundJoules());
            }
        }
        assertThat(figures).isGreaterThan(5000);
    }

    /// Nothing states the most that a server draws, so the rest of the recording does.
    @Test
    void aJumpOfACounterWithoutAStatedMaximumGivesNoNumber() {
        Channel node = Channel.counter("ipmi:bmc/node-energy", NODE, 1e-3, 0, Duration.ofSeconds(1));
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] times = ticks(random.nextLong(SECOND), 60);
            Load load = new Load(
                    random.nextDouble(200, 1100),
                    random.nextDouble(200, 1100),
                    random.nextLong(10 * SECOND, 50 * SECOND));
            int[] jumps = {random.nextInt(10, 25), random.nextInt(30, 50)};
            long jump = random.nextLong(200_000, 1L << 32);
            long[] raw = new long[60];
            for (int i = 0; i < 60; i++) {
                raw[i] = (long)
                        ((load.joules(times[i]) + (i >= jumps[0] ? jump : 0) + (i >= jumps[1] ? jump / 2 : 0)) / 1e-3);
            }
            Signal signal = new Signal(node, times, new long[60], raw, List.of());

            for (int i : jumps) {
                assertThat(code(Energy.of(signal, times[i - 1] - SECOND / 3, times[i] + SECOND / 2)))
                        .as("seed %d", seed)
                        .isEqualTo("counter-jump");
            }
            Energy after = energy(Energy.of(signal, times[50], times[55]));
            assertThat(Math.abs(after.joules() - load.joules(times[50], times[55])))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(after.boundJoules());
        }
    }

    /// A card at rest, the part of a processor above its idle power: a short program can draw any number of times that.
    @Test
    void aShortProgramIsNoJumpOfWhatMayRest() {
        Component card = Component.of(Component.Kind.ACCELERATOR, "card");
        Channel rests = Channel.counter("hwmon:card/energy1", card, MICROJOULE, 0, REFRESH);
        Channel above =
                Channel.counter("estimate:cpu", PACKAGE, MICROJOULE, 0, REFRESH).withBaseWatts(12);
        long[] times = new long[60];
        Arrays.setAll(times, i -> i * SECOND / 10);
        for (Channel channel : List.of(rests, above)) {
            long[] raw = new long[60];
            for (int i = 1; i < 60; i++) {
                raw[i] = raw[i - 1] + (i == 30 ? 20_000_000 : 10_000);
            }

            Integral integral = Energy.of(
                    new Signal(channel, times, new long[60], raw, List.of()), 28 * SECOND / 10, 32 * SECOND / 10);

            assertThat(energy(integral).joules() - channel.baseWatts() * 0.4).isCloseTo(20.03, within(1e-6));
        }
    }

    /// A batch of half a second on a server that idles otherwise, and what a counter catches up with after a rest.
    @Test
    void aBurstAndWhatComesLateIsNoJump() {
        Channel node = Channel.counter("ipmi:bmc/node-energy", NODE, 1e-3, 0, Duration.ofSeconds(1));
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] times = times(random, 100, SECOND / 2);
            int burst = random.nextInt(30, 90);
            int rest = random.nextInt(1, 20);
            long[] raw = new long[100];
            for (int i = 0; i < 100; i++) {
                double joules = 100e-9 * times[i] + (i >= burst ? 400 : 0);
                raw[i] = i >= burst - rest && i < burst ? raw[i - 1] : (long) (joules / 1e-3);
            }
            Signal signal = new Signal(node, times, new long[100], raw, List.of());

            Integral integral = Energy.of(signal, times[burst - rest - 3], times[burst + 3]);

            if (integral instanceof Integral.Unavailable none) {
                assertThat(none.code()).as("seed %d", seed).isEqualTo("counter-frozen");
            }
        }
    }

    @Test
    void theBoundHoldsAroundAReadThatHungAndWasTrueAtItsEndOrItsBeginning() {
        for (long seed = 0; seed < 1000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Load load = new Load(100, 200, random.nextLong(0, 10 * SECOND));
            int n = 40;
            long[] times = new long[n];
            long[] took = new long[n];
            long[] raw = new long[n];
            long hang = random.nextLong(SECOND, 4 * SECOND);
            boolean atItsEnd = random.nextBoolean();
            long now = 0;
            for (int i = 0; i < n; i++) {
                took[i] = i == 20 ? hang : 0;
                times[i] = now + took[i] / 2;
                raw[i] = (long) (load.joules(atItsEnd ? now + took[i] : now) / MICROJOULE);
                now += took[i];
                now += (i == 19 || i == 20) && random.nextBoolean() ? 0 : SECOND / 10;
            }
            long from = random.nextLong(SECOND, times[n - 1] - 2 * SECOND);
            long to = from + random.nextLong(SECOND, 2 * SECOND);

            Energy energy = energy(Energy.of(new Signal(counter(0), times, took, raw, List.of()), from, to));

            assertThat(Math.abs(energy.joules() - load.joules(from, to)))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy.boundJoules());
        }
    }

    @Test
    void aFrozenCounterGivesNoNumberAndNotZero() {
        long[] times = new long[40];
        long[] raw = new long[40];
        for (int i = 0; i < 40; i++) {
            times[i] = i * SECOND / 10;
            raw[i] = Math.min(i, 5) * 10_000_000L;
        }

        assertThat(code(Energy.of(new Signal(counter(0), times, new long[40], raw, List.of()), 0, 3 * SECOND)))
                .isEqualTo("counter-frozen");
    }

    @Test
    void aWindowThatTheReadingsDoNotCoverGivesNoNumber() {
        Signal signal = counting(counter(0), new Load(100, 100, 0), 0, new long[] {SECOND, 2 * SECOND});

        assertThat(code(Energy.of(signal, 0, 2 * SECOND))).isEqualTo("not-covered");
        assertThat(code(Energy.of(signal, SECOND, 3 * SECOND))).isEqualTo("not-covered");
    }

    @Test
    void aGaugeIsIntegratedAsATrapezoid() {
        Channel watts = Channel.power(
                "hwmon:board/power1", Component.of(Component.Kind.BOARD, "board"), 1e-3, Duration.ZERO, Duration.ZERO);
        long[] times = {0, SECOND / 4, SECOND / 2, 3 * SECOND / 4, SECOND};
        Signal ramp = new Signal(watts, times, new long[5], new long[] {0, 25_000, 50_000, 75_000, 100_000}, List.of());

        assertThat(energy(Energy.of(ramp, 0, SECOND)).joules()).isCloseTo(50, within(1e-9));
        assertThat(energy(Energy.of(ramp, SECOND / 2, SECOND)).joules()).isCloseTo(37.5, within(1e-9));
    }

    /// A sensor that renews its value on a grid, as the mean of the stretch before, and is read at other times.
    private static Signal gauging(Channel channel, Load load, long phase, long[] times) {
        long refresh = channel.refresh().toNanos();
        long averaged = channel.averagedOver().toNanos();
        long[] raw = Arrays.stream(times)
                .map(t -> {
                    long renewed = Math.floorDiv(t - phase, refresh) * refresh + phase;
                    double watts = averaged == 0
                            ? (renewed < load.stepNanos ? load.low : load.high)
                            : load.joules(renewed - averaged, renewed) / (averaged * 1e-9);
                    return Math.round(watts / channel.scale());
                })
                .toArray();
        return new Signal(channel, times, new long[times.length], raw, List.of());
    }

    @Test
    void theBoundOfAGaugeHoldsForAStepAnywhereAndEveryRefreshAndAveraging() {
        for (long seed = 0; seed < 5000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Duration refresh = Duration.ofNanos(random.nextLong(1_000_000, SECOND));
            Duration averaged = random.nextBoolean() ? Duration.ZERO : Duration.ofNanos(random.nextLong(1, SECOND));
            Channel watts = Channel.power("hwmon:board/power1", PACKAGE, 1e-6, refresh, averaged);
            long[] times = times(random, 200, 100_000_000);
            long from = random.nextLong(2 * SECOND, 5 * SECOND);
            long to = from + random.nextLong(SECOND / 2, 8 * SECOND);
            Load load = new Load(
                    random.nextDouble(1, 400), random.nextDouble(1, 400), random.nextLong(SECOND, 15 * SECOND));
            Signal signal = gauging(watts, load, random.nextLong(SECOND), times);

            Energy energy = energy(Energy.of(signal, from, to));

            assertThat(Math.abs(energy.joules() - load.joules(from, to)))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy.boundJoules() + 1e-9);
        }
    }

    @Test
    void theMeanOfASecondStandsForTheMiddleOfThatSecond() {
        Duration second = Duration.ofSeconds(1);
        Channel watts = Channel.power("nvml:gpu/power", PACKAGE, 1e-6, Duration.ofMillis(1), second);
        long[] times = new long[200];
        Arrays.setAll(times, i -> i * SECOND / 10);
        Load load = new Load(50, 350, 5 * SECOND);
        Signal signal = gauging(watts, load, 0, times);

        // The ramp of the mean is symmetric around the step, so a window from half a second before the step is exact.
        assertThat(energy(Energy.of(signal, 4 * SECOND, 10 * SECOND)).joules())
                .isCloseTo(load.joules(4 * SECOND, 10 * SECOND), within(2.0));
    }

    /// Whole milliamperes at 12 V are steps of 12 mW, though the raw value is in microwatts.
    @Test
    void theBoundOfAPowerKnowsTheStepsThatItChangesIn() {
        Channel rail = Channel.power("hwmon:card/in0-curr1", PACKAGE, 1e-6, Duration.ofMillis(100), Duration.ZERO)
                .withResolution(0.012);
        long[] times = new long[50];
        Arrays.setAll(times, i -> i * SECOND / 10);
        for (long seed = 0; seed < 100; seed++) {
            double watts = new SplittableRandom(seed).nextDouble(1, 50);
            long[] raw = new long[50];
            Arrays.fill(raw, Math.round(watts / 0.012) * 12_000);

            Energy energy =
                    energy(Energy.of(new Signal(rail, times, new long[50], raw, List.of()), SECOND, 3 * SECOND));

            assertThat(Math.abs(energy.joules() - 2 * watts))
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(energy.boundJoules());
        }
    }

    /// Joules at each millisecond of a load that holds a power for 0.2 s or longer, then another.
    private static double[] jumping(SplittableRandom random, int millis) {
        double[] joules = new double[millis + 1];
        double watts = 100;
        int until = 0;
        for (int i = 0; i < millis; i++) {
            if (i >= until) {
                watts = random.nextDouble(40, 220);
                until = i + 200 + (int) (-1500 * Math.log(random.nextDouble()));
            }
            joules[i + 1] = joules[i] + watts * 1e-3;
        }
        return joules;
    }

    private record Law(Channel channel, int readEveryMillis) {
        Signal signal(double[] joules, int phase) {
            int refresh = Math.max(1, (int) channel.refresh().toMillis());
            int averaged = Math.max(1, (int) channel.averagedOver().toMillis());
            int n = joules.length / readEveryMillis - 1;
            long[] times = new long[n];
            long[] raw = new long[n];
            for (int i = 0; i < n; i++) {
                int at = readEveryMillis * i + phase % readEveryMillis;
                int renewed = Math.max(0, at - Math.floorMod(at - phase, refresh));
                double value = channel.quantity() == Quantity.ENERGY
                        ? joules[renewed]
                        : (joules[renewed] - joules[Math.max(0, renewed - averaged)]) / (averaged * 1e-3);
                times[i] = at * 1_000_000L;
                raw[i] = (long) Math.floor(value / channel.scale());
            }
            return new Signal(channel, times, new long[n], raw, List.of());
        }
    }

    private static final Duration TENTH = Duration.ofMillis(100);
    private static final Duration WHOLE = Duration.ofSeconds(1);
    private static final Component CARD = Component.of(Component.Kind.ACCELERATOR, "card");
    private static final List<Law> LAWS = List.of(
            new Law(
                    Channel.counter("rapl:package-0", PACKAGE, MICROJOULE, 0, REFRESH)
                            .withMaxWatts(2000),
                    100),
            new Law(Channel.counter("nvml:card/energy", CARD, 1e-3, 0, TENTH).withMaxWatts(400), 27),
            new Law(Channel.power("nvml:card/power", CARD, 1e-3, TENTH, Duration.ZERO), 103),
            new Law(Channel.power("nvml:card/average", CARD, 1e-3, TENTH, WHOLE), 103),
            new Law(Channel.power("hwmon:card/power1", CARD, 1e-6, WHOLE, Duration.ZERO), 253),
            new Law(Channel.power("hwmon:meter/power1", CARD, 1e-6, WHOLE, WHOLE), 253),
            new Law(Channel.power("ipmi:node", CARD, 1, WHOLE, WHOLE), 1010));

    /// What a bound is for: it nearly always contains the truth, and says more than that a figure is one.
    @Test
    void theBoundContainsTheTruthOfALoadThatJumpsAndIsNotMuchMoreThanTheError() {
        for (Law law : LAWS) {
            double[] errors = new double[400];
            double[] bounds = new double[400];
            int inside = 0;
            for (int seed = 0; seed < 400; seed++) {
                SplittableRandom random = new SplittableRandom(seed);
                double[] joules = jumping(random, 20_000);
                int from = random.nextInt(3_000, 6_000);
                Signal signal = law.signal(joules, random.nextInt(1000));

                Energy energy = energy(Energy.of(signal, from * 1_000_000L, (from + 10_000) * 1_000_000L));

                errors[seed] = Math.abs(energy.joules() - joules[from + 10_000] + joules[from]);
                bounds[seed] = energy.boundJoules();
                inside += errors[seed] <= bounds[seed] ? 1 : 0;
            }
            Arrays.sort(errors);
            Arrays.sort(bounds);
            assertThat(inside).as(law.toString()).isGreaterThanOrEqualTo(380);
            assertThat(bounds[200]).as(law.toString()).isLessThanOrEqualTo(4 * errors[380]);
        }
    }

    /// 1200 W for one second of five, else 300 W.
    private record Bursts(long phaseNanos) {
        double joules(long nanos) {
            long at = nanos + phaseNanos;
            long high = at / (5 * SECOND) * SECOND + Math.min(at % (5 * SECOND), SECOND);
            return (300 * at + 900 * high) * 1e-9;
        }

        double joules(long from, long to) {
            return joules(to) - joules(from);
        }
    }

    /// The means of a second, read as often as they are renewed or up to four times: when a value was new is known no
    /// better than from one reading to the next.
    @Test
    void theBoundOfAMeanKnowsThatItWasRenewedAtSomeTimeBetweenTwoReadings() {
        Channel mean = Channel.power("redfish:bmc/node", NODE, 0.1, Duration.ofSeconds(1), Duration.ofSeconds(1));
        for (double looks : new double[] {4, 3, 2, 1, 0.997}) {
            int inside = 0;
            for (long seed = 0; seed < 1000; seed++) {
                SplittableRandom random = new SplittableRandom(seed);
                Bursts load = new Bursts(random.nextLong(5 * SECOND));
                long phase = random.nextLong(SECOND);
                long first = random.nextLong(SECOND);
                long[] times = new long[120];
                long[] raw = new long[120];
                for (int i = 0; i < 120; i++) {
                    times[i] = first + (long) ((i + 8) * SECOND / looks) + random.nextLong(8_000_000);
                    long renewed = times[i] - Math.floorMod(times[i] - phase, SECOND);
                    raw[i] = Math.round(load.joules(renewed - SECOND, renewed) * 10);
                }
                long from = times[10] + random.nextLong(5 * SECOND);
                long to = from + 10 * SECOND;

                Energy energy = energy(Energy.of(new Signal(mean, times, new long[120], raw, List.of()), from, to));

                inside += Math.abs(energy.joules() - load.joules(from, to)) <= energy.boundJoules() ? 1 : 0;
            }
            assertThat(inside).as("%s looks", looks).isGreaterThan(950);
        }
    }

    @Test
    void aGaugeOfAPartThatAlwaysDrawsPowerGivesNoNumberWhereItShowsZero() {
        Component node = Component.node(Component.THIS_MACHINE);
        for (int zero = 3; zero <= 7; zero++) {
            long[] times = new long[11];
            long[] raw = new long[11];
            for (int i = 0; i < times.length; i++) {
                times[i] = i * SECOND / 10;
                raw[i] = i == zero ? 0 : 150;
            }
            for (Component part : List.of(node, Component.of(Component.Kind.RAIL, "rail"))) {
                Channel watts = Channel.power("test:gauge", part, 1, Duration.ofMillis(100), Duration.ZERO);
                Signal signal = new Signal(watts, times, new long[11], raw, List.of());

                Integral integral = Energy.of(signal, 3 * SECOND / 10, 7 * SECOND / 10);

                assertThat(integral instanceof Energy).as("%s, %d", part, zero).isEqualTo(!part.equals(node));
                if (part.equals(node)) {
                    assertThat(code(integral)).isEqualTo("power-zero");
                }
            }
        }
    }

    /// It may have begun anew at any value: that the counter did not go back proves nothing.
    @Test
    void aCounterThatVanishedAndCameBackHasNoFigureAcrossThat() {
        long[] times = {0, SECOND, 2 * SECOND, 5 * SECOND, 6 * SECOND, 7 * SECOND};
        Signal whole = counting(counter(0).withMaxWatts(300), new Load(100, 100, 0), 0, times);
        Signal signal = new Signal(
                whole.channel(),
                times,
                whole.readNanos(),
                whole.raw(),
                List.of(new Signal.Gap(3 * SECOND, "gone: no such device")));

        assertThat(code(Energy.of(signal, SECOND, 6 * SECOND))).isEqualTo("counter-gone");
        assertThat(code(Energy.of(signal, 4 * SECOND, 6 * SECOND))).isEqualTo("counter-gone");
        assertThat(energy(Energy.of(signal, 0, 2 * SECOND)).joules()).isCloseTo(200, within(1e-3));
        assertThat(energy(Energy.of(signal, 5 * SECOND, 7 * SECOND)).joules()).isCloseTo(200, within(1e-3));
    }

    @Test
    void aHoleInAGaugeGivesNoNumber() {
        Channel watts = Channel.power("hwmon:board/power1", PACKAGE, 1e-3, Duration.ofMillis(100), Duration.ZERO);
        Signal signal =
                new Signal(watts, new long[] {0, 2 * SECOND}, new long[2], new long[] {100_000, 100_000}, List.of());

        assertThat(code(Energy.of(signal, 0, SECOND))).isEqualTo("signal-gap");
    }

    @Test
    void aConstantBasePowerIsAddedToWhatTheCounterSays() {
        Channel estimate = counter(0).withBaseWatts(12).withAccuracy(0.5);
        Signal signal = counting(estimate, new Load(8, 8, 0), 0, new long[] {0, SECOND, 2 * SECOND});

        Energy energy = energy(Energy.of(signal, 0, 2 * SECOND));

        assertThat(energy.joules()).isCloseTo(40, within(1e-6));
        assertThat(energy.boundJoules()).isGreaterThan(20);
    }

    /// Power that is `high` in a share of each 100 ms and else `low`, looked at in the last 25 ms of each.
    private record Periodic(double low, double high, double from, double duty) {
        private static final double PERIOD = 0.1;
        private static final double SEEN = 0.25;

        double joules(double seconds) {
            double whole = Math.floor(seconds / PERIOD);
            double in = seconds - whole * PERIOD;
            double each = low * PERIOD + (high - low) * duty * PERIOD;
            double extra = Math.max(0, Math.min(in, (from + duty) * PERIOD) - from * PERIOD);
            return whole * each + low * in + (high - low) * extra;
        }

        /// Mean power of what the sensor looked at last.
        double seen(double seconds) {
            double end = Math.floor(seconds / PERIOD) * PERIOD;
            return (joules(end) - joules(end - SEEN * PERIOD)) / (SEEN * PERIOD);
        }
    }

    @Test
    void theBoundOfAPartTimeSensorHoldsForALoadThatIsInStepWithIt() {
        Duration refresh = Duration.ofMillis(100);
        Component gpu = Component.of(Component.Kind.ACCELERATOR, "gpu");
        Channel watts = Channel.power("nvml:gpu/power", gpu, 1e-3, refresh, Duration.ZERO)
                .withMaxWatts(400)
                .withSeenShare(0.25);
        Channel joules = Channel.counter("nvml:gpu/energy", gpu, 1e-3, 0, refresh)
                .withMaxWatts(400)
                .withSeenShare(0.25);
        double worst = 0;
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            double duty = random.nextDouble(0.05, 0.95);
            Periodic load = new Periodic(
                    random.nextDouble(0, 100), random.nextDouble(100, 400), random.nextDouble(0, 1 - duty), duty);
            long[] times = times(random, 120, 30_000_000);
            long from = random.nextLong(SECOND / 2, SECOND);
            long to = random.nextLong(from + SECOND / 2, times[times.length - 1] - SECOND / 2);
            long[] powers = Arrays.stream(times)
                    .map(t -> Math.round(load.seen(t * 1e-9) * 1e3))
                    .toArray();
            long[] counts = Arrays.stream(times)
                    .map(t -> Math.round(load.seen(1) * 1e3 * Math.floor(t * 1e-8) * 0.1))
                    .toArray();
            double truth = load.joules(to * 1e-9) - load.joules(from * 1e-9);

            for (Signal signal : List.of(
                    new Signal(watts, times, new long[120], powers, List.of()),
                    new Signal(joules, times, new long[120], counts, List.of()))) {
                Energy energy = energy(Energy.of(signal, from, to));
                double error = Math.abs(energy.joules() - truth);
                worst = Math.max(worst, error / truth);
                assertThat(error)
                        .as("seed %d, %s", seed, signal.channel().id())
                        .isLessThanOrEqualTo(energy.boundJoules() + 1e-9);
            }
        }
        assertThat(worst).as("the loads really are in step").isGreaterThan(0.5);
    }

    @Test
    void aPartTimeSensorOfAPartWithoutALimitGivesNoNumber() {
        Channel watts = Channel.power("nvml:gpu/power", PACKAGE, 1e-3, Duration.ofMillis(100), Duration.ZERO)
                .withSeenShare(0.25);
        long[] times = {0, SECOND / 4, SECOND / 2};

        assertThat(code(Energy.of(
                        new Signal(watts, times, new long[3], new long[] {9, 9, 9}, List.of()), 0, SECOND / 4)))
                .isEqualTo("part-time-unbounded");
    }
}
