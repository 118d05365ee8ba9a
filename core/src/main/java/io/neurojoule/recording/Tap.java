package io.neurojoule.recording;

import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/// One sensor, its sink, and its last values: the place where a read happens, on the sampler's thread or at the edge of
/// a window. Thread-safe: reads exclude each other.
final class Tap {
    private static final int KEPT = 128;

    /// A sensor whose read takes longer is not read at the edges of windows: it would widen every window by that.
    private static final long QUICK_NANOS = 10_000_000L;

    /// What has vanished is looked for this often; so long is waited for the values of a sensor that is being read.
    private static final long AGAIN_NANOS = 1_000_000_000L;

    private final Sensor sensor;
    private final Ticker ticker;
    private final SignalFile sink;
    private final Reading reading;
    private final long[] times = new long[KEPT];
    private final long[] durations = new long[KEPT];
    private final long[][] values;

    /// Which of the values there are: a read may bring some channels and not others.
    private final boolean[][] has;

    private final ReentrantLock lock = new ReentrantLock();
    private int kept;
    private boolean gone;
    private long againNanos;
    private boolean lastWasSlow;
    private volatile boolean slow;
    private volatile boolean closed;
    private volatile boolean flushDue;

    Tap(Sensor sensor, Ticker ticker, SignalFile sink) {
        this.sensor = sensor;
        this.ticker = ticker;
        this.sink = sink;
        this.reading = new Reading(sensor.channels().size());
        this.values = new long[sensor.channels().size()][KEPT];
        this.has = new boolean[sensor.channels().size()][KEPT];
    }

    /// Reads once and records it, unless another thread has been inside a read for long.
    ///
    /// @throws IOException if it cannot be recorded; a read that fails is a gap, not an exception
    void sample() throws IOException {
        if (!enter()) {
            return;
        }
        try {
            read();
            flushIfDue();
        } finally {
            lock.unlock();
        }
    }

    /// Reads once more at the edge of a window, unless the sensor is slow: nobody waits for it.
    void sampleAtEdge() throws IOException {
        if (!slow) {
            sample();
        }
    }

    /// Whether this thread may go on; one that hangs in a read is not waited for.
    private boolean enter() {
        return enter(QUICK_NANOS);
    }

    private boolean enter(long patienceNanos) {
        try {
            return lock.tryLock(patienceNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void read() throws IOException {
        long before = ticker.nanos();
        if (closed || (gone && before < againNanos)) {
            return;
        }
        reading.clear();
        try {
            sensor.read(reading);
        } catch (SensorGoneException e) {
            if (!gone) {
                sink.gap(before, SensorGoneException.GONE + e.getMessage());
            }
            gone = true;
            againNanos = before + AGAIN_NANOS;
            return;
        } catch (IOException e) {
            look(ticker.nanos() - before);
            sink.gap(before, String.valueOf(e.getMessage()));
            return;
        }
        if (closed) {
            return;
        }
        gone = false;
        long took = ticker.nanos() - before;
        look(took);
        record(before + took / 2, took);
    }

    /// A sensor is slow from its first read on, or after two in a row: one may have met a busy machine.
    private void look(long readNanos) {
        boolean isSlow = readNanos > QUICK_NANOS;
        slow = isSlow && (lastWasSlow || kept == 0);
        lastWasSlow = isSlow;
    }

    private void record(long midNanos, long readNanos) throws IOException {
        sink.reading(midNanos, readNanos, reading);
        int at = kept % KEPT;
        times[at] = midNanos;
        durations[at] = readNanos;
        for (int i = 0; i < reading.size(); i++) {
            has[i][at] = reading.isSet(i);
            if (reading.isSet(i)) {
                values[i][at] = reading.raw(i);
            } else {
                String why = reading.failure(i);
                sink.gap(midNanos, sensor.channels().get(i).id(), why == null ? "no value" : why);
            }
        }
        kept++;
    }

    /// Says that nothing was read, unless a read goes on: that will say itself how long it took.
    void gap(long atNanos, String why) throws IOException {
        if (!enter()) {
            return;
        }
        try {
            sink.gap(atNanos, why);
        } finally {
            lock.unlock();
        }
    }

    /// The last values that are younger than `sinceNanos`, one signal per channel; none of a sensor that hangs.
    List<Signal> recent(long sinceNanos) {
        if (!enter(AGAIN_NANOS)) {
            return List.of();
        }
        try {
            return last(sinceNanos);
        } finally {
            lock.unlock();
        }
    }

    private List<Signal> last(long sinceNanos) {
        int first = Math.max(0, kept - KEPT);
        while (first < kept && times[first % KEPT] < sinceNanos) {
            first++;
        }
        List<Signal> signals = new ArrayList<>();
        for (int c = 0; c < values.length; c++) {
            boolean[] hasIt = has[c];
            int[] at = IntStream.range(first, kept)
                    .map(i -> i % KEPT)
                    .filter(i -> hasIt[i])
                    .toArray();
            signals.add(new Signal(
                    sensor.channels().get(c), pick(times, at), pick(durations, at), pick(values[c], at), List.of()));
        }
        return signals;
    }

    private static long[] pick(long[] ring, int[] at) {
        return IntStream.of(at).mapToLong(i -> ring[i]).toArray();
    }

    /// While a read goes on, its end will do it: nobody waits for a sensor that hangs.
    void flush() throws IOException {
        flushDue = true;
        if (enter()) {
            try {
                flushIfDue();
            } finally {
                lock.unlock();
            }
        }
    }

    private void flushIfDue() throws IOException {
        if (flushDue && !closed) {
            flushDue = false;
            sink.flush();
        }
    }

    /// Keeps what was read; what a read that still hangs may bring is dropped.
    void close() throws IOException {
        boolean entered = enter();
        try {
            closed = true;
            sink.close();
        } finally {
            if (entered) {
                lock.unlock();
            }
        }
    }
}
