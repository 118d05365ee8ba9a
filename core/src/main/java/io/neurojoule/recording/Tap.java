package io.neurojoule.recording;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// One sensor, its sink, and its last values: the place where a read happens, on the sampler's thread or at the edge of
/// a window. Thread-safe: reads exclude each other.
final class Tap {
    private static final int KEPT = 128;

    private final Sensor sensor;
    private final Ticker ticker;
    private final SignalFile sink;
    private final Reading reading;
    private final long[] times = new long[KEPT];
    private final long[] durations = new long[KEPT];
    private final long[][] values;
    private int kept;
    private boolean gone;

    Tap(Sensor sensor, Ticker ticker, SignalFile sink) {
        this.sensor = sensor;
        this.ticker = ticker;
        this.sink = sink;
        this.reading = new Reading(sensor.channels().size());
        this.values = new long[sensor.channels().size()][KEPT];
    }

    /// Reads once and records it.
    ///
    /// @throws IOException if it cannot be recorded; a read that fails is a gap, not an exception
    synchronized void sample() throws IOException {
        if (gone) {
            return;
        }
        reading.clear();
        long before = ticker.nanos();
        try {
            sensor.read(reading);
        } catch (SensorGoneException e) {
            gone = true;
            sink.gap(before, "gone: " + e.getMessage());
            return;
        } catch (IOException e) {
            sink.gap(before, String.valueOf(e.getMessage()));
            return;
        }
        long took = ticker.nanos() - before;
        record(before + took / 2, took);
    }

    private void record(long midNanos, long readNanos) throws IOException {
        sink.reading(midNanos, readNanos, reading);
        boolean whole = true;
        for (int i = 0; i < reading.size(); i++) {
            if (!reading.isSet(i)) {
                whole = false;
                String why = reading.failure(i);
                sink.gap(midNanos, sensor.channels().get(i).id(), why == null ? "no value" : why);
            }
        }
        if (whole) {
            int at = kept % KEPT;
            times[at] = midNanos;
            durations[at] = readNanos;
            for (int i = 0; i < reading.size(); i++) {
                values[i][at] = reading.raw(i);
            }
            kept++;
        }
    }

    synchronized void gap(long atNanos, String why) throws IOException {
        sink.gap(atNanos, why);
    }

    synchronized boolean isGone() {
        return gone;
    }

    /// The last values that are younger than `sinceNanos`, one signal per channel.
    synchronized List<Signal> recent(long sinceNanos) {
        int n = Math.min(kept, KEPT);
        int first = kept - n;
        while (n > 0 && times[first % KEPT] < sinceNanos) {
            first++;
            n--;
        }
        List<Signal> signals = new ArrayList<>();
        for (int c = 0; c < values.length; c++) {
            long[] t = new long[n];
            long[] d = new long[n];
            long[] v = new long[n];
            for (int i = 0; i < n; i++) {
                t[i] = times[(first + i) % KEPT];
                d[i] = durations[(first + i) % KEPT];
                v[i] = values[c][(first + i) % KEPT];
            }
            Channel channel = sensor.channels().get(c);
            signals.add(new Signal(channel, t, d, v, List.of()));
        }
        return signals;
    }

    synchronized void close() throws IOException {
        sink.close();
    }
}
