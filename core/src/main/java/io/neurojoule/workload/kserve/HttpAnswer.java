package io.neurojoule.workload.kserve;

import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// @param headers by their names in lower case
record HttpAnswer(int status, Map<String, String> headers, byte[] body) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int MOST_TEXT = 300;

    HttpAnswer {
        headers = Map.copyOf(headers);
    }

    boolean success() {
        return status == 200;
    }

    /// The first bytes of the body as JSON; a missing node where they are none.
    JsonNode json(int length) {
        try {
            return JSON.readTree(body, 0, length);
        } catch (JacksonException none) {
            return JSON.missingNode();
        }
    }

    JsonNode json() {
        return json(body.length);
    }

    /// What a server says that could not do what it was asked for: its message, whether it wraps it in JSON or not.
    NetworkException failure() {
        Code code = switch (status) {
            case 404 -> Code.BAD_MODEL;
            case 429, 503 -> Code.DEVICE_BUSY;
            default -> status >= 400 && status < 500 ? Code.INVALID_INPUT : Code.INTERNAL;
        };
        return new NetworkException(code, "HTTP %d: %s".formatted(status, text()));
    }

    private String text() {
        JsonNode json = json();
        String said = json.path("error")
                .asStringOpt()
                .orElseGet(() ->
                        json.path("detail").asStringOpt().orElseGet(() -> new String(body, StandardCharsets.UTF_8)));
        String line = said.strip().replaceAll("\\s+", " ");
        return line.isEmpty()
                ? "no reason given"
                : line.length() > MOST_TEXT ? line.substring(0, MOST_TEXT) + "…" : line;
    }
}
