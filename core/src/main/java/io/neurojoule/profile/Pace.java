package io.neurojoule.profile;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/// How often a sensor is read, and how often it really brings a new value.
final class Pace {
    /// Ten readings a second show the shape of a window, and cost nothing that could be measured.
    private static final Duration DEFAULT = Duration.ofMillis(100);

    private static final Duration SHORTEST = Duration.ofMillis(2);

    private Pace() {}

    /// At most ten times a second, no faster than the refresh, and four times per turn of a counter at its maximum
    /// power.
    static Duration of(Sensor sensor) {
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

    /// The median time between two different values of the first channel, read as fast as can be for a while; empty if
    /// it
    /// changed less than four times.
    static Optional<Duration> measure(Sensor sensor, Ticker ticker, Duration patience) {
        Reading reading = new Reading(sensor.channels().size());
        long[] steps = new long[4096];
        int n = 0;
        long start = ticker.nanos();
        long changed = start;
        Optional<Long> last = Optional.empty();
        while (ticker.nanos() - start < patience.toNanos() && n < steps.length) {
            reading.clear();
            try {
                sensor.read(reading);
            } catch (SensorGoneException e) {
                return Optional.empty();
            } catch (IOException e) {
                continue; // a gap; the recording will say why, if it lasts
            }
            long now = ticker.nanos();
            if (reading.isSet(0) && (last.isEmpty() || last.get() != reading.raw(0))) {
                if (last.isPresent()) {
                    steps[n++] = now - changed;
                }
                last = Optional.of(reading.raw(0));
                changed = now;
            }
        }
        if (n < 4) {
            return Optional.empty();
        }
        Arrays.sort(steps, 0, n);
        return Optional.of(Duration.ofNanos(steps[n / 2]));
    }
}
