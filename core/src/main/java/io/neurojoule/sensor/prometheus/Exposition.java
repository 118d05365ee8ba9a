package io.neurojoule.sensor.prometheus;

import io.neurojoule.sensor.Feed.Said;
import io.neurojoule.sensor.Meter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The text that an exporter answers.
final class Exposition {
    private static final int NAMED = 3;

    private Exposition() {}

    /// The value of the only sample that is meant, with its time in milliseconds since 1970 if it has one.
    ///
    /// @throws IOException if there is none, or more than one, or its line is damaged
    static Said find(String text, Series wanted) throws IOException {
        Optional<Said> found = Optional.empty();
        List<String> fitting = new ArrayList<>();
        for (String line : text.lines().toList()) {
            if (!line.startsWith(wanted.name())) {
                continue;
            }
            Optional<Series.Parsed> parsed = Series.parseFirst(line);
            if (parsed.isEmpty()) {
                throw new IOException("'" + Meter.shown(line) + "' is no sample");
            }
            if (wanted.means(parsed.get().series())) {
                fitting.add(parsed.get().series().toString());
                found = Optional.of(said(line, line.substring(parsed.get().end())));
            }
        }
        if (fitting.size() > 1) {
            throw new IOException("%s fits %d series, say more labels: %s"
                    .formatted(
                            wanted,
                            fitting.size(),
                            String.join(", ", fitting.subList(0, Math.min(NAMED, fitting.size())))));
        }
        return found.orElseThrow(() -> new IOException("the exporter has no " + wanted));
    }

    private static Said said(String line, String rest) throws IOException {
        String[] words = rest.strip().split("[ \t]+", -1);
        if (words[0].isEmpty() || words.length > 2) {
            throw new IOException("'" + Meter.shown(line) + "' is no sample");
        }
        return new Said(words[0], words.length == 2 ? Optional.of(words[1]) : Optional.empty(), OptionalLong.empty());
    }
}
