package io.neurojoule.recording;

import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Reads a group of sensors at a fixed period on one platform thread, until closed.
///
/// Ticks lie on a grid (`start + k * period`), so a slow read delays no later one; ticks that were missed are recorded
/// as
/// a gap, never made up for.
final class Sampler implements AutoCloseable {
    private final List<Tap> taps;
    private final long periodNanos;
    private final Ticker ticker;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile Optional<IOException> failure = Optional.empty();

    private Sampler(String name, List<Tap> taps, Duration period, Ticker ticker) {
        this.taps = List.copyOf(taps);
        this.periodNanos = period.toNanos();
        this.ticker = ticker;
        this.thread = Thread.ofPlatform().name("sensor-" + name).daemon().unstarted(this::run);
    }

    static Sampler start(String name, List<Tap> taps, Duration period, Ticker ticker) {
        Sampler sampler = new Sampler(name, taps, period, ticker);
        sampler.thread.start();
        return sampler;
    }

    /// Why recording has stopped, if it has: a full disk, for example.
    Optional<IOException> failure() {
        return failure;
    }

    private void run() {
        try {
            long due = ticker.nanos();
            while (!stopped) {
                for (Tap tap : taps) {
                    tap.sample();
                }
                due += periodNanos;
                long missed = (ticker.nanos() - due) / periodNanos;
                if (missed > 0) {
                    for (Tap tap : taps) {
                        tap.gap(due, missed + " ticks missed");
                    }
                    due += missed * periodNanos;
                }
                for (long wait = due - ticker.nanos(); wait > 0 && !stopped; wait = due - ticker.nanos()) {
                    LockSupport.parkNanos(wait);
                }
            }
        } catch (IOException e) {
            failure = Optional.of(e);
        }
    }

    @Override
    public void close() {
        stopped = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
