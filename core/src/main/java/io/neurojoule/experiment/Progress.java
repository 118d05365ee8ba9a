package io.neurojoule.experiment;

import io.neurojoule.recording.Window;
import java.time.Duration;

/// Looks on while a run goes; may be slow only at its own cost, as it is called between windows.
public interface Progress {
    /// Something begins.
    ///
    /// @param what e.g. `cpu-int8-b64 · warm-up`
    void begins(String what);

    /// A cell has had its turn in this repeat, with a window or without.
    void visited(Cell cell);

    /// A window has been recorded.
    void recorded(Window window);

    /// A cell gives no figure.
    void failed(String cellId, String reason);

    /// All windows are recorded, and what a power source shows late is waited for.
    ///
    /// @param channel the slowest
    void lingers(String channel, Duration wait);
}
