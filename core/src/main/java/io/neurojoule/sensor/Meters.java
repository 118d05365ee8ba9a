package io.neurojoule.sensor;

import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// How a source finds meters that are there only because the user describes and names them.
///
/// @param source  name of the source
/// @param keys    the settings that it understands
/// @param example of what to type
/// @param hint    what to look at when a meter does not answer
public record Meters(String source, List<String> keys, String example, String hint) {
    /// Describes one meter and reaches it.
    @FunctionalInterface
    public interface Kind {
        /// Reads the settings.
        ///
        /// @throws SettingsException if they make no sense
        Plan plan(String owner, Settings settings);
    }

    /// A meter that was described and not reached yet.
    public record Plan(Meter meter, Reaching reaching) {}

    /// A meter that speaks unasked.
    public static Plan listening(Meter meter, Opening opening) {
        return new Plan(meter, () -> sensor(meter, opening.open()));
    }

    /// A meter that answers; it is asked once, so that one which gives no value is missing from the start.
    public static Plan asking(Meter meter, Opening opening) {
        return new Plan(meter, () -> {
            MeterSensor sensor = sensor(meter, opening.open());
            try {
                sensor.probe();
                return sensor;
            } catch (IOException e) {
                sensor.close();
                throw e;
            }
        });
    }

    private static MeterSensor sensor(Meter meter, Feed feed) {
        return new MeterSensor(meter, feed, Ticker.monotonic(), WallClock.ofThisMachine());
    }

    /// Reaches a meter.
    @FunctionalInterface
    public interface Reaching {
        /// @throws IOException if it does not answer as it should; nothing is left open then
        Sensor open() throws IOException;
    }

    /// Reaches what values come from.
    @FunctionalInterface
    public interface Opening {
        Feed open() throws IOException;
    }

    /// Every meter that the user names; one that cannot be reached is missing.
    ///
    /// @throws SettingsException before anything is opened, if a description makes no sense
    public Discovery discover(SourceConfig config, Kind kind) {
        if (!config.options().isEmpty()) {
            throw new SettingsException("%s needs a name, e.g. %s".formatted(source, example));
        }
        List<Plan> plans = new ArrayList<>();
        for (Map.Entry<String, Map<String, String>> one : config.named().entrySet()) {
            String name = one.getKey();
            if (!name.matches("[A-Za-z0-9._-]+")) {
                throw new SettingsException(
                        "%s: a name has letters, digits, '.', '_' and '-': '%s'".formatted(source, name));
            }
            String owner = source + ":" + name;
            plans.add(kind.plan(owner, Settings.of(owner, one.getValue(), keys)));
        }
        if (plans.isEmpty()) {
            return Discovery.of(Missing.notConfigured(
                    source + "-not-configured",
                    source,
                    "it is used only where you describe a meter",
                    "Describe one: --source " + example));
        }
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        for (Plan plan : plans) {
            try {
                sensors.add(plan.reaching().open());
            } catch (IOException e) {
                Channel lost = plan.meter().channel();
                missing.add(Missing.broken(source + "-failed", lost.id(), String.valueOf(e.getMessage()), hint)
                        .of(lost));
            }
        }
        return new Discovery(sensors, missing);
    }
}
