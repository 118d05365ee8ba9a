package io.neurojoule.sensor.command;

import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Meter;
import io.neurojoule.sensor.Meters;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.util.List;

/// Programs that print a value a line, each described and named by the user.
public final class CommandSource implements PowerSource {
    static final String NAME = "command";

    private static final Meters METERS = new Meters(
            NAME,
            Meter.keys(List.of("run")),
            "command:plug,run='python3 plug.py',unit=W,kind=wall,refresh=1",
            "Run the command in a terminal: it must print one number a line, and flush each line.");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return METERS.discover(config, CommandSource::plan);
    }

    private static Meters.Plan plan(String owner, Settings settings) {
        Meter meter = Meter.of(owner, settings);
        String command = settings.required("run");
        return Meters.listening(
                meter,
                () -> CommandFeed.start(command, meter.time(), meter.channel().refresh(), Ticker.monotonic()));
    }
}
