package io.neurojoule.sensor;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// Where the values of a [Meter] come from, as text.
///
/// Used by one thread at a time.
public interface Feed extends AutoCloseable {
    /// What a meter said.
    ///
    /// @param time         as [Meter#time] has it; empty if it says none
    /// @param arrivedNanos when it came, where nobody asked for it; empty for an answer to a question
    record Said(String value, Optional<String> time, OptionalLong arrivedNanos) {
        /// A line, `VALUE` or `TIME VALUE`.
        ///
        /// @throws IOException if it has not as many words as that: a gap with the line
        public static Said line(String line, Meter.Time time, OptionalLong arrivedNanos) throws IOException {
            String[] words = line.strip().split("\\s+", -1);
            boolean timed = time != Meter.Time.NONE;
            if (words.length != (timed ? 2 : 1)) {
                throw new IOException(
                        "'" + Meter.shown(line) + "' is not " + (timed ? "'TIME VALUE'" : "a number alone"));
            }
            return timed
                    ? new Said(words[1], Optional.of(words[0]), arrivedNanos)
                    : new Said(words[0], Optional.empty(), arrivedNanos);
        }
    }

    /// What reads it, for `run.json`.
    String via();

    /// The newest value that was not returned yet; empty if there is none since.
    ///
    /// @throws SensorGoneException if none will ever come
    /// @throws IOException if it could not be had: a gap
    Optional<Said> next() throws IOException;

    @Override
    void close() throws IOException;
}
