package io.neurojoule.profile;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;

/// Whether the energy counter and the power register of one component tell the same joules.
///
/// @param ratio power over counter; 1 is agreement; empty where one of them has no figure
public record CrossCheck(Channel counter, Channel power, OptionalDouble ratio) {
    private static final Duration PERIOD = Duration.ofMillis(50);

    /// Reads the sensors that hold such pairs together for a while; empty, at once, if there is no pair.
    public static List<CrossCheck> of(List<Sensor> sensors, Ticker ticker, Duration patience) {
        List<Channel> channels =
                sensors.stream().flatMap(sensor -> sensor.channels().stream()).toList();
        List<CrossCheck> pairs = new ArrayList<>();
        for (Channel counter : channels) {
            for (Channel power : channels) {
                boolean pair = counter.quantity() == Quantity.ENERGY
                        && power.quantity() == Quantity.POWER
                        && counter.component().equals(power.component());
                if (pair) {
                    pairs.add(new CrossCheck(counter, power, OptionalDouble.empty()));
                }
            }
        }
        if (pairs.isEmpty()) {
            return pairs;
        }
        List<Sensor> wanted = sensors.stream()
                .filter(sensor -> pairs.stream()
                        .anyMatch(pair -> sensor.channels().contains(pair.counter)
                                || sensor.channels().contains(pair.power)))
                .toList();
        Map<Channel, Values> values = read(wanted, ticker, patience);
        return pairs.stream().map(pair -> pair.compared(values)).toList();
    }

    private static Map<Channel, Values> read(List<Sensor> sensors, Ticker ticker, Duration patience) {
        Map<Channel, Values> values = new LinkedHashMap<>();
        long start = ticker.nanos();
        while (ticker.nanos() - start < patience.toNanos()) {
            for (Sensor sensor : sensors) {
                Reading reading = new Reading(sensor.channels().size());
                long before = ticker.nanos();
                try {
                    sensor.read(reading);
                } catch (IOException e) {
                    continue; // a gap
                }
                long took = ticker.nanos() - before;
                for (int i = 0; i < reading.size(); i++) {
                    if (reading.isSet(i)) {
                        long nanos = reading.isStamped(i) ? reading.sourceNanos(i) : before + took / 2;
                        values.computeIfAbsent(sensor.channels().get(i), channel -> new Values())
                                .add(nanos, took, reading.raw(i));
                    }
                }
            }
            LockSupport.parkNanos(PERIOD.toNanos());
        }
        return values;
    }

    private CrossCheck compared(Map<Channel, Values> values) {
        Optional<Signal> counted = Optional.ofNullable(values.get(counter)).map(all -> all.signal(counter));
        Optional<Signal> gauged = Optional.ofNullable(values.get(power)).map(all -> all.signal(power));
        if (counted.isEmpty() || gauged.isEmpty()) {
            return this;
        }
        long from = Math.max(counted.get().timeNanos()[0], gauged.get().timeNanos()[0]);
        long to = Math.min(Energy.latest(counted.get()), Energy.latest(gauged.get()));
        if (to <= from) {
            return this;
        }
        Integral one = Energy.of(counted.get(), from, to);
        Integral other = Energy.of(gauged.get(), from, to);
        return one instanceof Energy energy && other instanceof Energy power && energy.joules() > 0
                ? new CrossCheck(counter, this.power, OptionalDouble.of(power.joules() / energy.joules()))
                : this;
    }

    /// What was read of one channel; a value that is not later than the one before repeats it and is left out.
    private static final class Values {
        private final List<long[]> rows = new ArrayList<>();

        void add(long nanos, long took, long raw) {
            if (rows.isEmpty() || nanos > rows.getLast()[0]) {
                rows.add(new long[] {nanos, took, raw});
            }
        }

        Signal signal(Channel channel) {
            return new Signal(channel, column(0), column(1), column(2), List.of());
        }

        private long[] column(int index) {
            return rows.stream().mapToLong(row -> row[index]).toArray();
        }
    }
}
