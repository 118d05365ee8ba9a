package io.neurojoule.cli;

import io.neurojoule.analysis.Energy;
import io.neurojoule.experiment.Cell;
import io.neurojoule.experiment.Plan;
import io.neurojoule.experiment.Progress;
import io.neurojoule.profile.Profiler;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Component;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// A line a second on a terminal while something runs: what, the current watts, time left; elsewhere a line a window.
/// Used by
/// the run's thread and its own.
final class Live implements Progress {
    private final PrintWriter err;
    private final Profiler profiler;
    private final boolean terminal = "1".equals(System.getenv("NEUROJOULE_TERMINAL")); // the launcher looks at stderr
    private final AtomicReference<String> now = new AtomicReference<>("");
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread thread;
    private final Plan plan;
    private int visited;

    Live(PrintWriter err, Profiler profiler, Plan plan) {
        this.err = err;
        this.profiler = profiler;
        this.plan = plan;
        thread = Thread.ofPlatform().daemon().name("live").unstarted(this::show);
        if (terminal) {
            thread.start();
        }
    }

    private void show() {
        try {
            while (!ended.await(1, TimeUnit.SECONDS)) {
                err.print("\r\u001b[K  " + now.get() + watts());
                err.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String watts() {
        StringBuilder text = new StringBuilder();
        for (Signal signal : profiler.recent(Duration.ofSeconds(2))) {
            if (signal.channel().component().kind() == Component.Kind.CPU && signal.size() > 1) {
                long from = signal.timeNanos()[0];
                long to = signal.timeNanos()[signal.size() - 1];
                if (Energy.of(signal, from, to) instanceof Energy energy) {
                    text.append(
                            "   %s %.1f W".formatted(signal.channel().id(), energy.joules() / ((to - from) * 1e-9)));
                }
            }
        }
        return text.toString();
    }

    @Override
    public void begins(String what) {
        int of = plan.cells().size() * plan.repeats();
        now.set("[%d/%d] %s   about %s left"
                .formatted(visited + 1, of, what, Clock.minutes(plan.estimateSeconds() * (of - visited) / of)));
    }

    @Override
    public void visited(Cell cell) {
        visited++;
    }

    @Override
    public void recorded(Window window) {
        if (!terminal && window.kind() == Window.Kind.MEASURE) {
            err.printf(
                    "  %s repeat %d: %.4g elements/s over %.3f s%n",
                    window.cellId(), window.repeat(), window.elements() / window.seconds(), window.seconds());
            err.flush();
        }
    }

    @Override
    public void failed(String cellId, String reason) {
        err.printf("%s  %s gives no figure: %s%n", terminal ? "\r\u001b[K" : "", cellId, reason);
        err.flush();
    }

    void end() {
        ended.countDown();
        if (terminal) {
            err.print("\r\u001b[K");
            err.flush();
        }
    }

    void awaitEnd() {
        try {
            ended.await(10, TimeUnit.SECONDS);
            Thread.sleep(500); // the table is printed by the run's own thread
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
