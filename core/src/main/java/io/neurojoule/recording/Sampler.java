package io.neurojoule.recording;

import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Reads a group of sensors at a fixed period on platform threads, until closed.
///
/// Ticks lie on a grid (`start + k * period`), so a slow read delays no later one; ticks that were missed are recorded
/// as a gap, never made up for. A group of several has two threads that take the ticks in turn, and one more whenever
/// all others are inside a read, so that a sensor that hangs keeps no other from being read.
final class Sampler implements AutoCloseable {
    /// Longer than any source waits for an answer.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String name;
    private final List<Tap> taps;
    private final long periodNanos;
    private final Ticker ticker;
    private final List<Thread> threads = new ArrayList<>();
    private long due;
    private int waiting;
    private volatile boolean stopped;
    private volatile Optional<IOException> failure = Optional.empty();

    private Sampler(String name, List<Tap> taps, Duration period, Ticker ticker) {
        this.name = name;
        this.taps = List.copyOf(taps);
        this.periodNanos = period.toNanos();
        this.ticker = ticker;
        this.due = ticker.nanos();
    }

    static Sampler start(String name, List<Tap> taps, Duration period, Ticker ticker) {
        Sampler sampler = new Sampler(name, taps, period, ticker);
        sampler.startThread();
        return sampler;
    }

    /// Why recording has stopped, if it has: a full disk, for example.
    Optional<IOException> failure() {
        return failure;
    }

    private synchronized void startThread() {
        waiting++;
        Thread thread = Thread.ofPlatform()
                .name("sensor-" + name + (threads.isEmpty() ? "" : "-" + threads.size()))
                .daemon()
                .unstarted(this::run);
        threads.add(thread);
        thread.start();
    }

    private void run() {
        try {
            while (!stopped) {
                long mine = next();
                for (long wait = mine - ticker.nanos(); wait > 0 && !stopped; wait = mine - ticker.nanos()) {
                    LockSupport.parkNanos(wait);
                }
                if (!stopped) {
                    begin();
                    for (Tap tap : taps) {
                        tap.sample();
                    }
                    end();
                }
            }
        } catch (IOException e) {
            failure = Optional.of(e);
            stopped = true;
        }
    }

    /// The next tick that no other thread has taken.
    private synchronized long next() throws IOException {
        long missed = (ticker.nanos() - due) / periodNanos;
        if (missed > 0) {
            for (Tap tap : taps) {
                tap.gap(due, missed + " ticks missed");
            }
            due += missed * periodNanos;
        }
        long mine = due;
        due += periodNanos;
        return mine;
    }

    private synchronized void begin() {
        waiting--;
        if (waiting == 0 && taps.size() > 1) {
            startThread();
        }
    }

    private synchronized void end() {
        waiting++;
    }

    /// Waits for reads to end, but not for ever: a thread that hangs in one is left behind.
    @Override
    public void close() {
        stopped = true;
        List<Thread> all;
        synchronized (this) {
            all = List.copyOf(threads);
        }
        all.forEach(LockSupport::unpark);
        long until = ticker.nanos() + PATIENCE.toNanos();
        boolean interrupted = false;
        for (Thread thread : all) {
            for (long left = until - ticker.nanos(); left > 0 && thread.isAlive(); left = until - ticker.nanos()) {
                try {
                    boolean unused = thread.join(Duration.ofNanos(left));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
