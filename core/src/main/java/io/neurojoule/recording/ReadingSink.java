package io.neurojoule.recording;

import io.neurojoule.sensor.Reading;
import java.io.IOException;

/// Takes the reads of one sensor, one at a time. Implementations must not keep `reading`: it is reused.
public interface ReadingSink {
    /// @param midNanos  middle of the read
    /// @param readNanos how long the read took
    void reading(long midNanos, long readNanos, Reading reading) throws IOException;

    /// A read that failed in all channels, or ticks that were missed.
    void gap(long atNanos, String why) throws IOException;
}
