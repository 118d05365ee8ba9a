package io.neurojoule.sensor.cray;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.Stamps;
import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Energy and power of one component, with the controller's own times.
///
/// When the controller has started again (`startup`), energy is read on only if it went back, so that the analysis sees
/// the reset; else nobody could tell what was lost, and it has no value any more. When a power cap was changed
/// (`generation`) one read is a gap that says so. When `freshness` stands still, so does the controller: a gap.
///
/// Used by one thread.
final class CraySensor implements Sensor {
    private static final int ENERGY = 0;
    private static final int POWER = 1;
    private static final long NANOS_PER_MICRO = 1000;

    /// Ten scans: that long no controller that works is silent.
    private static final long STALE_NANOS = 10 * CraySource.REFRESH.toNanos();

    private final String id;
    private final List<Channel> channels;
    private final Ticker ticker;
    private final WallClock wall;
    private final CounterFile[] counters;
    private final State startup;
    private final State generation;
    private final State freshness;
    private final Stamps[] stamps;
    private final List<CounterFile> files;
    private long lastEnergy;
    private long freshNanos;
    private boolean broken;
    private boolean restarted;

    private CraySensor(
            String id,
            List<Channel> channels,
            CounterFile[] counters,
            List<State> states,
            List<CounterFile> files,
            Ticker ticker,
            WallClock wall) {
        this.id = id;
        this.channels = channels;
        this.counters = counters;
        this.files = files;
        this.ticker = ticker;
        this.wall = wall;
        startup = states.get(0);
        generation = states.get(1);
        freshness = states.get(2);
        stamps = new Stamps[] {
            new Stamps(CraySource.REFRESH, CraySource.REFRESH), new Stamps(CraySource.REFRESH, CraySource.REFRESH)
        };
        lastEnergy = counters[ENERGY].value();
        freshNanos = ticker.nanos();
    }

    /// A number that tells what the controller did; where there is no such file it never changes.
    private static final class State {
        private final List<CounterFile> file;
        private long last;

        State(List<CounterFile> file) {
            this.file = file;
            last = file.isEmpty() ? 0 : file.getFirst().value();
        }

        boolean isThere() {
            return !file.isEmpty();
        }

        long last() {
            return last;
        }

        /// Whether it is another than at the last call.
        boolean changed() throws IOException {
            if (file.isEmpty()) {
                return false;
            }
            file.getFirst().read();
            boolean changed = file.getFirst().value() != last;
            last = file.getFirst().value();
            return changed;
        }
    }

    /// @param channels energy, power
    /// @throws IOException if one of the files that are there cannot be read; none is open then
    static CraySensor open(
            String id, Path directory, Path energy, Path power, List<Channel> channels, Ticker ticker, WallClock wall)
            throws IOException {
        List<CounterFile> files = new ArrayList<>();
        try {
            CounterFile[] counters = {opened(energy, "J", files), opened(power, "W", files)};
            List<State> states = new ArrayList<>();
            for (String name : List.of("startup", "generation", "freshness")) {
                Path file = directory.resolve(name);
                states.add(new State(Files.exists(file) ? List.of(opened(file, "", files)) : List.of()));
            }
            return new CraySensor(id, channels, counters, states, files, ticker, wall);
        } catch (IOException e) {
            closeAll(files);
            throw e;
        }
    }

    private static CounterFile opened(Path path, String unit, List<CounterFile> files) throws IOException {
        CounterFile file = CounterFile.open(path, unit);
        files.add(file);
        return file;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return "pm_counters";
    }

    @Override
    public void read(Reading out) throws IOException {
        long now = ticker.nanos();
        if (startup.changed()) {
            restarted = true;
        }
        boolean capped = generation.changed();
        if (freshness.changed()) {
            freshNanos = now;
        }
        if (capped) {
            throw new IOException("a power cap was changed (generation is now " + generation.last() + ")");
        }
        if (freshness.isThere() && now - freshNanos > STALE_NANOS) {
            throw new IOException("stale: freshness stays at " + freshness.last());
        }
        put(POWER, out);
        energy(out);
    }

    /// After a start of the controller the first value must be seen to go back, else nobody could tell the reset.
    private void energy(Reading out) {
        if (!broken) {
            put(ENERGY, out);
            if (!out.isSet(ENERGY)) {
                return;
            }
            broken = restarted && out.raw(ENERGY) >= lastEnergy;
            restarted = false;
            lastEnergy = out.raw(ENERGY);
        }
        if (broken) {
            out.fail(
                    ENERGY,
                    "the controller has started again (startup is now %d): what it counts does not follow what it counted"
                            .formatted(startup.last()));
        }
    }

    private void put(int i, Reading out) {
        try {
            CounterFile file = counters[i];
            file.read();
            if (file.micros() > Long.MAX_VALUE / NANOS_PER_MICRO) {
                out.fail(i, "its time is none");
                return;
            }
            long nanos = wall.nanosOf(file.micros() * NANOS_PER_MICRO);
            stamps[i].take(nanos, ticker.nanos());
            out.set(i, file.value());
            out.at(i, nanos);
        } catch (SensorGoneException e) {
            out.fail(i, SensorGoneException.GONE + e.getMessage());
        } catch (IOException e) {
            out.fail(i, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() throws IOException {
        closeAll(files);
    }

    private static void closeAll(List<CounterFile> files) throws IOException {
        for (CounterFile file : files) {
            file.close();
        }
    }
}
