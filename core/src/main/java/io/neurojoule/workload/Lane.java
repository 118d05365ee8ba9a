package io.neurojoule.workload;

/// One of several callers of a network whose steps may overlap, a connection to a server for example. Used by one
/// thread at a time.
public interface Lane extends AutoCloseable {
    /// Runs one batch; returns when its whole answer has come.
    ///
    /// @param phases told when a phase begins; may ignore them
    /// @param tally  told what the step counted and timed
    /// @throws NetworkException if the answer is no success: a step that failed is in no figure, so the window is void
    void step(Phases phases, Tally tally) throws NetworkException;

    /// Runs one phase of a step alone; only asked for phases that are offered as isolable.
    default void only(String phase, Tally tally) throws NetworkException {
        throw new NetworkException(NetworkException.Code.UNSUPPORTED, "it cannot run the phase " + phase + " alone");
    }

    /// Gives the connection back; harmless when called again.
    @Override
    void close();
}
