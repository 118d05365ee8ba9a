package io.neurojoule.workload.openai;

import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the user says about the server and its requests.
///
/// @param root         of all paths: `http://HOST:PORT/v1`, or without `/v1` for Ollama
/// @param model        empty: the only one that the server has
/// @param inputTokens  of a prompt, about
/// @param outputTokens of an answer
record Options(Api api, URI root, Optional<String> model, int inputTokens, int outputTokens) {
    private static final List<String> NAMES = List.of("url", "server_model", "api", "input_tokens", "output_tokens");
    private static final int MOST_TOKENS = 1_000_000;

    static Options of(Map<String, String> options) throws NetworkException {
        for (String option : options.keySet()) {
            if (!NAMES.contains(option)) {
                throw invalid(
                        "the openai client has no option '%s'; it has %s".formatted(option, String.join(", ", NAMES)));
            }
        }
        Api api = Api.named(options.getOrDefault("api", "completions"))
                .orElseThrow(
                        () -> invalid("api must be completions, chat or ollama: '%s'".formatted(options.get("api"))));
        return new Options(
                api,
                root(api, options.getOrDefault("url", "")),
                Optional.ofNullable(options.get("server_model")).filter(name -> !name.isBlank()),
                tokens(options, "input_tokens", 128, Prompts.LEAST_WORDS),
                tokens(options, "output_tokens", 32, 1));
    }

    private static int tokens(Map<String, String> options, String name, int usual, int least) throws NetworkException {
        String text = options.getOrDefault(name, Integer.toString(usual));
        if (text.matches("[0-9]{1,7}")) {
            int tokens = Integer.parseInt(text);
            if (tokens >= least && tokens <= MOST_TOKENS) {
                return tokens;
            }
        }
        throw invalid("%s must be a whole number from %d to %d: '%s'".formatted(name, least, MOST_TOKENS, text));
    }

    private static URI root(Api api, String text) throws NetworkException {
        if (text.isBlank()) {
            throw invalid("the openai client needs the option url, e.g. http://127.0.0.1:8000/v1");
        }
        URI url;
        try {
            url = URI.create(text.strip());
        } catch (IllegalArgumentException e) {
            throw invalid("url is none: " + e.getMessage());
        }
        boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        if (!web || url.getHost() == null || url.getRawQuery() != null || url.getRawFragment() != null) {
            throw invalid("url must be like http://HOST:PORT/v1");
        }
        if (url.getUserInfo() != null) {
            throw invalid("url must not hold a password, as options are kept with the run; put a key into the"
                    + " environment variable " + Key.VARIABLE);
        }
        String path = url.getRawPath().replaceFirst("/+$", "");
        String version = "/v1";
        if (api == Api.OLLAMA) {
            path = path.endsWith(version) ? path.substring(0, path.length() - version.length()) : path;
        } else if (path.isEmpty()) {
            path = version;
        }
        return URI.create("%s://%s%s".formatted(url.getScheme(), url.getRawAuthority(), path));
    }

    private static NetworkException invalid(String message) {
        return new NetworkException(Code.INVALID_INPUT, message);
    }
}
