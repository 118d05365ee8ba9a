package io.neurojoule.workload.openai;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.openai.Server.RefusedException;
import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.ObjectNode;

/// The requests to one model, and the connections on which they go. Its lanes may be used at once.
final class Requests implements AutoCloseable {
    /// Answers to find out how many words make a prompt.
    private static final int MOST_PROBES = 4;

    /// To begin with, where nothing is known of a server.
    static final int GUESSED_WORDS = 16;

    /// Nearer than this, or a token, no other number of words is tried.
    private static final double NEAR = 0.04;

    /// A prompt that is farther than this from what is asked for is refused.
    private static final double FAR = 0.2;

    /// Servers close connections between requests, llama.cpp after each stream and without a word. One that breaks
    /// without an answer sooner than this was closed; later than this, the server may have worked on the request.
    private static final long CLOSED_NANOS = 1_000_000_000;

    private static final int MOST_TRIES = 3;

    private final Server server;
    private final Options options;
    private final String model;
    private final Prompts prompts;
    private final Ticker ticker;
    private final List<String> notes = new ArrayList<>();

    /// Fields that the server does not take.
    private final Set<String> refused = new HashSet<>();

    /// All that there ever were.
    private final Set<String> connections = ConcurrentHashMap.newKeySet();

    private int words;

    private Requests(Server server, Options options, String model, Prompts prompts, int words, Ticker ticker) {
        this.server = server;
        this.options = options;
        this.model = model;
        this.prompts = prompts;
        this.words = words;
        this.ticker = ticker;
    }

    /// Asks a few times for one token, to learn what the server takes, that it counts, and how many words it takes for
    /// the tokens that are asked for.
    ///
    /// @param server closed with what is returned
    /// @param words  of the first prompt
    static Requests calibrated(Server server, Options options, String model, Prompts prompts, int words, Ticker ticker)
            throws NetworkException {
        Requests requests = new Requests(server, options, model, prompts, words, ticker);
        requests.calibrate();
        return requests;
    }

    private void calibrate() throws NetworkException {
        int wanted = options.inputTokens();
        int best = words;
        Chunk.Counts counts = probe();
        long nearest = counts.in();
        for (int probe = 1; probe < MOST_PROBES && !near(nearest, wanted); probe++) {
            // Not the slope between two probes: words differ in their tokens.
            double next = words + (wanted - counts.in()) * (double) words / Math.max(1, counts.in());
            words = (int) Math.round(Math.max(Prompts.LEAST_WORDS, next));
            counts = probe();
            if (Math.abs(counts.in() - wanted) < Math.abs(nearest - wanted)) {
                nearest = counts.in();
                best = words;
            }
        }
        words = best;
        if (Math.abs(nearest - wanted) > Math.max(1, FAR * wanted)) {
            throw new NetworkException(
                    Code.UNSUPPORTED,
                    "no prompt of about %d tokens can be made: %d words were %d tokens. A prompt has at least %d words; a server may cut long ones"
                            .formatted(wanted, words, nearest, Prompts.LEAST_WORDS));
        }
        if (counts.cached().isEmpty()) {
            notes.add("The server does not tell how many tokens of a prompt came from a cache.");
        }
    }

    private static boolean near(long tokens, int wanted) {
        return Math.abs(tokens - wanted) <= Math.max(1, NEAR * wanted);
    }

    private Chunk.Counts probe() throws NetworkException {
        while (true) {
            Reply reply;
            try {
                reply = new Connection().answer(body(1), Tally.NONE);
            } catch (RefusedException e) {
                String field = Api.DISPENSABLE.stream()
                        .filter(name -> e.names(name) && refused.add(name))
                        .findFirst()
                        .orElseThrow(e::explained);
                notes.add("The server does not take %s; requests go without it.".formatted(field));
                continue;
            }
            requireWhole(reply);
            return reply.counts()
                    .orElseThrow(
                            () -> new NetworkException(
                                    Code.UNSUPPORTED,
                                    "the server does not count tokens: there is no usage in its stream, and so no energy per token"));
        }
    }

    private void requireWhole(Reply reply) throws NetworkException {
        Optional<String> fault = reply.fault();
        if (fault.isPresent()) {
            throw new NetworkException(Code.INTERNAL, server.shown(fault.get()));
        }
    }

