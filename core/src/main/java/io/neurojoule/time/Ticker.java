package io.neurojoule.time;

/// A clock that never jumps: CLOCK_MONOTONIC, shared by all processes of a host.
///
/// All times of a run are its nanoseconds. Thread-safe.
@FunctionalInterface
public interface Ticker {
    /// Nanoseconds since an arbitrary moment; differences are durations.
    long nanos();

    /// The clock of this machine.
    static Ticker monotonic() {
        return System::nanoTime;
    }
}
