package io.neurojoule.workload.synthetic;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/// Each step lasts `step_micros` (1000), a tenth of it in `pack`, the rest in `execute`; with `sleep: true` the
/// processor rests meanwhile, else it spins. Takes every precision, device and batch. Used by one thread.
public final class SyntheticNetwork implements Network {
    private static final String PACK = "pack";
    private static final String EXECUTE = "execute";
    private static final List<String> OPTIONS = List.of("step_micros", "sleep");

    private final Ticker ticker;
    private long stepNanos = 1_000_000;
    private boolean sleeping;
    private boolean loaded;

    /// 0 until one is prepared.
    private int batch;

    public SyntheticNetwork(Ticker ticker) {
        this.ticker = ticker;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                "synthetic",
                List.of(),
                List.of(PACK, EXECUTE),
                List.of(PACK, EXECUTE),
                Optional.empty(),
                Optional.empty(),
                true,
                true);
    }

    @Override
    public Loaded load(LoadRequest request) throws NetworkException {
        close();
        for (String option : request.options().keySet()) {
            if (!OPTIONS.contains(option)) {
                throw new NetworkException(
                        Code.INVALID_INPUT,
                        "the synthetic network has no option '%s'; it has %s"
                                .formatted(option, String.join(", ", OPTIONS)));
            }
        }
        String micros = request.options().getOrDefault("step_micros", "1000");
        String sleep = request.options().getOrDefault("sleep", "false");
        if (!micros.matches("[0-9]{1,9}")) {
            throw new NetworkException(Code.INVALID_INPUT, "step_micros must be a whole number: " + micros);
        }
        if (!sleep.matches("true|false")) {
            throw new NetworkException(Code.INVALID_INPUT, "sleep must be true or false: " + sleep);
        }
        stepNanos = Long.parseLong(micros) * 1000;
        sleeping = Boolean.parseBoolean(sleep);
        loaded = true;
        return new Loaded(
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Map.of("step_micros", micros, "sleep", sleep),
                Map.of(),
                List.of());
    }

    @Override
    public void prepare(int batch, List<InputSpec> inputs) {
        if (!loaded) {
            throw new IllegalStateException("nothing is loaded");
        }
        this.batch = batch;
    }

    @Override
    public void step(Phases phases) {
        requirePrepared();
        long start = ticker.nanos();
        phases.enter(PACK);
        spend(start, stepNanos / 10);
        phases.enter(EXECUTE);
        spend(start, stepNanos);
    }

    @Override
    public void only(String phase) {
        requirePrepared();
        spend(ticker.nanos(), phase.equals(PACK) ? stepNanos / 10 : stepNanos - stepNanos / 10);
    }

    /// One number per element: its place in the batch.
    @Override
    public List<Tensor> outputs() {
        requirePrepared();
        double[] values = new double[batch];
        for (int i = 0; i < batch; i++) {
            values[i] = i;
        }
        return List.of(new Tensor("y", List.of((long) batch), values));
    }

    @Override
    public void close() {
        loaded = false;
        batch = 0;
    }

    private void requirePrepared() {
        if (batch < 1) {
            throw new IllegalStateException("nothing is prepared");
        }
    }

    private void spend(long start, long nanos) {
        for (long left = nanos; left > 0; left = nanos - (ticker.nanos() - start)) {
            if (sleeping) {
                LockSupport.parkNanos(left);
            } else {
                Thread.onSpinWait();
            }
        }
    }
}
