package io.neurojoule.sensor;

import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A meter that the user describes, and what it says.
///
/// If there is nothing new, the last value comes again with its own time, which a recording knows as a repetition and
/// leaves out; never with a new time. After five refreshes it is a gap.
///
/// Used by one thread at a time.
public final class MeterSensor implements Sensor {
    /// How far two clocks of one machine, or of two that keep time by NTP in one network, may disagree.
    private static final Duration AHEAD = Duration.ofMillis(10);

    /// 9,223,372,036 s after 1970 is the year 2262.
    private static final BigDecimal MOST_NANOS = BigDecimal.valueOf(Long.MAX_VALUE);

    private final Meter meter;
    private final Feed feed;
    private final Ticker ticker;
    private final WallClock wall;
    private final Stamps stamps;
    private final List<Channel> channels;
    private boolean known;
    private long lastRaw;
    private long lastNanos;

    public MeterSensor(Meter meter, Feed feed, Ticker ticker, WallClock wall) {
        this.meter = meter;
        this.feed = feed;
        this.ticker = ticker;
        this.wall = wall;
        stamps = new Stamps(meter.channel().refresh(), AHEAD);
        channels = List.of(meter.channel());
    }

    @Override
    public String id() {
        return meter.channel().id();
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return feed.via();
    }

    @Override
    public void read(Reading out) throws IOException {
        long before = ticker.nanos();
        Optional<Feed.Said> said = feed.next();
        if (said.isEmpty()) {
            again(out);
            return;
        }
        long raw = meter.raw(said.get().value());
        Optional<String> time = said.get().time();
        if (time.isEmpty() && said.get().arrivedNanos().isEmpty()) {
            requireQuick(ticker.nanos() - before);
            out.set(0, raw); // of the middle of this read
            return;
        }
        long now = ticker.nanos();
        long nanos =
                time.isPresent() ? nanos(time.get()) : said.get().arrivedNanos().orElse(now);
        stamps.take(nanos, now);
        known = true;
        lastRaw = raw;
        lastNanos = nanos;
        out.set(0, raw);
        out.at(0, nanos);
    }

    /// Asks once, only to see whether it answers with a value.
    void probe() throws IOException {
        Optional<Feed.Said> said = feed.next();
        if (said.isPresent()) {
            meter.raw(said.get().value());
        }
    }

    /// A power whose time is uncertain by more than a refresh has no time. A counter's bound knows how long a read
    /// took.
    private void requireQuick(long tookNanos) throws IOException {
        if (meter.channel().quantity() == Quantity.POWER
                && tookNanos > 2 * meter.channel().refresh().toNanos()) {
            throw new IOException("the answer took %.3g s, more than two refreshes; say a longer refresh"
                    .formatted(tookNanos * 1e-9));
        }
    }

    private void again(Reading out) {
        if (!known) {
            out.fail(0, "no value yet");
        } else if (stamps.isOld(lastNanos, ticker.nanos())) {
            out.fail(0, "no new value for %.3g s".formatted((ticker.nanos() - lastNanos) * 1e-9));
        } else {
            out.set(0, lastRaw);
            out.at(0, lastNanos);
        }
    }

    private long nanos(String text) throws IOException {
        BigDecimal number = Meter.decimal(text);
        return switch (meter.time()) {
            case NONE, MONOTONIC_NS -> whole(number, text);
            case UNIX_S -> wall.nanosOf(whole(number.scaleByPowerOfTen(9), text));
            case UNIX_MS -> wall.nanosOf(whole(number.scaleByPowerOfTen(6), text));
        };
    }

    private static long whole(BigDecimal nanos, String text) throws IOException {
        // The sign of the scale first: expanding 1e999 to compare it would be slow.
        if (nanos.signum() < 0 || nanos.precision() - nanos.scale() > 19 || nanos.compareTo(MOST_NANOS) > 0) {
            throw new IOException("'" + Meter.shown(text) + "' is no time");
        }
        return nanos.longValue();
    }

    @Override
    public void close() throws IOException {
        feed.close();
    }
}
