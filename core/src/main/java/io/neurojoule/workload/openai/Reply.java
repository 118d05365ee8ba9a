package io.neurojoule.workload.openai;

import io.neurojoule.time.Ticker;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Flow;

/// One answer, line by line, with the times at which its text came. Written by the HTTP client's thread, read when the
/// answer is over.
final class Reply implements Flow.Subscriber<String> {
    private final Api api;
    private final Ticker ticker;
    private Optional<Chunk.Counts> counts = Optional.empty();
    private OptionalLong prefillNanos = OptionalLong.empty();
    private OptionalLong decodeNanos = OptionalLong.empty();
    private Optional<String> error = Optional.empty();
    private boolean begun;
    private boolean ended;
    private int pieces;
    private long firstNanos;
    private long lastNanos;

    Reply(Api api, Ticker ticker) {
        this.api = api;
        this.ticker = ticker;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
        long now = ticker.nanos();
        begun = true;
        Optional<Chunk> told = api.chunk(line);
        if (told.isEmpty()) {
            return;
        }
        Chunk chunk = told.get();
        if (chunk.text()) {
            lastNanos = now;
            if (pieces++ == 0) {
                firstNanos = now;
            }
        }
        ended |= chunk.last();
        counts = chunk.counts().or(() -> counts);
        prefillNanos = chunk.prefillNanos().isPresent() ? chunk.prefillNanos() : prefillNanos;
        decodeNanos = chunk.decodeNanos().isPresent() ? chunk.decodeNanos() : decodeNanos;
        error = error.or(chunk::error);
    }

    @Override
    public void onError(Throwable broken) {
        // Whoever waits for the answer is told.
    }

    @Override
    public void onComplete() {
        // Whoever waits for the answer is told.
    }

    /// Whether anything of it has come.
    boolean begun() {
        return begun;
    }

    /// What is wrong with it: the server complained in the middle of it, or it broke off before its end.
    Optional<String> fault() {
        if (error.isPresent()) {
            return Optional.of("the server complains in the middle of an answer: " + error.get());
        }
        if (!ended) {
            return Optional.of("an answer ended without its last line (%s)"
                    .formatted(api == Api.OLLAMA ? "done: true" : "data: [DONE]"));
        }
        return Optional.empty();
    }

    /// Empty if the server did not count.
    Optional<Chunk.Counts> counts() {
        return counts;
    }

    /// When the first text came, if any did.
    OptionalLong firstNanos() {
        return pieces > 0 ? OptionalLong.of(firstNanos) : OptionalLong.empty();
    }

    /// Time per token after the first, if there are such and their text came in more than one piece: a server that
    /// sends all at once does not show how long each took.
    OptionalLong perTokenNanos() {
        long others = counts.map(tokens -> tokens.out() - 1).orElse(0L);
        return others > 0 && pieces > 1
                ? OptionalLong.of(Math.round((double) (lastNanos - firstNanos) / others))
                : OptionalLong.empty();
    }

    OptionalLong prefillNanos() {
        return prefillNanos;
    }

    OptionalLong decodeNanos() {
        return decodeNanos;
    }
}
