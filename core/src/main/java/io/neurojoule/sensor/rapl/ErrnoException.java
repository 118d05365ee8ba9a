package io.neurojoule.sensor.rapl;

import java.io.IOException;

/// The kernel said no.
final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    /// @param call what it refused, e.g. `perf_event_open`
    ErrnoException(String call, int errno) {
        super(call + ": errno " + errno);
        this.errno = errno;
    }

    boolean is(int other) {
        return errno == other;
    }

    boolean isPermission() {
        return errno == LibC.EACCES || errno == LibC.EPERM;
    }
}
