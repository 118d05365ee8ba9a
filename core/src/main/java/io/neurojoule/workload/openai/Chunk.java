package io.neurojoule.workload.openai;

import java.util.Optional;
import java.util.OptionalLong;

/// What one line of an answer says.
///
/// @param text         whether it brings text: one token or more
/// @param last         whether it is the last one
/// @param prefillNanos how long the server says that it took for the prompt and the first token
/// @param decodeNanos  how long the server says that it took for the other tokens
/// @param error        what the server complains of
record Chunk(
        boolean text,
        boolean last,
        Optional<Counts> counts,
        OptionalLong prefillNanos,
        OptionalLong decodeNanos,
        Optional<String> error) {
    /// Tokens, as the server counts them.
    ///
    /// @param in     of the prompt, with those from a cache
    /// @param cached of the prompt, from a cache, if told
    record Counts(long in, long out, OptionalLong cached) {
        /// Empty unless both sides are counted.
        static Optional<Counts> of(OptionalLong in, OptionalLong out, OptionalLong cached) {
            return in.isPresent() && out.isPresent()
                    ? Optional.of(new Counts(in.getAsLong(), out.getAsLong(), cached))
                    : Optional.empty();
        }
    }

    static Chunk end() {
        return new Chunk(false, true, Optional.empty(), OptionalLong.empty(), OptionalLong.empty(), Optional.empty());
    }

    static Chunk broken(String error) {
        return new Chunk(
                false, false, Optional.empty(), OptionalLong.empty(), OptionalLong.empty(), Optional.of(error));
    }
}
