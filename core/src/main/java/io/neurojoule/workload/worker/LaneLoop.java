package io.neurojoule.workload.worker;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tally;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Asks for steps as a load says, until the time is over and each step that was asked for is answered: what is counted
/// was begun and ended within the stamps.
///
/// A network that is not concurrent runs its steps on the thread of the caller, so that its runtime sees one thread.
final class LaneLoop {
    /// More steps than this are not in flight at once; those that are due wait.
    private static final int MOST_IN_FLIGHT = 1024;

    private static final long STOP_POLL_NANOS = 50_000_000;

    /// A thread that sleeps wakes up late; the last stretch is waited for awake.
    private static final long AWAKE_NANOS = 100_000;

    private final Network network;
    private final Ticker ticker;
    private final BooleanSupplier stopAsked;
    private final Sums sums = new Sums();
    private final Deque<Lane> idle = new ArrayDeque<>();
    private int inFlight;
    private Optional<NetworkException> failure = Optional.empty();

    LaneLoop(Network network, Ticker ticker, BooleanSupplier stopAsked) {
        this.network = network;
        this.ticker = ticker;
        this.stopAsked = stopAsked;
    }

    RunAnswer run(RunRequest request, int batch, long sentNanos) throws NetworkException {
        boolean concurrent = network.capabilities().concurrent();
        if (!concurrent && request.load() instanceof Load.Closed closed && closed.concurrency() > 1) {
            throw new NetworkException(
                    Code.UNSUPPORTED,
                    "one step at a time, not %d: only clients of servers overlap".formatted(closed.concurrency()));
        }
        boolean phased = request.timing() == RunRequest.Timing.PHASES;
        if (phased && !request.load().equals(Load.BACK_TO_BACK)) {
            throw new NetworkException(
                    Code.UNSUPPORTED,
                    "the phases of steps under the load %s are not one after another"
                            .formatted(request.load().label()));
        }
        Loop.PhaseClock clock =
                new Loop.PhaseClock(ticker, network.capabilities().phases());
        int most = concurrent ? MOST_IN_FLIGHT : 1;
        try {
            for (int i = 0; concurrent && i < lanesAtOnce(request.load()); i++) {
                idle.add(network.lane());
            }
            if (!concurrent) {
                idle.add(new OnlyLane(network));
            }
            Map<String, Long> before = network.totals();
            long start = ticker.nanos();
            Steps steps = new Steps(request, phased ? clock : Phases.NONE, concurrent);
            switch (request.load()) {
                case Load.Closed closed -> closed(steps, closed.concurrency(), start);
                case Load.Open open -> open(steps, open.perSecond(), most, start);
            }
            long end = ticker.nanos();
            if (failure.isPresent()) {
                throw failure.get();
            }
            Map<String, Long> after = network.totals();
            synchronized (this) {
                sums.countSince(before, after);
                return new RunAnswer(
                        sums.steps,
                        sums.steps * batch,
                        start,
                        end,
                        true,
                        sentNanos,
                        ticker.nanos(),
                        phased ? clock.nanos() : Map.of(),
                        phased ? clock.counts() : Map.of(),
                        Histogram.of(sums.latencies),
                        sums.counts,
                        sums.timings());
            }
        } finally {
            idle.forEach(Lane::close);
        }
    }

    private static int lanesAtOnce(Load load) {
        return load instanceof Load.Closed closed ? closed.concurrency() : 1;
    }

    /// So many callers, each of which asks again as soon as it is answered.
    private void closed(Steps steps, int together, long start) {
        long length = (long) (steps.request.seconds() * 1e9);
        long most = steps.request.maxIterations().orElse(Long.MAX_VALUE);
        long asked = 0;
        long looked = start;
        while (asked < most && !failed()) {
            long now = ticker.nanos();
            if (now - start >= length && asked >= steps.request.minIterations()) {
                break;
            }
            if (now - looked > STOP_POLL_NANOS) {
                looked = now;
                if (stopAsked.getAsBoolean()) {
                    break;
                }
            }
            if (steps.begin(together, STOP_POLL_NANOS)) {
                steps.run(ticker.nanos());
                asked++;
            }
        }
        drain();
    }

