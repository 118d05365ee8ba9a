package io.neurojoule.workload;

/// The network under test said no, or broke. A cell ends; the run goes on.
public final class NetworkException extends Exception {
    private static final long serialVersionUID = 1;

    /// What went wrong, as NWP names it; the last three are seen by the profiler only.
    public enum Code {
        /// A hole in the sweep: precision, batch or device that the network does not offer.
        UNSUPPORTED,
        OUT_OF_MEMORY,
        INVALID_INPUT,
        BAD_MODEL,
        DEVICE_BUSY,
        DEVICE_LOST,
        INTERNAL,
        UNKNOWN_OP,
        /// The process ended, or closed its output.
        EXITED,
        /// No answer before the deadline.
        TIMED_OUT,
        /// An answer that breaks the protocol, or claims what cannot be.
        PROTOCOL
    }

    private final Code code;
    private final boolean fatal;

    public NetworkException(Code code, String message) {
        this(
                code,
                message,
                code == Code.DEVICE_LOST || code == Code.EXITED || code == Code.TIMED_OUT || code == Code.PROTOCOL);
    }

    /// @param fatal whether the process must be started again before anything else
    public NetworkException(Code code, String message, boolean fatal) {
        super(message);
        this.code = code;
        this.fatal = fatal;
    }

    public Code code() {
        return code;
    }

    public boolean fatal() {
        return fatal;
    }
}
