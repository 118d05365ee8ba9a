package io.neurojoule.workload;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// The profiler's side of a network: a child process, or a loop in this process (tests).
///
/// One request at a time, by one thread; [#stop] may come from another.
public interface NetworkUnderTest extends AutoCloseable {
    /// What it said when it was started.
    Capabilities capabilities();

    Loaded load(LoadRequest request) throws NetworkException;

    /// @param inputs what the user said about inputs; empty: the network's own defaults
    void prepare(int batch, List<InputSpec> inputs) throws NetworkException;

    /// Loops until the time is over. The answer has been checked against the request and the bracket of stamps.
    RunAnswer run(RunRequest request) throws NetworkException;

    /// Outputs on the prepared inputs, and what was executed for them.
    Verified verify() throws NetworkException;

    /// Outputs of one step on the prepared inputs, and nothing else.
    default List<Tensor> outputs() throws NetworkException {
        return verify().outputs();
    }

    /// Asks a running [#run] to end early; does nothing if none runs or the network cannot.
    void stop();

    /// The most memory that the network's process has had resident, in bytes, if it can be told.
    OptionalLong peakMemoryBytes();

    /// CPU time that the network's processes have used so far, in seconds, if it can be told apart from the profiler's.
    default OptionalDouble cpuSeconds() {
        return OptionalDouble.empty();
    }

    /// What the network has marked since this was last asked, in the order in which it said so.
    default List<Mark> takeMarks() {
        return List.of();
    }

    /// Ends the network and all its processes; returns when none is left.
    @Override
    void close();
}
