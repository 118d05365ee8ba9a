package io.neurojoule.workload.worker;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Repeats a step in place until the time is over. Used by one thread.
final class Loop {
    /// A chunk of bare steps grows until it lasts this long, so that reading the clock costs nothing that shows.
    private static final long SHORT_CHUNK_NANOS = 500_000;

    /// A chunk shrinks when it lasts longer, so that the loop ends on time.
    private static final long LONG_CHUNK_NANOS = 5_000_000;

    private static final long STOP_POLL_NANOS = 50_000_000;

    private final Network network;
    private final Ticker ticker;
    private final BooleanSupplier stopAsked;

    Loop(Network network, Ticker ticker, BooleanSupplier stopAsked) {
        this.network = network;
        this.ticker = ticker;
        this.stopAsked = stopAsked;
    }

    /// @param sentNanos when the profiler asked, as far as known here
    RunAnswer run(RunRequest request, int batch, long sentNanos) throws NetworkException {
        return network.capabilities().concurrent() || !request.load().equals(Load.BACK_TO_BACK)
                ? new LaneLoop(network, ticker, stopAsked).run(request, batch, sentNanos)
                : runInPlace(request, batch, sentNanos);
    }

    private RunAnswer runInPlace(RunRequest request, int batch, long sentNanos) throws NetworkException {
        PhaseClock clock = new PhaseClock(ticker, network.capabilities().phases());
        long[] buckets = new long[Histogram.BUCKETS];
        Phases phases = request.timing() == RunRequest.Timing.PHASES ? clock : Phases.NONE;
        Optional<String> alone = request.phase();
        long least = request.minIterations();
        long most = request.maxIterations().orElse(Long.MAX_VALUE);
        long length = (long) (request.seconds() * 1e9);
        long chunk = 1;
        long n = 0;
        long start = ticker.nanos();
        long now = start;
        long looked = start;
        while (n < most && (now - start < length || n < least)) {
            long steps = Math.min(chunk, most - n);
            for (long i = 0; i < steps; i++) {
                if (alone.isPresent()) {
                    network.only(alone.get());
                } else {
                    network.step(phases);
                }
            }
            long before = now;
            n += steps;
            switch (request.timing()) {
                case BARE -> {
                    now = ticker.nanos();
                    chunk = next(chunk, now - before);
                }
                case LATENCY -> {
                    now = ticker.nanos();
                    buckets[Histogram.bucket(now - before)]++;
                }
                case PHASES -> {
                    clock.leave();
                    now = ticker.nanos();
                }
            }
            if (now - looked > STOP_POLL_NANOS) {
                looked = now;
                if (stopAsked.getAsBoolean()) {
                    break;
                }
            }
        }
        boolean phased = request.timing() == RunRequest.Timing.PHASES;
        return new RunAnswer(
                n,
                n * batch,
                start,
                now,
                true,
                sentNanos,
                ticker.nanos(),
                phased ? clock.nanos() : Map.of(),
                phased ? clock.counts() : Map.of(),
                Histogram.of(buckets));
    }

    private static long next(long chunk, long lastedNanos) {
        if (lastedNanos < SHORT_CHUNK_NANOS) {
            return chunk * 2;
        }
        return lastedNanos > LONG_CHUNK_NANOS ? Math.max(1, chunk / 2) : chunk;
    }

    /// Adds up the time between one phase's start and the next's.
    static final class PhaseClock implements Phases {
        private final Ticker ticker;
        private final Map<String, Sum> sums = new LinkedHashMap<>();
        private final Sum outside = new Sum();
        private Sum current = outside;
        private long since;

        PhaseClock(Ticker ticker, Collection<String> names) {
            this.ticker = ticker;
            names.forEach(name -> sums.put(name, new Sum()));
        }

        @Override
        public void enter(String name) {
            enter(name, ticker.nanos());
        }

        @Override
        public void enter(String name, long atNanos) {
            current.nanos += atNanos - since;
            current = sums.computeIfAbsent(name, unseen -> new Sum());
            current.count++;
            since = atNanos;
        }

        void leave() {
            leave(ticker.nanos());
        }

        @Override
        public void leave(long atNanos) {
            current.nanos += atNanos - since;
            current = outside;
            since = atNanos;
        }

        Map<String, Long> nanos() {
            Map<String, Long> nanos = new LinkedHashMap<>();
            sums.forEach((name, sum) -> nanos.put(name, sum.nanos));
            return nanos;
        }

        Map<String, Long> counts() {
            Map<String, Long> counts = new LinkedHashMap<>();
            sums.forEach((name, sum) -> counts.put(name, sum.count));
            return counts;
        }

        private static final class Sum {
            private long nanos;
            private long count;
        }
    }
}
