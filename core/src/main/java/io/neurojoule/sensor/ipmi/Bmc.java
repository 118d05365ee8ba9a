package io.neurojoule.sensor.ipmi;

import java.io.IOException;

/// A way to a management controller. Used by one thread at a time.
interface Bmc extends AutoCloseable {
    /// Sends a command and waits for its answer.
    ///
    /// @param untilNanos on the ticker's clock; an answer that is not there by then is an [IOException]
    /// @return the data behind the completion code
    /// @throws CompletionException if the controller refuses
    /// @throws LoginException if the session is refused
    /// @throws IOException if there is no answer, or none that can be understood
    byte[] ask(Request request, long untilNanos) throws IOException;

    /// What reads it, for `run.json`.
    String via();

    /// How messages call it, e.g. `/dev/ipmi0`.
    String where();

    @Override
    void close();
}
