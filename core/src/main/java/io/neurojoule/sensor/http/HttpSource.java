package io.neurojoule.sensor.http;

import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.HttpText;
import io.neurojoule.sensor.Meter;
import io.neurojoule.sensor.Meters;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Values behind URLs, each described and named by the user.
public final class HttpSource implements PowerSource {
    static final String NAME = "http";

    private static final long MOST_BYTES = 1 << 20;

    private static final Meters METERS = new Meters(
            NAME,
            keys(),
            "http:plug,url=http://10.0.0.7/rpc/Switch.GetStatus?id=0,pointer=/apower,unit=W,kind=wall,refresh=1",
            "Ask it by hand: curl -i URL. Without pointer the answer must be a number alone.");

    private static List<String> keys() {
        List<String> keys = new ArrayList<>(HttpText.KEYS);
        keys.addAll(List.of("pointer", "time_pointer"));
        return Meter.keys(keys);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return METERS.discover(config, HttpSource::plan);
    }

    private static Meters.Plan plan(String owner, Settings settings) {
        Meter meter = Meter.of(owner, settings);
        Optional<String> pointer = pointer(owner, settings, "pointer");
        Optional<String> timePointer = pointer(owner, settings, "time_pointer");
        boolean timed = meter.time() != Meter.Time.NONE;
        if (pointer.isPresent() && timed != timePointer.isPresent()) {
            throw new SettingsException(
                    "%s: time and time_pointer go together where pointer is given".formatted(owner));
        }
        if (pointer.isEmpty() && timePointer.isPresent()) {
            throw new SettingsException("%s has time_pointer, but no pointer to the value".formatted(owner));
        }
        HttpText.Question question =
                HttpText.Question.of(owner, settings, "application/json, text/plain, */*", MOST_BYTES);
        Answer answer = new Answer(pointer, timePointer, meter.time());
        return Meters.asking(meter, () -> new HttpFeed(question.open(), answer));
    }

    private static Optional<String> pointer(String owner, Settings settings, String key) {
        Optional<String> pointer = settings.text(key);
        if (pointer.filter(text -> !text.startsWith("/")).isPresent()) {
            throw new SettingsException("%s: %s must be a JSON pointer, e.g. /apower or /emeters/0/power: '%s'"
                    .formatted(owner, key, pointer.orElseThrow()));
        }
        return pointer;
    }
}