    private ObjectNode body(int tokens) {
        return options.api().request(model, prompts.next(words), tokens, refused);
    }

    /// Words of a prompt.
    int words() {
        return words;
    }

    /// What the user should know, one sentence each.
    List<String> notes() {
        return List.copyOf(notes);
    }

    Lane lane() {
        return new Connection();
    }

    @Override
    public void close() {
        server.close();
    }

    /// One caller.
    private final class Connection implements Lane {
        private Optional<String> used = Optional.empty();

        @Override
        public void step(Phases phases, Tally tally) throws NetworkException {
            ask(options.outputTokens(), phases, tally);
        }

        @Override
        public void only(String phase, Tally tally) throws NetworkException {
            if (!phase.equals(OpenAiNetwork.PREFILL)) {
                throw new NetworkException(
                        Code.UNSUPPORTED, "tokens cannot be generated without a prompt: %s alone".formatted(phase));
            }
            ask(1, Phases.NONE, tally);
        }

        private void ask(int tokens, Phases phases, Tally tally) throws NetworkException {
            ObjectNode body = body(tokens);
            long sent = ticker.nanos();
            Reply reply;
            try {
                reply = answer(body, tally);
            } catch (RefusedException e) {
                throw e.explained();
            }
            requireWhole(reply);
            Chunk.Counts counts = reply.counts()
                    .orElseThrow(() -> new NetworkException(Code.INTERNAL, "an answer came without usage"));
            OptionalLong first = reply.firstNanos();
            if (first.isEmpty() && counts.out() > 1) {
                throw new NetworkException(
                        Code.INTERNAL,
                        "an answer of %d tokens came without text: when the first came cannot be told"
                                .formatted(counts.out()));
            }
            tally.count(Tally.TOKENS_IN, counts.in());
            tally.count(Tally.TOKENS_OUT, counts.out());
            counts.cached()
                    .ifPresentOrElse(
                            cached -> tally.count(Tally.TOKENS_CACHED, cached),
                            () -> tally.count(Tally.CACHE_UNTOLD, 1));
            if (counts.out() < tokens) {
                tally.count("short", 1);
            }
            first.ifPresent(at -> tally.time(Tally.TTFT, at - sent));
            reply.perTokenNanos().ifPresent(nanos -> tally.time(Tally.TPOT, nanos));
            reply.prefillNanos().ifPresent(nanos -> tally.time("server_prefill", nanos));
            reply.decodeNanos().ifPresent(nanos -> tally.time("server_decode", nanos));
            tell(phases, sent, reply);
        }

        /// The server's own durations lie on both sides of the first token's arrival, and end where the client's do at
        /// the latest. Queue, tokenizer and network are in none.
        private void tell(Phases phases, long sent, Reply reply) {
            long over = ticker.nanos();
            long first = reply.firstNanos().orElse(over);
            long began = Math.max(sent, first - reply.prefillNanos().orElse(first - sent));
            phases.enter(OpenAiNetwork.PREFILL, began);
            if (first < over) {
                phases.enter(OpenAiNetwork.DECODE, first);
                phases.leave(Math.min(first + reply.decodeNanos().orElse(over - first), over));
            }
        }

        private Reply answer(ObjectNode body, Tally tally) throws NetworkException, RefusedException {
            for (int tries = 1; ; tries++) {
                Reply reply = new Reply(options.api(), ticker);
                long sent = ticker.nanos();
                try {
                    use(server.stream(options.api().path(), body, reply), tries == 1 ? tally : Tally.NONE);
                    return reply;
                } catch (IOException broken) {
                    boolean closed = !reply.begun()
                            && !(broken instanceof ConnectException)
                            && ticker.nanos() - sent < CLOSED_NANOS;
                    if (!closed || tries == MOST_TRIES) {
                        throw server.unreachable(broken);
                    }
                    tally.count(Tally.RECONNECTED, 1);
                }
            }
        }

        /// A caller that had a connection, and comes by one that nobody had, has opened it anew.
        private void use(Optional<String> connection, Tally tally) {
            boolean unseen = connection.isPresent() && connections.add(connection.get());
            if (unseen && used.isPresent()) {
                tally.count(Tally.RECONNECTED, 1);
            }
            used = connection.or(() -> used);
        }

        @Override
        public void close() {
            // The connections are the server's.
        }
    }
}
