package io.neurojoule.sensor.synthetic;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.util.List;

/// A counter of microjoules that begins at 0 and grows with time.
final class SyntheticSensor implements Sensor {
    private static final double MICROJOULES_PER_WATT_NANOSECOND = 1e-3;

    private final Ticker ticker;
    private final List<Channel> channels;
    private final double watts;
    private final long wrapsAt;
    private final long startNanos;

    SyntheticSensor(Ticker ticker, Channel counter, double watts) {
        this.ticker = ticker;
        this.watts = watts;
        channels = List.of(counter);
        wrapsAt = counter.wrapsAt();
        startNanos = ticker.nanos();
    }

    @Override
    public String id() {
        return channels.getFirst().id();
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return "clock";
    }

    @Override
    public void read(Reading out) {
        long microjoules = (long) ((ticker.nanos() - startNanos) * watts * MICROJOULES_PER_WATT_NANOSECOND);
        out.set(0, wrapsAt == 0 ? microjoules : microjoules % wrapsAt);
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
