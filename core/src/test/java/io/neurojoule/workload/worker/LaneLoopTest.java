package io.neurojoule.workload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class LaneLoopTest {
    @Test
    void soManyStepsAreInFlightAsTheLoadSays() throws Exception {
        for (int together : new int[] {1, 3, 16}) {
            Server server = new Server(5_000_000);

            RunAnswer ran = run(server, request(0.5).under(new Load.Closed(together), 0), 2);

            assertThat(server.most.get()).isEqualTo(together);
            assertThat(server.begun.get()).isEqualTo((int) ran.iterations());
            assertThat(server.open.get()).as("lanes left open").isZero();
            assertThat(ran.elements()).isEqualTo(2 * ran.iterations());
            assertThat(ran.counts()).containsEntry("tokens_out", 7 * ran.iterations());
            assertThat(total(ran.histogram())).isEqualTo(ran.iterations());
            assertThat(total(ran.timings().getOrDefault("ttft", Map.of()))).isEqualTo(ran.iterations());
            // Little's law: steps in flight = steps per second x seconds per step, which is at least 5 ms.
            assertThat(ran.iterations() / ran.seconds() * 0.005).isLessThanOrEqualTo(together);
        }
    }

    @Test
    void anOpenLoopAsksAtItsOwnRateWhateverTheAnswersTake() throws Exception {
        Server server = new Server(50_000_000);

        RunAnswer ran = run(server, request(2).under(new Load.Open(200), 11), 1);

        // Poisson: 400 expected, standard deviation 20.
        assertThat(ran.iterations()).isBetween(300L, 500L);
        assertThat(server.most.get()).as("overlapping steps").isGreaterThan(3);
        assertThat(ran.seconds()).isGreaterThanOrEqualTo(2);
        assertThat(ran.counts()).doesNotContainKey(Tally.DROPPED);
    }

    @Test
    void theTimesOfAnOpenLoopFollowFromItsSeed() throws Exception {
        long one =
                run(new Server(0), request(0.5).under(new Load.Open(100), 1), 1).iterations();
        long same =
                run(new Server(0), request(0.5).under(new Load.Open(100), 1), 1).iterations();

        assertThat(same).isEqualTo(one);
        assertThat(java.util.stream.LongStream.range(0, 5)
                        .map(seed -> iterations(seed))
                        .distinct()
                        .count())
                .isGreaterThan(1);
    }

    private static long iterations(long seed) {
        try {
            return run(new Server(0), request(0.2).under(new Load.Open(200), seed), 1)
                    .iterations();
        } catch (NetworkException e) {
            throw new AssertionError(e);
        }
    }

    /// One step at a time of 20 ms serves 50 per second; 100 are asked for.
    @Test
    void whatWaitsForItsTurnHasBegunToWait() throws Exception {
        Alone network = new Alone();

        RunAnswer ran = run(network, request(1).under(new Load.Open(100), 3), 1);

        assertThat(ran.iterations()).isBetween(30L, 52L);
        long dropped = ran.counts().getOrDefault(Tally.DROPPED, 0L);
        assertThat(ran.iterations() + dropped).as("asked for, 100 expected").isBetween(60L, 140L);
        // Half of the steps waited for longer than a quarter second in the queue.
        long slow = ran.histogram().entrySet().stream()
                .filter(bucket -> bucket.getKey() >= Histogram.bucket(200_000_000))
                .mapToLong(Map.Entry::getValue)
                .sum();
        assertThat(slow).isGreaterThan(ran.iterations() / 3);
    }

    @Test
    void theRequestSaysHowManyStepsThereAre() throws Exception {
        Server server = new Server(1_000_000);

        assertThat(run(server, RunRequest.of(RunRequest.Kind.WARMUP, 0, RunRequest.Timing.BARE), 1)
                        .iterations())
                .isEqualTo(1);
        assertThat(run(
                                server,
                                RunRequest.of(RunRequest.Kind.WARMUP, 0, RunRequest.Timing.BARE)
                                        .under(new Load.Open(100), 1),
                                1)
                        .iterations())
                .isEqualTo(1);
    }

    @Test
    void aStepThatFailsVoidsTheRun() {
        Server server = new Server(1_000_000);
        server.failsAt = 5;

        assertThatThrownBy(() -> run(server, request(5).under(new Load.Closed(3), 0), 1))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("HTTP 500");
        assertThat(server.open.get()).as("lanes left open").isZero();
    }

    /// Its energy is in the window, and nobody would count it.
    @Test
    void anErrorThatNobodyExpectsVoidsTheRunToo() {
        Server server = new Server(1_000_000);
        server.failsAt = 5;
        server.failsBadly = true;

        assertThatThrownBy(() -> run(server, request(5).under(new Load.Closed(3), 0), 1))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("StackOverflowError");
        assertThat(server.open.get()).as("lanes left open").isZero();
    }

    @Test
    void aLoadIsReadBackFromItsLabelWhateverItsRate() {
        for (double rate : new double[] {1e-7, 0.1, 0.3333333333, 4, 1e6}) {
            Load load = new Load.Open(rate);
            assertThat(Load.parse(load.label())).isEqualTo(load);
        }
        assertThat(new Load.Open(4).label()).isEqualTo("r4");
        assertThat(Load.parse("c8")).isEqualTo(new Load.Closed(8));
    }

    @Test
    void onlyAConcurrentNetworkIsAskedForSeveralStepsAtOnce() {
        assertThatThrownBy(() -> run(new Alone(), request(1).under(new Load.Closed(2), 0), 1))
                .isInstanceOfSatisfying(
                        NetworkException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED));
    }

    @Test
    void phasesOfOverlappingStepsAreRefused() {
        RunRequest phased = RunRequest.of(RunRequest.Kind.INSTRUMENT, 0.1, RunRequest.Timing.PHASES);

        assertThatThrownBy(() -> run(new Server(0), phased.under(new Load.Closed(2), 0), 1))
                .isInstanceOfSatisfying(
                        NetworkException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED));
    }

    @Test
    void phasesOfStepsOneAfterAnotherAddUpToTheWindow() throws Exception {
        RunAnswer ran =
                run(new Server(2_000_000), RunRequest.of(RunRequest.Kind.INSTRUMENT, 0.3, RunRequest.Timing.PHASES), 1);

        assertThat(ran.phaseCounts()).containsEntry("wait", ran.iterations());
        assertThat(ran.phaseNanos().getOrDefault("wait", 0L)).isGreaterThan(2_000_000 * ran.iterations() / 2);
        assertThat(ran.phaseNanos().getOrDefault("wait", 0L) * 1e-9).isLessThanOrEqualTo(ran.seconds());
    }

    @Test
    void itEndsWhenItIsAskedTo() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        RunAnswer ran = new Loop(new Server(1_000_000), Ticker.monotonic(), () -> looks.incrementAndGet() > 3)
                .run(
                        request(30).under(new Load.Open(20), 1),
                        1,
                        Ticker.monotonic().nanos());

        assertThat(ran.seconds()).isLessThan(5);
    }

    private static RunRequest request(double seconds) {
        return RunRequest.of(RunRequest.Kind.MEASURE, seconds, RunRequest.Timing.BARE);
    }

    private static RunAnswer run(Network network, RunRequest request, int batch) throws NetworkException {
        Ticker ticker = Ticker.monotonic();
        return new Loop(network, ticker, () -> false).run(request, batch, ticker.nanos());
    }

    private static long total(Map<Integer, Long> histogram) {
        return histogram.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Answers after a while, however many ask.
    private static final class Server implements Network {
        private final long nanos;
        private final AtomicInteger inFlight = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final AtomicInteger begun = new AtomicInteger();
        private final AtomicInteger open = new AtomicInteger();
        private int failsAt = Integer.MAX_VALUE;
        private boolean failsBadly;

        private Server(long nanos) {
            this.nanos = nanos;
        }

        @Override
        public Capabilities capabilities() {
            return new Capabilities(
                    "server",
                    List.of(),
                    List.of("wait"),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    false,
                    true,
                    false);
        }

        @Override
        public Lane lane() {
            open.incrementAndGet();
            return new Lane() {
                @Override
                public void step(Phases phases, Tally tally) throws NetworkException {
                    most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                    if (begun.incrementAndGet() >= failsAt) {
                        if (failsBadly) {
                            throw new StackOverflowError();
                        }
                        throw new NetworkException(Code.INTERNAL, "HTTP 500");
                    }
                    phases.enter("wait");
                    LockSupport.parkNanos(nanos);
                    tally.count(Tally.TOKENS_OUT, 7);
                    tally.time(Tally.TTFT, nanos / 2);
                    inFlight.decrementAndGet();
                }

                @Override
                public void close() {
                    open.decrementAndGet();
                }
            };
        }

        @Override
        public Loaded load(LoadRequest request) {
            return Loaded.silent();
        }

        @Override
        public void prepare(int batch, List<InputSpec> inputs) {
            // Nothing to do.
        }

        @Override
        public void step(Phases phases) {
            throw new AssertionError("its steps are run in lanes");
        }

        @Override
        public List<Tensor> outputs() {
            return List.of();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /// One step after another, 20 ms each.
    private static final class Alone implements Network {
        @Override
        public Capabilities capabilities() {
            return new Capabilities(
                    "alone", List.of(), List.of(), List.of(), Optional.empty(), Optional.empty(), true, false);
        }

        @Override
        public Loaded load(LoadRequest request) {
            return Loaded.silent();
        }

        @Override
        public void prepare(int batch, List<InputSpec> inputs) {
            // Nothing to do.
        }

        @Override
        public void step(Phases phases) {
            long until = Ticker.monotonic().nanos() + 20_000_000;
            while (Ticker.monotonic().nanos() < until) {
                LockSupport.parkNanos(until - Ticker.monotonic().nanos());
            }
        }

        @Override
        public List<Tensor> outputs() {
            return List.of();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
