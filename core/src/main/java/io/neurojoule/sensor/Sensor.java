package io.neurojoule.sensor;

import java.io.IOException;
import java.util.List;

/// One read operation with one clock stamp, giving one or more channels.
///
/// Used by one thread at a time; whoever got it from a [Discovery] closes it.
public interface Sensor extends AutoCloseable {
    /// Names the sensor's file, e.g. `rapl:package-0`; unique in a run.
    String id();

    /// Never empty; always the same list.
    List<Channel> channels();

    /// What reads it, for `run.json`: e.g. `perf`, `powercap`.
    String via();

    /// Reads all channels once: [Reading#set] or [Reading#fail] for each. Makes no garbage in steady state.
    ///
    /// @throws SensorGoneException if it has vanished; what can come back does so at a later read
    /// @throws IOException if this read failed: a gap in all channels
    void read(Reading out) throws IOException;

    @Override
    void close() throws IOException;
}
