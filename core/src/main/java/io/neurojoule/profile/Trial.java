package io.neurojoule.profile;

import io.neurojoule.recording.Note;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;

/// What a sensor really does, found by reading it much faster than it should renew its values.
///
/// @param failures   reads that gave nothing
/// @param interval   median time from one read to the next; no change that comes faster can be seen
/// @param readMedian how long a read takes; empty if none succeeded
/// @param readMost   the slowest read
/// @param channels   in the sensor's order
public record Trial(
        int reads,
        int failures,
        Duration interval,
        Optional<Duration> readMedian,
        Optional<Duration> readMost,
        List<OfChannel> channels) {
    /// Sensors that say that they renew their values in less time than this, times twenty, are read without a pause.
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(1);

    private static final int READS_PER_REFRESH = 20;

    /// Fewer steps tell no median.
    private static final int LEAST_STEPS = 4;

    /// A declared refresh is contradicted beyond this factor.
    private static final int TOLERATED = 2;

    /// A value that stayed the same in this many reads was seen to stay.
    private static final int READS_TO_SEE = 3;

    /// A read longer than this share of the period is load of its own.
    private static final double SLOW_SHARE = 0.1;

    public Trial {
        channels = List.copyOf(channels);
    }

    /// One channel's part.
    ///
    /// @param refresh median time between two different values; empty if there were fewer than four
    /// @param step    the smallest difference of two values that follow each other, in the channel's unit; empty if it
    ///                never changed
    public record OfChannel(Channel channel, Optional<Duration> refresh, OptionalDouble step) {}

    /// Reads a sensor for a while.
    public static Trial of(Sensor sensor, Ticker ticker, Duration patience) {
        List<Changes> changes = sensor.channels().stream().map(Changes::new).toList();
        long pause = pauseNanos(sensor);
        Durations intervals = new Durations();
        Durations took = new Durations();
        Reading reading = new Reading(sensor.channels().size());
        int reads = 0;
        int failures = 0;
        long start = ticker.nanos();
        long before = start;
        while (before - start < patience.toNanos()) {
            reading.clear();
            reads++;
            try {
                sensor.read(reading);
                long after = ticker.nanos();
                took.add(after - before);
                for (int i = 0; i < reading.size(); i++) {
                    if (reading.isSet(i)) {
                        changes.get(i).add(reading.isStamped(i) ? reading.sourceNanos(i) : after, reading.raw(i));
                    }
                }
            } catch (SensorGoneException e) {
                failures++;
                break;
            } catch (IOException e) {
                failures++; // a gap; the recording will say why, if it lasts
            }
            if (pause > 0) {
                LockSupport.parkNanos(pause);
            }
            long next = ticker.nanos();
            intervals.add(next - before);
            before = next;
        }
        return new Trial(
                reads,
                failures,
                intervals.median().orElse(Duration.ZERO),
                took.median(),
                took.most(),
                changes.stream().map(Changes::result).toList());
    }

    private static long pauseNanos(Sensor sensor) {
        long shortest = sensor.channels().stream()
                .mapToLong(channel -> channel.refresh().toNanos())
                .min()
                .orElse(0);
        long pause = shortest / READS_PER_REFRESH;
        return pause >= SHORTEST_PAUSE.toNanos() ? pause : 0;
    }

    /// The real refresh of the first channel, by which the sensor is paced; empty if it changed too seldom.
    public Optional<Duration> refresh() {
        return channels.getFirst().refresh();
    }

    /// For `run.json`; empty if no read succeeded.
    public Optional<RunInfo.Reads> toReads() {
        Map<String, Double> steps = new LinkedHashMap<>();
        channels.forEach(
                each -> each.step().ifPresent(step -> steps.put(each.channel().id(), step)));
        Map<String, Duration> refreshes = new LinkedHashMap<>();
        channels.forEach(each ->
                each.refresh().ifPresent(refresh -> refreshes.put(each.channel().id(), refresh)));
        return readMedian.flatMap(median -> readMost.map(most -> new RunInfo.Reads(median, most, steps, refreshes)));
    }

    /// Where the sensor is not what it says, or is slow.
    ///
    /// @param period how often it is going to be read
    public List<Note> findings(String sensor, Duration period) {
        List<Note> findings = new ArrayList<>();
        for (OfChannel each : channels) {
            each.refresh()
                    .filter(real -> contradicts(each.channel(), real))
                    .ifPresent(real -> findings.add(Note.of(
                                    "refresh-differs",
                                    "warning",
                                    "%s should bring a new value every %s and brings one every %s: the real one is used."
                                            .formatted(
                                                    each.channel().id(),
                                                    seconds(each.channel().refresh()),
                                                    seconds(real)))
                            .onChannel(each.channel().id())));
        }
        readMedian
                .filter(median -> median.toNanos() > SLOW_SHARE * period.toNanos())
                .ifPresent(median -> findings.add(Note.of(
                        "sensor-slow-read",
                        "warning",
                        "reading %s takes %s, at a period of %s: the reads are load of their own, and the time of a value is uncertain by as much. Read it less often, or leave the source out."
                                .formatted(sensor, seconds(median), seconds(period)))));
        return findings;
    }

    /// An estimate has no sensor whose refresh could be wrong. A power that stays the same may have been renewed all
    /// the same; a counter that stands still has not. What comes with every read may come faster than it was read.
    private boolean contradicts(Channel channel, Duration real) {
        long declared = channel.refresh().toNanos();
        if (declared == 0 || channel.basis() == Basis.ESTIMATED) {
            return false;
        }
        boolean faster = TOLERATED * real.toNanos() < declared;
        boolean slower = channel.quantity() == Quantity.ENERGY
                && real.toNanos() > TOLERATED * declared
                && real.toNanos() > READS_TO_SEE * interval.toNanos();
        return faster || slower;
    }

    private static String seconds(Duration duration) {
        double seconds = duration.toNanos() * 1e-9;
        return seconds < 1e-3
                ? "%.3g µs".formatted(seconds * 1e6)
                : seconds < 1 ? "%.3g ms".formatted(seconds * 1e3) : "%.3g s".formatted(seconds);
    }

    /// The latest some thousand durations, and the longest of all.
    private static final class Durations {
        private final long[] latest = new long[1 << 14];
        private long added;
        private long most;

        void add(long nanos) {
            latest[(int) (added++ % latest.length)] = nanos;
            most = Math.max(most, nanos);
        }

        Optional<Duration> median() {
            int n = (int) Math.min(added, latest.length);
            if (n == 0) {
                return Optional.empty();
            }
            long[] sorted = Arrays.copyOf(latest, n);
            Arrays.sort(sorted);
            return Optional.of(Duration.ofNanos(sorted[n / 2]));
        }

        Optional<Duration> most() {
            return added == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(most));
        }

        long added() {
            return added;
        }
    }

    /// How a channel's value changes.
    private static final class Changes {
        private final Channel channel;
        private final Durations between = new Durations();
        private boolean started;
        private boolean changed;
        private long last;
        private long changedNanos;
        private long smallest = Long.MAX_VALUE;

        Changes(Channel channel) {
            this.channel = channel;
        }

        /// The time to the first change is not one between two changes: it began somewhere inside.
        void add(long nanos, long raw) {
            if (started && raw != last) {
                long step = Math.abs(raw - last);
                boolean wrapped = channel.quantity() == Quantity.ENERGY && raw < last;
                smallest = wrapped ? smallest : Math.min(smallest, step);
                if (changed) {
                    between.add(nanos - changedNanos);
                }
                changed = true;
                changedNanos = nanos;
            }
            started = true;
            last = raw;
        }

        OfChannel result() {
            return new OfChannel(
                    channel,
                    between.added() >= LEAST_STEPS ? between.median() : Optional.empty(),
                    smallest == Long.MAX_VALUE
                            ? OptionalDouble.empty()
                            : OptionalDouble.of(smallest * channel.scale()));
        }
    }
}
