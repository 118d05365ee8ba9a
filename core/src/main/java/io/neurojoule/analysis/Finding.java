package io.neurojoule.analysis;

import java.util.Optional;

/// What to know before trusting a number.
///
/// @param code    a stable word, e.g. `window-too-short`; listed in docs/reference/findings.md
/// @param message one sentence for people: thing, reason, remedy
public record Finding(
        String code,
        Severity severity,
        String message,
        Optional<String> cellId,
        Optional<String> channel,
        Optional<String> windowId) {
    public static Finding of(String code, Severity severity, String message) {
        return new Finding(code, severity, message, Optional.empty(), Optional.empty(), Optional.empty());
    }

    public Finding inCell(String id) {
        return new Finding(code, severity, message, Optional.of(id), channel, windowId);
    }

    public Finding onChannel(String id) {
        return new Finding(code, severity, message, cellId, Optional.of(id), windowId);
    }

    public Finding inWindow(String id) {
        return new Finding(code, severity, message, cellId, channel, Optional.of(id));
    }
}
