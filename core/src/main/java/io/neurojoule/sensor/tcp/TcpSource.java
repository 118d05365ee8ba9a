package io.neurojoule.sensor.tcp;

import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Endpoint;
import io.neurojoule.sensor.Meter;
import io.neurojoule.sensor.Meters;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Meters on line sockets, each described and named by the user: with `ask` a question at each read, without it lines
/// that come unasked.
public final class TcpSource implements PowerSource {
    static final String NAME = "tcp";

    private static final double TIMEOUT_SECONDS = 5;

    private static final Meters METERS = new Meters(
            NAME,
            Meter.keys(List.of("host", "port", "ask", "timeout")),
            "tcp:meter,host=10.0.0.8,port=5025,ask='MEAS:POW?',unit=W,kind=wall",
            "Talk to it by hand: nc HOST PORT; each line must be a number alone.");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return METERS.discover(config, TcpSource::plan);
    }

    private static Meters.Plan plan(String owner, Settings settings) {
        Meter meter = Meter.of(owner, settings);
        settings.required("port");
        Endpoint endpoint = new Endpoint(
                settings.required("host"),
                settings.whole("port", 1, 1, 65_535),
                Meter.seconds(owner, settings, "timeout", TIMEOUT_SECONDS, 0.1, 60));
        Optional<String> ask = settings.text("ask");
        Duration refresh = meter.channel().refresh();
        return ask.isPresent()
                ? Meters.asking(meter, () -> new AskFeed(endpoint, ask.get(), meter.time(), Ticker.monotonic()))
                : Meters.listening(meter, () -> StreamFeed.open(endpoint, meter.time(), refresh, Ticker.monotonic()));
    }
}
