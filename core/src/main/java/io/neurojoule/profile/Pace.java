package io.neurojoule.profile;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import java.time.Duration;

/// How often a sensor is read.
public final class Pace {
    /// Ten readings a second show the shape of a window, and cost nothing that could be measured.
    private static final Duration DEFAULT = Duration.ofMillis(100);

    private static final Duration SHORTEST = Duration.ofMillis(2);

    private Pace() {}

    /// At most ten times a second, no faster than the refresh, and four times per turn of a counter at its maximum
    /// power.
    public static Duration of(Sensor sensor) {
        Duration period = DEFAULT;
        for (Channel channel : sensor.channels()) {
            if (channel.refresh().compareTo(period) > 0) {
                period = channel.refresh();
            }
            if (channel.quantity() == Quantity.ENERGY
                    && channel.wrapsAt() > 0
                    && channel.maxWatts().isPresent()) {
                double turn =
                        channel.wrapsAt() * channel.scale() / channel.maxWatts().getAsDouble();
                Duration quarter = Duration.ofNanos((long) (turn / 4 * 1e9));
                period = quarter.compareTo(period) < 0 ? quarter : period;
            }
        }
        return period.compareTo(SHORTEST) < 0 ? SHORTEST : period;
    }
}
