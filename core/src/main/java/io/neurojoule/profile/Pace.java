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

    /// What is renewed seldom is read this many times per refresh, so that it is known when a value was new. A counter
    /// of
    /// 100 ms then tells a window of 10 s to a quarter of a percent instead of a whole one.
    private static final int LOOKS_PER_REFRESH = 4;

    /// But reading takes at most a fiftieth of the time, unless the refresh itself asks for more.
    private static final int LEAST_REST = 50;

    private Pace() {}

    /// At most ten times a second, but for counters that are renewed about as seldom; as its fastest channel deserves;
    /// four times per turn of a counter at its maximum power.
    ///
    /// @param read how long a read takes; empty if that is not known
    public static Duration of(Sensor sensor, Optional<Duration> read) {
        Duration fastest = sensor.channels().stream()
                .map(channel -> deserved(channel, read))
                .min(Comparator.naturalOrder())
                .orElse(DEFAULT);
        Duration period = longer(fastest, DEFAULT);
        for (Channel channel : sensor.channels()) {
            if (isSlowCounter(channel)) {
                period = shorter(period, deserved(channel, read));
            }
            if (channel.quantity() == Quantity.ENERGY
                    && channel.wrapsAt() > 0
                    && channel.maxWatts().isPresent()) {
                double turn =
                        channel.wrapsAt() * channel.scale() / channel.maxWatts().getAsDouble();
                period = shorter(period, Duration.ofNanos((long) (turn / 4 * 1e9)));
            }
        }
        return longer(period, SHORTEST);
    }

    private static Duration deserved(Channel channel, Optional<Duration> read) {
        Duration refresh = channel.refresh();
        if (read.isEmpty() || !(channel.quantity() == Quantity.POWER || isSlowCounter(channel))) {
            return refresh;
        }
        long affordable = refresh.dividedBy(longer(read.get().multipliedBy(LEAST_REST), Duration.ofNanos(1)));
        // A whole number of times: two looks at one value and one at the next would count them double and single.
        return refresh.dividedBy(Math.clamp(affordable, 1, LOOKS_PER_REFRESH));
    }

    private static boolean isSlowCounter(Channel channel) {
        return channel.quantity() == Quantity.ENERGY && channel.refresh().compareTo(SLOW) >= 0;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }
}
