package io.neurojoule.sensor.prometheus;

import io.neurojoule.sensor.Feed;
import io.neurojoule.sensor.HttpText;
import java.io.IOException;
import java.util.Optional;

/// Asks an exporter at each read.
final class PrometheusFeed implements Feed {
    private final HttpText text;
    private final Series wanted;

    PrometheusFeed(HttpText text, Series wanted) {
        this.text = text;
        this.wanted = wanted;
    }

    @Override
    public String via() {
        return "prometheus";
    }

    @Override
    public Optional<Said> next() throws IOException {
        return Optional.of(Exposition.find(text.get(), wanted));
    }

    @Override
    public void close() {
        text.close();
    }
}
