package io.neurojoule.recording;

import java.util.Optional;

/// Something that was noticed while running: a row of `findings.jsonl`. The analysis makes a finding of it.
///
/// @param severity `info`, `warning` or `error`
public record Note(
        String code,
        String severity,
        String message,
        Optional<String> cellId,
        Optional<String> channel,
        Optional<String> windowId) {
    public static Note of(String code, String severity, String message) {
        return new Note(code, severity, message, Optional.empty(), Optional.empty(), Optional.empty());
    }

    public Note inCell(String id) {
        return new Note(code, severity, message, Optional.of(id), channel, windowId);
    }

    public Note onChannel(String id) {
        return new Note(code, severity, message, cellId, Optional.of(id), windowId);
    }
}
