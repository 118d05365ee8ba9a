package io.neurojoule.sensor.http;

import io.neurojoule.sensor.Feed;
import io.neurojoule.sensor.HttpText;
import java.io.IOException;
import java.util.Optional;

/// Asks a URL at each read.
final class HttpFeed implements Feed {
    private final HttpText text;
    private final Answer answer;

    HttpFeed(HttpText text, Answer answer) {
        this.text = text;
        this.answer = answer;
    }

    @Override
    public String via() {
        return "http";
    }

    @Override
    public Optional<Said> next() throws IOException {
        return Optional.of(answer.said(text.get()));
    }

    @Override
    public void close() {
        text.close();
    }
}