    /// Steps at random times, whatever became of those before.
    private void open(Steps steps, double rate, int most, long start) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(steps.request.seed());
        long end = start + (long) (steps.request.seconds() * 1e9);
        long asked = 0;
        double due = start + 1e9 * random.nextExponential() / rate;
        while (!failed() && asked < steps.request.maxIterations().orElse(Long.MAX_VALUE)) {
            boolean over = due >= end && asked >= steps.request.minIterations();
            if (!waitUntil(over ? end : (long) due) || over) {
                break;
            }
            boolean late = ticker.nanos() >= end && asked >= steps.request.minIterations();
            if (late || !begun(steps, most, end)) {
                break;
            }
            steps.run((long) due);
            asked++;
            due += 1e9 * random.nextExponential() / rate;
        }
        for (; due < end && asked > 0 && ticker.nanos() >= end; due += 1e9 * random.nextExponential() / rate) {
            synchronized (this) {
                sums.count(Tally.DROPPED, 1);
            }
        }
        drain();
    }

    /// Whether there is a place for a step before the time is over.
    private boolean begun(Steps steps, int most, long end) {
        while (!failed() && !stopAsked.getAsBoolean()) {
            if (steps.begin(most, STOP_POLL_NANOS)) {
                return true;
            }
            if (ticker.nanos() >= end) {
                return false;
            }
        }
        return false;
    }

    /// @return false if it was asked to stop meanwhile
    private boolean waitUntil(long nanos) {
        for (long left = nanos - ticker.nanos(); left > 0; left = nanos - ticker.nanos()) {
            if (failed() || stopAsked.getAsBoolean()) {
                return false;
            }
            if (left > AWAKE_NANOS) {
                LockSupport.parkNanos(Math.min(left - AWAKE_NANOS, STOP_POLL_NANOS));
            } else {
                Thread.onSpinWait();
            }
        }
        return true;
    }

    private synchronized boolean failed() {
        return failure.isPresent();
    }

    private synchronized void fail(NetworkException e) {
        if (failure.isEmpty()) {
            failure = Optional.of(e);
        }
    }

    private synchronized void drain() {
        while (inFlight > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                fail(new NetworkException(Code.INTERNAL, "interrupted with %d steps under way".formatted(inFlight)));
                return;
            }
        }
    }

    /// What a step is, and where it runs.
    private final class Steps {
        private final RunRequest request;
        private final Phases phases;
        private final boolean apart;

        private Steps(RunRequest request, Phases phases, boolean apart) {
            this.request = request;
            this.phases = phases;
            this.apart = apart;
        }

        /// Takes a place if fewer than these are in flight, or one gets free in time.
        private boolean begin(int most, long nanos) {
            synchronized (LaneLoop.this) {
                long until = ticker.nanos() + nanos;
                for (long left = nanos; inFlight >= most && left > 0; left = until - ticker.nanos()) {
                    try {
                        LaneLoop.this.wait(Math.max(1, left / 1_000_000));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        return false;
                    }
                }
                if (inFlight >= most) {
                    return false;
                }
                inFlight++;
                return true;
            }
        }

        /// Runs a step for which there is a place.
        private void run(long dueNanos) {
            if (apart) {
                Thread.ofVirtual().name("step").start(() -> runHere(dueNanos));
            } else {
                runHere(dueNanos);
            }
        }

        private void runHere(long dueNanos) {
            Optional<Lane> used = Optional.empty();
            try {
                Lane lane = lane();
                used = Optional.of(lane);
                Counted counted = new Counted();
                if (request.phase().isPresent()) {
                    lane.only(request.phase().get(), counted);
                } else {
                    lane.step(phases, counted);
                }
                if (phases instanceof Loop.PhaseClock clock) {
                    clock.leave();
                }
                long latency = ticker.nanos() - dueNanos;
                synchronized (LaneLoop.this) {
                    sums.add(counted, latency);
                }
            } catch (NetworkException e) {
                fail(e);
            } catch (OutOfMemoryError e) {
                fail(new NetworkException(Code.OUT_OF_MEMORY, "a step failed: " + e, true));
            } catch (RuntimeException | Error e) { // what nobody counts must not pass for energy of the others
                fail(new NetworkException(Code.INTERNAL, "a step failed: " + e));
            } finally {
                synchronized (LaneLoop.this) {
                    used.ifPresent(idle::addFirst);
                    inFlight--;
                    LaneLoop.this.notifyAll();
                }
            }
        }

        private Lane lane() throws NetworkException {
            synchronized (LaneLoop.this) {
                Lane free = idle.pollFirst();
                if (free != null) {
                    return free;
                }
            }
            return network.lane();
        }
    }

    /// What one step told.
    private static final class Counted implements Tally {
        private final Map<String, Long> counts = new HashMap<>();
        private final Map<String, Long> times = new HashMap<>();

        @Override
        public void count(String what, long n) {
            counts.merge(what, n, Long::sum);
        }

        @Override
        public void time(String what, long nanos) {
            times.put(what, nanos);
        }
    }

    /// What all steps told; guarded by the loop.
    private static final class Sums {
        private long steps;
        private final long[] latencies = new long[Histogram.BUCKETS];
        private final Map<String, Long> counts = new HashMap<>();
        private final Map<String, long[]> times = new HashMap<>();

        private void add(Counted step, long latencyNanos) {
            steps++;
            latencies[Histogram.bucket(latencyNanos)]++;
            step.counts.forEach(this::count);
            step.times.forEach((what, nanos) ->
                    times.computeIfAbsent(what, unseen -> new long[Histogram.BUCKETS])[Histogram.bucket(nanos)]++);
        }

        private void count(String what, long n) {
            counts.merge(what, n, Long::sum);
        }

        /// Of totals that were set back meanwhile nothing is known.
        private void countSince(Map<String, Long> before, Map<String, Long> after) {
            after.forEach((what, total) -> {
                long was = before.getOrDefault(what, Long.MAX_VALUE);
                if (total >= was) {
                    count(what, total - was);
                }
            });
        }

        private Map<String, Map<Integer, Long>> timings() {
            Map<String, Map<Integer, Long>> histograms = new HashMap<>();
            times.forEach((what, buckets) -> histograms.put(what, Histogram.of(buckets)));
            return histograms;
        }
    }

    /// The only lane of a network whose steps follow one another.
    private record OnlyLane(Network network) implements Lane {
        @Override
        public void step(Phases phases, Tally tally) throws NetworkException {
            network.step(phases);
        }

        @Override
        public void only(String phase, Tally tally) throws NetworkException {
            network.only(phase);
        }

        @Override
        public void close() {
            // The network is the worker's.
        }
    }
}
