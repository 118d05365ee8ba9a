package io.neurojoule.workload.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// One message is one line of compact JSON.
public final class Wire {
    /// Longer lines break the protocol.
    public static final int LONGEST_LINE = 1 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
            .build();

    private Wire() {}

    /// An empty message; its fields are written in the order in which they are put.
    public static ObjectNode message() {
        return MAPPER.createObjectNode();
    }

    /// The line with its end, to be written at once.
    public static byte[] encode(ObjectNode message) {
        return (MAPPER.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /// The message in a line; empty if the line is none, such as the print of a library.
    public static Optional<ObjectNode> parse(String line) {
        try {
            JsonNode node = MAPPER.readTree(line);
            return node instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }
}
