package io.neurojoule.sensor.ptdaemon;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Endpoint;
import io.neurojoule.sensor.Meter;
import io.neurojoule.sensor.MeterSensor;
import io.neurojoule.sensor.Meters;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/// Power analysers behind SPEC's PTDaemon, each described and named by the user.
public final class PtdaemonSource implements PowerSource {
    static final String NAME = "ptdaemon";

    /// PTDaemon's own port for power.
    private static final int PORT = 8888;

    private static final double TIMEOUT_SECONDS = 5;

    private static final Meters METERS = new Meters(
            NAME,
            Stream.concat(
                            Stream.of("host", "port", "volts", "amps", "mark", "clock", "zone", "timeout"),
                            Meter.KEYS.stream().filter(key -> !key.equals("time") && !key.equals("unit")))
                    .toList(),
            "ptdaemon:wt310,host=10.0.0.5,volts=300,amps=2,zone=UTC",
            "PTDaemon must run there and measure for nobody else. Talk to it by hand: nc HOST 8888, then Hello.");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return METERS.discover(config, PtdaemonSource::plan);
    }

    private static Meters.Plan plan(String owner, Settings settings) {
        Meter described = Meter.of(owner, settings, "W", Kind.WALL);
        Duration interval = described.channel().refresh();
        if (interval.toNanos() % 1_000_000 != 0) {
            throw new SettingsException(owner + ": refresh must be whole milliseconds");
        }
        Channel channel = Channel.power(
                owner, described.channel().component(), described.channel().scale(), interval, interval);
        Meter meter = new Meter(channel, described.digits(), Meter.Time.UNIX_MS);
        Endpoint endpoint = new Endpoint(
                settings.required("host"),
                settings.whole("port", PORT, 1, 65_535),
                Meter.seconds(owner, settings, "timeout", TIMEOUT_SECONDS, 0.1, 60));
        Analyser.Wish wish = new Analyser.Wish(
                interval, mark(owner, settings), range(owner, settings, "volts"), range(owner, settings, "amps"));
        Optional<ZoneId> zone =
                settings.oneOf("clock", List.of("own", "arrival"), "own").equals("own")
                        ? Optional.of(zone(owner, settings))
                        : Optional.empty();
        return new Meters.Plan(
                meter, () -> open(meter, PtdaemonFeed.open(new Analyser(endpoint, wish, Ticker.monotonic()), zone)));
    }

    private static Sensor open(Meter meter, PtdaemonFeed feed) {
        OptionalDouble uncertainty = feed.uncertainty();
        Meter known =
                uncertainty.isPresent() ? meter.with(meter.channel().withAccuracy(uncertainty.getAsDouble())) : meter;
        return new MeterSensor(known, feed, Ticker.monotonic(), WallClock.ofThisMachine());
    }

    private static String mark(String owner, Settings settings) {
        String mark = settings.text("mark").orElse("neurojoule");
        if (!mark.matches("[A-Za-z0-9._-]+")) {
            throw new SettingsException("%s: mark has letters, digits, '.', '_' and '-': '%s'".formatted(owner, mark));
        }
        return mark;
    }

    private static Optional<String> range(String owner, Settings settings, String key) {
        Optional<String> range = settings.text(key);
        if (range.filter(text -> !text.matches("Auto|[0-9]+(\\.[0-9]+)?")).isPresent()) {
            throw new SettingsException(
                    "%s: %s must be Auto or a range of the analyser, e.g. 300".formatted(owner, key));
        }
        return range;
    }

    /// PTDaemon writes local times.
    private static ZoneId zone(String owner, Settings settings) {
        String text = settings.text("zone").orElse("");
        try {
            return text.isEmpty() ? ZoneId.systemDefault() : ZoneId.of(text);
        } catch (DateTimeException e) {
            throw new SettingsException(
                    "%s: zone must be one such as UTC or Europe/Berlin: '%s'".formatted(owner, text));
        }
    }
}
