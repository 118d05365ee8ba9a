package io.neurojoule.profile;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;

/// How often a sensor is read.
public final class Pace {
    /// Ten readings a second show the shape of a window, and cost nothing that could be measured.
    private static final Duration DEFAULT = Duration.ofMillis(100);

    private static final Duration SHORTEST = Duration.ofMillis(2);

    /// The age of a counter's value is of no matter below this.
    private static final Duration SLOW = Duration.ofMillis(50);

    /// What is renewed seldom is read this many times per refresh, where a read costs little: so it is known when a
    /// value
    /// was new. A counter of 100 ms then tells a window of 10 s to a quarter of a percent instead of a whole one.
    private static final int LOOKS_PER_REFRESH = 4;

    private static final Duration CHEAP = Duration.ofMillis(1);

    /// Reading takes at most this share of the time of a processor.
    private static final int LEAST_REST = 100;

    private Pace() {}

    /// At most ten times a second, but for counters that are renewed about as seldom; no faster than the refresh of its
    /// fastest channel where a read takes long or counts;
    /// four times per turn of
    /// a
    /// counter at its maximum power.
    ///
    /// @param read how long a read takes; empty if that is not known
    public static Duration of(Sensor sensor, Optional<Duration> read) {
        boolean cheap = read.filter(time -> time.compareTo(CHEAP) < 0).isPresent();
        Duration fastest = sensor.channels().stream()
                .map(channel -> cheap && channel.quantity() == Quantity.POWER
                        ? channel.refresh().dividedBy(LOOKS_PER_REFRESH)
                        : channel.refresh())
                .min(Comparator.naturalOrder())
                .orElse(DEFAULT);
        Duration period = fastest.compareTo(DEFAULT) > 0 ? fastest : DEFAULT;
        for (Channel channel : sensor.channels()) {
            if (cheap && channel.quantity() == Quantity.ENERGY) {
                Duration look = channel.refresh().dividedBy(LOOKS_PER_REFRESH);
                Duration rest = read.map(time -> time.multipliedBy(LEAST_REST)).orElse(period);
                Duration wanted = look.compareTo(rest) > 0 ? look : rest;
                boolean isSlow = channel.refresh().compareTo(SLOW) >= 0;
                period = isSlow && wanted.compareTo(period) < 0 ? wanted : period;
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
