package io.neurojoule.sensor.ptdaemon;

import io.neurojoule.sensor.Feed;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/// The samples of an analyser: the newest that was not read yet.
final class PtdaemonFeed implements Feed {
    private static final Duration POLL = Duration.ofMillis(20);

    private final Analyser analyser;
    private final Optional<ZoneId> zone;
    private Optional<Sample> newest = Optional.empty();
    private OptionalDouble uncertainty = OptionalDouble.empty();

    private PtdaemonFeed(Analyser analyser, Optional<ZoneId> zone) {
        this.analyser = analyser;
        this.zone = zone;
    }

    /// Starts the measurement and waits for its first sample.
    ///
    /// @param zone of PTDaemon's times; empty: a sample is of the moment when it was read
    /// @throws IOException if there is none; nothing measures then
    static PtdaemonFeed open(Analyser analyser, Optional<ZoneId> zone) throws IOException {
        PtdaemonFeed feed = new PtdaemonFeed(analyser, zone);
        try {
            feed.first();
        } catch (IOException e) {
            feed.close();
            throw e;
        }
        return feed;
    }

    private void first() throws IOException {
        Duration interval = analyser.wish().interval();
        long until = analyser.ticker().nanos()
                + interval.multipliedBy(3).plusSeconds(1).toNanos();
        fill();
        while (newest.isEmpty() && analyser.ticker().nanos() < until) {
            LockSupport.parkNanos(POLL.toNanos());
            fill();
        }
        if (newest.isEmpty()) {
            throw new IOException("it measures, and has no sample after three intervals");
        }
        uncertainty = analyser.uncertainty();
    }

    private void fill() throws IOException {
        List<Sample> samples = analyser.samples();
        if (!samples.isEmpty()) {
            newest = Optional.of(samples.getLast());
        }
    }

    OptionalDouble uncertainty() {
        return uncertainty;
    }

    @Override
    public String via() {
        return analyser.via();
    }

    @Override
    public Optional<Said> next() throws IOException {
        fill();
        if (newest.isEmpty()) {
            return Optional.empty();
        }
        Sample sample = newest.get();
        newest = Optional.empty();
        if (sample.watts().startsWith("-")) {
            throw new IOException("PTDaemon has no value for this sample (it says %s W)".formatted(sample.watts()));
        }
        String ours = analyser.wish().mark();
        if (sample.mark().filter(mark -> !mark.equals(ours)).isPresent()) {
            throw new IOException("the sample has the mark '%s' and not '%s': somebody else measures"
                    .formatted(sample.mark().get(), ours));
        }
        return Optional.of(new Said(
                sample.watts(),
                zone.map(sample::unixMillis),
                OptionalLong.of(analyser.ticker().nanos())));
    }

    @Override
    public void close() throws IOException {
        analyser.stop();
    }
}
