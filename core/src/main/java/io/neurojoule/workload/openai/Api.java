package io.neurojoule.workload.openai;

import io.neurojoule.workload.protocol.Wire;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a request looks like, and the lines of its answer.
///
/// @see <a href="https://platform.openai.com/docs/api-reference/completions">OpenAI: completions, chat completions</a>
/// @see <a href="https://docs.ollama.com/api">Ollama: /api/generate</a>
enum Api {
    COMPLETIONS("/completions"),
    CHAT("/chat/completions"),
    OLLAMA("/api/generate");

    /// Fields without which a server can answer, and that some refuse: they ask for the count of tokens, for as many
    /// tokens as wanted whatever the network thinks of its text, and for no cache.
    static final Set<String> DISPENSABLE = Set.of("stream_options", "ignore_eos", "cache_prompt");

    private static final String DATA = "data:";

    private final String path;

    Api(String path) {
        this.path = path;
    }

    static Optional<Api> named(String name) {
        return Arrays.stream(values()).filter(api -> api.text().equals(name)).findFirst();
    }

    /// As in the option.
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Below the root.
    String path() {
        return path;
    }

    /// @param tokens  of the answer, at most
    /// @param without those of [#DISPENSABLE] that this server refuses
    ObjectNode request(String model, String prompt, int tokens, Set<String> without) {
        ObjectNode body = Wire.message().put("model", model).put("stream", true);
        if (this == OLLAMA) {
            // Raw: no template, and so no text that all prompts begin with.
            body.put("prompt", prompt).put("raw", true);
            body.putObject("options").put("temperature", 0).put("num_predict", tokens);
            return body;
        }
        if (this == CHAT) {
            body.putArray("messages").addObject().put("role", "user").put("content", prompt);
        } else {
            body.put("prompt", prompt);
        }
        body.put("max_tokens", tokens).put("temperature", 0);
        body.putObject("stream_options").put("include_usage", true);
        body.put("ignore_eos", true).put("cache_prompt", false);
        body.remove(without);
        return body;
    }

    /// What a line of the answer says; empty if nothing.
    Optional<Chunk> chunk(String line) {
        if (this == OLLAMA) {
            return line.isBlank()
                    ? Optional.empty()
                    : Optional.of(Wire.parse(line).map(Api::ollama).orElseGet(() -> notJson(line)));
        }
        if (line.startsWith("error:")) {
            return Optional.of(Chunk.broken(line.substring("error:".length()).strip()));
        }
        if (!line.startsWith(DATA)) {
            // An event stream may hold comments and other fields; an answer that is no stream ends without its mark.
            return Optional.empty();
        }
        String data = line.substring(DATA.length()).strip();
        return Optional.of(
                data.equals("[DONE]")
                        ? Chunk.end()
                        : Wire.parse(data).map(Api::openAi).orElseGet(() -> notJson(data)));
    }

    private static Chunk notJson(String line) {
        return Chunk.broken("a line that is no JSON object: " + line);
    }

    private static Chunk openAi(ObjectNode chunk) {
        if (failed(chunk)) {
            return Chunk.broken(complaint(chunk));
        }
        JsonNode choice = chunk.path("choices").path(0);
        JsonNode delta = choice.path("delta");
        boolean text = hasText(choice.path("text"))
                || hasText(delta.path("content"))
                || hasText(delta.path("reasoning_content"))
                || hasText(delta.path("reasoning"));
        JsonNode usage = chunk.path("usage");
        JsonNode timings = chunk.path("timings");
        OptionalLong cached = whole(usage.path("prompt_tokens_details").path("cached_tokens"));
        return new Chunk(
                text,
                false,
                Chunk.Counts.of(
                        whole(usage.path("prompt_tokens")),
                        whole(usage.path("completion_tokens")),
                        cached.isPresent() ? cached : whole(timings.path("cache_n"))),
                nanos(timings.path("prompt_ms"), 1e6),
                nanos(timings.path("predicted_ms"), 1e6),
                Optional.empty());
    }

    private static Chunk ollama(ObjectNode chunk) {
        if (failed(chunk)) {
            return Chunk.broken(complaint(chunk));
        }
        return new Chunk(
                hasText(chunk.path("response")) || hasText(chunk.path("thinking")),
                chunk.path("done").asBoolean(false),
                Chunk.Counts.of(
                        whole(chunk.path("prompt_eval_count")),
                        whole(chunk.path("eval_count")),
                        whole(chunk.path("prompt_eval_cached_count"))),
                nanos(chunk.path("prompt_eval_duration"), 1),
                nanos(chunk.path("eval_duration"), 1),
                Optional.empty());
    }

    /// What an answer complains of, in whatever form.
    static String complaint(JsonNode answer) {
        for (JsonNode told : new JsonNode[] {
            answer.path("error").path("message"), answer.path("error"), answer.path("message"), answer.path("detail")
        }) {
            if (hasText(told)) {
                return told.stringValue();
            }
        }
        return answer.toString();
    }

    private static boolean failed(ObjectNode chunk) {
        return chunk.hasNonNull("error") || chunk.path("object").asString("").equals("error");
    }

    private static boolean hasText(JsonNode node) {
        return node.isString() && !node.stringValue().isEmpty();
    }

    private static OptionalLong whole(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0
                ? OptionalLong.of(node.longValue())
                : OptionalLong.empty();
    }

    private static OptionalLong nanos(JsonNode node, double nanosPerUnit) {
        double nanos = node.isNumber() ? node.doubleValue() * nanosPerUnit : -1;
        return nanos >= 0 && nanos < Long.MAX_VALUE ? OptionalLong.of(Math.round(nanos)) : OptionalLong.empty();
    }
}
