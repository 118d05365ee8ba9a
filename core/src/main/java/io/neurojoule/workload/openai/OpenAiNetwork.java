package io.neurojoule.workload.openai;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A server of a language model, asked over HTTP. A step is one request; the tokens that count are those that the
/// server reports.
///
/// It belongs to whoever started it: it is neither started nor stopped here. Options: `url`, `server_model`, `api`
/// (`completions`, `chat`, `ollama`), `input_tokens`, `output_tokens`.
final class OpenAiNetwork implements Network {
    /// Reading the prompt, until the first token: as long as the server says that it took, else from the request on.
    static final String PREFILL = "prefill";

    /// The tokens after the first: as long as the server says that they took, else to the end of the answer.
    static final String DECODE = "decode";

    private static final String PRECISION = "default";

    private final Ticker ticker;
    private final Map<String, String> environment;

    /// One for all loads, so that no prompt comes twice.
    private final Prompts prompts = new Prompts(new SecureRandom().nextLong());

    /// What was loaded last, and how many words a prompt of it had: repeats have prompts of one length.
    private Optional<Options> known = Optional.empty();

    private int words;

    private Optional<Requests> requests = Optional.empty();
    private boolean prepared;

    /// @param environment where the key may be
    OpenAiNetwork(Ticker ticker, Map<String, String> environment) {
        this.ticker = ticker;
        this.environment = Map.copyOf(environment);
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                "openai",
                List.of(PRECISION),
                List.of(PREFILL, DECODE),
                List.of(PREFILL),
                Optional.of("request"),
                Optional.empty(),
                true,
                false,
                true,
                false);
    }

    @Override
    public Loaded load(LoadRequest request) throws NetworkException {
        close();
        Options options = Options.of(request.options());
        if (!request.model().isEmpty()) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    "the server has its model; name it with the option server_model instead of a file");
        }
        if (!request.precision().equals(PRECISION)) {
            throw new NetworkException(
                    Code.UNSUPPORTED,
                    "a server has its model in the precision that it was started with; leave precision out");
        }
        Server server = new Server(options.root(), Key.of(environment));
        try {
            Served served = Served.by(server, options);
            boolean same = known.filter(options::equals).isPresent();
            Requests made = Requests.calibrated(
                    server, options, served.model(), prompts, same ? words : Requests.GUESSED_WORDS, ticker);
            known = Optional.of(options);
            words = made.words();
            requests = Optional.of(made);
            return served.loaded(options, made);
        } finally {
            if (requests.isEmpty()) {
                server.close();
            }
        }
    }

    @Override
    public void prepare(int batch, List<InputSpec> inputs) throws NetworkException {
        prepared = false;
        if (requests.isEmpty()) {
            throw new IllegalStateException("nothing is loaded");
        }
        if (batch != 1) {
            throw new NetworkException(
                    Code.UNSUPPORTED, "a request has one prompt: ask for batch 1, and for several requests at once");
        }
        if (!inputs.isEmpty()) {
            throw new NetworkException(
                    Code.INVALID_INPUT, "prompts are made by the client; leave input out, and set input_tokens");
        }
        prepared = true;
    }

    @Override
    public void step(Phases phases) throws NetworkException {
        try (Lane lane = lane()) {
            lane.step(phases, Tally.NONE);
        }
    }

    @Override
    public void only(String phase) throws NetworkException {
        try (Lane lane = lane()) {
            lane.only(phase, Tally.NONE);
        }
    }

    @Override
    public Lane lane() {
        if (!prepared) {
            throw new IllegalStateException("nothing is prepared");
        }
        return requests.orElseThrow().lane();
    }

    @Override
    public List<Tensor> outputs() throws NetworkException {
        if (!prepared) {
            throw new IllegalStateException("nothing is prepared");
        }
        throw new NetworkException(Code.UNSUPPORTED, "no two requests have the same prompt, so none is compared");
    }

    @Override
    public void close() {
        requests.ifPresent(Requests::close);
        requests = Optional.empty();
        prepared = false;
    }
}
