package io.neurojoule.workload;

/// Takes what steps count and time beside their number, tokens for example. Used by one thread.
///
/// Names are lower case with underscores, `tokens_out`; those that the reports know are constants here.
public interface Tally {
    /// Tokens of the prompt, those from a cache among them.
    String TOKENS_IN = "tokens_in";

    /// Tokens of the prompt that were not computed anew.
    String TOKENS_CACHED = "tokens_cached";

    /// Steps of which the server did not tell what came from a cache.
    String CACHE_UNTOLD = "cache_untold";

    /// Tokens that were generated.
    String TOKENS_OUT = "tokens_out";

    /// Steps of an open loop that were due and not asked for when its time was over.
    String DROPPED = "dropped";

    /// Connections that had been closed while idle and were opened again.
    String RECONNECTED = "reconnected";

    /// Requests that the server says it has answered meanwhile, those of other clients among them.
    String SERVER_REQUESTS = "server_requests";

    /// Nanoseconds that these waited in the server, by its own clock.
    String SERVER_QUEUE_NS = "server_queue_ns";

    /// Nanoseconds that the server computed for them, by its own clock: inputs, inference and outputs.
    String SERVER_COMPUTE_NS = "server_compute_ns";

    /// Time to first token.
    String TTFT = "ttft";

    /// Time per output token after the first.
    String TPOT = "tpot";

    /// Takes nothing.
    Tally NONE = new Tally() {
        @Override
        public void count(String what, long n) {}

        @Override
        public void time(String what, long nanos) {}
    };

    /// @param n >= 0
    void count(String what, long n);

    /// One duration, for a histogram.
    ///
    /// @param nanos >= 0
    void time(String what, long nanos);
}
