package io.neurojoule.cli;

import io.neurojoule.analysis.Energy;
import io.neurojoule.experiment.Cell;
import io.neurojoule.experiment.Plan;
import io.neurojoule.experiment.Progress;
import io.neurojoule.profile.Profiler;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.report.Format;
import io.neurojoule.sensor.Basis;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// A line a second on a terminal while something runs: what, the watts of the last seconds, joules per element at the
/// last known throughput, time left; elsewhere a line a window. Used by the run's thread and its own.
final class Live implements Progress {
    private static final int HISTORY = 20;

    /// A wait that a user may take for a hang.
    private static final Duration WORTH_A_WORD = Duration.ofSeconds(3);

    private static final String BARS = "▁▂▃▄▅▆▇█";

    private final PrintWriter err;
    private final String element;
    private final Deque<Double> history = new ArrayDeque<>();
    private final Profiler profiler;
    private final boolean terminal = "1".equals(System.getenv("NEUROJOULE_TERMINAL")); // the launcher looks at stderr
    private final AtomicReference<String> now = new AtomicReference<>("");
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread thread;
    private final Plan plan;
    private int visited;
    private volatile double elementsPerSecond;
    private volatile boolean isMeasuring;

    Live(PrintWriter err, Profiler profiler, Plan plan, String element) {
        this.element = element;
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

    /// The headline's power; while a cell is measured also joules per element at the throughput of its last loop.
    /// Nothing while a member has no figure.
    private String watts() {
        List<Signal> members = profiler.recentHeadline(Duration.ofSeconds(2));
        double watts = 0;
        Basis basis = Basis.MEASURED;
        for (Signal signal : members) {
            if (signal.size() < 2) {
                return "";
            }
            long from = signal.timeNanos()[0];
            long to = Energy.latest(signal);
            if (to <= from || !(Energy.of(signal, from, to) instanceof Energy energy)) {
                return "";
            }
            watts += energy.joules() / ((to - from) * 1e-9);
            basis = basis.and(signal.channel().basis());
        }
        if (members.isEmpty()) {
            return "";
        }
        history.addLast(watts);
        if (history.size() > HISTORY) {
            history.removeFirst();
        }
        double perSecond = isMeasuring ? elementsPerSecond : 0; // idle watts are no joules of an element
        String each = perSecond > 0 ? "   ≈ " + Format.quantity(watts / perSecond, "J") + "/" + element : "";
        return "   " + sparkline() + " " + Format.quantity(watts, "W") + each + " " + basis;
    }

    private String sparkline() {
        double least = history.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double most = history.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        StringBuilder line = new StringBuilder();
        for (double watts : history) {
            int step = most > least ? (int) Math.round((watts - least) / (most - least) * (BARS.length() - 1)) : 0;
            line.append(BARS.charAt(step));
        }
        return line.toString();
    }

    @Override
    public void begins(String what) {
        isMeasuring = what.endsWith("measure");
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
        boolean works = window.kind() == Window.Kind.WARMUP || window.kind() == Window.Kind.MEASURE;
        elementsPerSecond = works ? window.elements() / window.seconds() : 0;
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

    @Override
    public void lingers(String channel, Duration wait) {
        isMeasuring = false;
        String what = "waiting %.1f s for the last value of %s".formatted(wait.toMillis() * 1e-3, channel);
        now.set(what);
        if (!terminal && wait.compareTo(WORTH_A_WORD) >= 0) {
            err.printf("  %s%n", what);
            err.flush();
        }
    }

    void end() {
        ended.countDown();
        if (terminal) {
            err.print("\r\u001b[K");
            err.flush();
        }
    }
}
