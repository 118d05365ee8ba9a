package io.neurojoule.cli;

import io.neurojoule.plugin.Plugins;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkSource;
import io.neurojoule.workload.worker.Worker;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Hosts a Java network and speaks the workload protocol on stdin and stdout. Started by the profiler.
@Command(name = "worker", hidden = true, description = "Host a network (started by the profiler).")
final class WorkerCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NETWORK", description = "Name of the network plug-in.")
    private String name = "";

    @Override
    public Integer call() throws NetworkException {
        NetworkSource source = Plugins.load(NetworkSource.class, "network", NetworkSource::name)
                .get(name);
        try (Network network = source.open()) {
            PrintStream protocol = System.out;
            System.setOut(System.err); // what a library prints goes to the log, never into the protocol
            return Worker.serve(network, System.in, protocol, Ticker.monotonic());
        }
    }
}
