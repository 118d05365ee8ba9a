package io.neurojoule.sensor.synthetic;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Accelerators that do not exist, each drawing a constant power: the energy of a window is known beforehand.
///
/// Options: `watts` (a number, or several with commas: one sensor each), `wraps-at` (microjoules at which the counters
/// start again). Without `watts` there are none. Everything from it is [Basis#SIMULATED].
public final class SyntheticSource implements PowerSource {
    private static final double MICROJOULE = 1e-6;

    /// How long it takes to gather a microjoule at one watt.
    private static final Duration REFRESH = Duration.ofNanos(1000);

    private final Ticker ticker;

    /// On the clock of this machine.
    public SyntheticSource() {
        this(Ticker.monotonic());
    }

    public SyntheticSource(Ticker ticker) {
        this.ticker = ticker;
    }

    @Override
    public String name() {
        return "synthetic";
    }

    /// @throws IllegalArgumentException if an option is not a number in its range
    @Override
    public Discovery discover(SourceConfig config) {
        String watts = config.options().get("watts");
        if (watts == null) {
            return new Discovery(
                    List.of(),
                    List.of(Missing.notConfigured(
                            "synthetic-not-asked",
                            "synthetic power source",
                            "it exists only when asked for",
                            "Set its option watts, e.g. watts=100 or watts=100,50.")));
        }
        long wrapsAt = wrapsAt(config.options().getOrDefault("wraps-at", "0"));
        List<Sensor> sensors = new ArrayList<>();
        for (String one : watts.split(",", -1)) {
            int n = sensors.size();
            Component card = Component.of(Kind.ACCELERATOR, "synthetic-" + n);
            Channel counter = Channel.counter("synthetic:" + n, card, MICROJOULE, wrapsAt, REFRESH)
                    .withBasis(Basis.SIMULATED);
            double constant = watts(one.strip());
            sensors.add(new SyntheticSensor(ticker, constant > 0 ? counter.withMaxWatts(constant) : counter, constant));
        }
        return new Discovery(sensors, List.of());
    }

    private static double watts(String text) {
        try {
            double watts = Double.parseDouble(text);
            if (watts >= 0 && Double.isFinite(watts)) {
                return watts;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "synthetic: watts must be numbers >= 0, e.g. watts=100,50: '" + text + "'", e);
        }
        throw new IllegalArgumentException("synthetic: watts must be numbers >= 0, e.g. watts=100,50: '" + text + "'");
    }

    private static long wrapsAt(String text) {
        try {
            long wrapsAt = Long.parseLong(text.strip());
            if (wrapsAt >= 0) {
                return wrapsAt;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "synthetic: wraps-at must be a whole number of microjoules >= 0: '" + text + "'", e);
        }
        throw new IllegalArgumentException(
                "synthetic: wraps-at must be a whole number of microjoules >= 0: '" + text + "'");
    }
}
