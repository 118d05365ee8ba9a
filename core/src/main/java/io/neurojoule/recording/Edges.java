package io.neurojoule.recording;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Reads every quick sensor once more at the edge of a window, on a thread beside the run's: a read may hang for ever,
/// in a driver for example, and the run goes on. Used by one thread.
final class Edges implements AutoCloseable {
    /// So long one edge waits for its readings. Those that come later are recorded all the same; at the next edge the
    /// sensor that hangs is passed over.
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("sensor-edge-", 0).daemon().factory());

    /// @throws IOException if a reading cannot be recorded
    void read(List<Tap> taps) throws IOException {
        Future<Void> reads = threads.submit(() -> {
            for (Tap tap : taps) {
                tap.sampleAtEdge();
            }
            return null;
        });
        try {
            Void unused = reads.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            // What hangs records how long its read took, when that ends.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Leaves a thread that hangs behind.
    @Override
    public void close() {
        threads.shutdown();
    }
}
