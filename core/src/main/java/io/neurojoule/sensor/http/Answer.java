package io.neurojoule.sensor.http;

import io.neurojoule.sensor.Feed.Said;
import io.neurojoule.sensor.Meter;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Where a value stands in an answer.
///
/// @param pointer     a JSON pointer (RFC 6901); empty: the answer is `VALUE` or `TIME VALUE`, as text
/// @param timePointer of the value's time, where it has one
record Answer(Optional<String> pointer, Optional<String> timePointer, Meter.Time time) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /// @throws IOException if it is not there, or no number
    Said said(String text) throws IOException {
        if (pointer.isEmpty()) {
            return Said.line(text, time, OptionalLong.empty());
        }
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JacksonException e) {
            throw new IOException("the answer is no JSON: '" + Meter.shown(text) + "'", e);
        }
        String value = number(root, pointer.get(), text);
        return timePointer.isEmpty()
                ? new Said(value, Optional.empty(), OptionalLong.empty())
                : new Said(value, Optional.of(number(root, timePointer.get(), text)), OptionalLong.empty());
    }

    /// Some devices write numbers as strings.
    private static String number(JsonNode root, String pointer, String text) throws IOException {
        JsonNode node = root.at(pointer);
        if (node.isNumber()) {
            return node.isIntegralNumber()
                    ? node.bigIntegerValue().toString()
                    : node.decimalValue().toString();
        }
        if (node.isString()) {
            return node.stringValue();
        }
        throw new IOException("no number at %s: '%s'".formatted(pointer, Meter.shown(text)));
    }
}
