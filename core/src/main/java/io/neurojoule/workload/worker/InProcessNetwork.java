package io.neurojoule.workload.worker;

import static io.neurojoule.workload.worker.Guard.guarded;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.Verified;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/// A network in the profiler's own process: the worker's loop without a child, for tests.
public final class InProcessNetwork implements NetworkUnderTest {
    private final Network network;
    private final Ticker ticker;
    private final AtomicBoolean stopAsked = new AtomicBoolean();
    private int batch;

    /// @param network closed with this
    public InProcessNetwork(Network network, Ticker ticker) {
        this.network = network;
        this.ticker = ticker;
    }

    @Override
    public Capabilities capabilities() {
        return network.capabilities().withPace();
    }

    @Override
    public Loaded load(LoadRequest request) throws NetworkException {
        return guarded(() -> network.load(request));
    }

    @Override
    public void prepare(int batch, List<InputSpec> inputs) throws NetworkException {
        guarded(() -> {
            network.prepare(batch, inputs);
            return true;
        });
        this.batch = batch;
    }

    @Override
    public RunAnswer run(RunRequest request) throws NetworkException {
        if (batch < 1) {
            throw new NetworkException(Code.INVALID_INPUT, "run before prepare");
        }
        stopAsked.set(false);
        long sent = ticker.nanos();
        return guarded(() -> new Loop(network, ticker, stopAsked::get).run(request, batch, sent));
    }

    @Override
    public Verified verify() throws NetworkException {
        return guarded(() -> new Verified(network.outputs(), network.execution()));
    }

    @Override
    public List<Tensor> outputs() throws NetworkException {
        return guarded(network::outputs);
    }

    @Override
    public void stop() {
        stopAsked.set(true);
    }

    /// Not told: the process is the profiler's.
    @Override
    public OptionalLong peakMemoryBytes() {
        return OptionalLong.empty();
    }

    @Override
    public void close() {
        network.close();
    }
}
