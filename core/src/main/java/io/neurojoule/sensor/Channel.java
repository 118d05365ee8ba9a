package io.neurojoule.sensor;

import java.time.Duration;
import java.util.OptionalDouble;

/// One number that a sensor reads, and how to understand it: `raw * scale` in the unit of the quantity.
///
/// @param id           `SOURCE:COMPONENT[/PART]`, stable over reboots, e.g. `rapl:package-0`
/// @param scale        SI units per raw step, e.g. 1e-6 for a file in microjoules; > 0
/// @param baseWatts    a constant power that the raw counter leaves out and that is added to it, 0 for every sensor:
///                     an estimate counts busy time and adds the idle power here, so that the raw value stays as read
/// @param wrapsAt      raw value at which a counter starts again from 0; 0 when it never does
/// @param refresh      how often the hardware brings a new value, as declared; ZERO when unknown
/// @param averagedOver the stretch before its time stamp that a power value is the mean of; ZERO for instantaneous
/// values and counters
/// @param maxWatts     the most that the component can draw, as stated by the hardware; what a wrap or reset is judged
/// by
/// @param accuracy     gain error as a fraction (0.05 for ±5 %), if a data sheet or table states one
/// @param seenShare    the share of the time that the sensor looks at (0.25: a quarter of each refresh), where it is
/// known
///                     to leave out the rest; empty: all of it, or nothing is known
/// @param resolution   the smallest difference that it shows, in the unit, where that is known and more than `scale`:
///                     microwatts that are volts times whole milliamperes change in steps of milliwatts
public record Channel(
        String id,
        Component component,
        Quantity quantity,
        double scale,
        double baseWatts,
        long wrapsAt,
        Duration refresh,
        Duration averagedOver,
        Basis basis,
        OptionalDouble maxWatts,
        OptionalDouble accuracy,
        OptionalDouble seenShare,
        OptionalDouble resolution) {
    public Channel {
        if (!id.matches("[A-Za-z0-9._-]+:[A-Za-z0-9._:-]+(/[A-Za-z0-9._-]+)?")) {
            throw new IllegalArgumentException("channel id must be SOURCE:COMPONENT[/PART]: " + id);
        }
        if (!(scale > 0)) {
            throw new IllegalArgumentException(id + ": scale must be > 0: " + scale);
        }
        if (wrapsAt < 0) {
            throw new IllegalArgumentException(id + ": wrapsAt must be >= 0: " + wrapsAt);
        }
        if (seenShare.isPresent() && !(seenShare.getAsDouble() > 0 && seenShare.getAsDouble() < 1)) {
            throw new IllegalArgumentException(id + ": seenShare must be between 0 and 1: " + seenShare);
        }
    }

    /// A measured energy counter.
    public static Channel counter(String id, Component component, double scale, long wrapsAt, Duration refresh) {
        return new Channel(
                id,
                component,
                Quantity.ENERGY,
                scale,
                0,
                wrapsAt,
                refresh,
                Duration.ZERO,
                Basis.MEASURED,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    /// A measured power value.
    public static Channel power(String id, Component component, double scale, Duration refresh, Duration averagedOver) {
        return new Channel(
                id,
                component,
                Quantity.POWER,
                scale,
                0,
                0,
                refresh,
                averagedOver,
                Basis.MEASURED,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    /// A measured value that tells why the energy is what it is: volts, a temperature, a clock.
    public static Channel signal(String id, Component component, Quantity quantity, double scale, Duration refresh) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                0,
                0,
                refresh,
                Duration.ZERO,
                Basis.MEASURED,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    public Channel withBasis(Basis other) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                baseWatts,
                wrapsAt,
                refresh,
                averagedOver,
                other,
                maxWatts,
                accuracy,
                seenShare,
                resolution);
    }

    public Channel withMaxWatts(double watts) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                baseWatts,
                wrapsAt,
                refresh,
                averagedOver,
                basis,
                OptionalDouble.of(watts),
                accuracy,
                seenShare,
                resolution);
    }

    public Channel withAccuracy(double fraction) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                baseWatts,
                wrapsAt,
                refresh,
                averagedOver,
                basis,
                maxWatts,
                OptionalDouble.of(fraction),
                seenShare,
                resolution);
    }

    public Channel withBaseWatts(double watts) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                watts,
                wrapsAt,
                refresh,
                averagedOver,
                basis,
                maxWatts,
                accuracy,
                seenShare,
                resolution);
    }

    public Channel withRefresh(Duration other) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                baseWatts,
                wrapsAt,
                other,
                averagedOver,
                basis,
                maxWatts,
                accuracy,
                seenShare,
                resolution);
    }

    public Channel withResolution(double step) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                baseWatts,
                wrapsAt,
                refresh,
                averagedOver,
                basis,
                maxWatts,
                accuracy,
                seenShare,
                OptionalDouble.of(step));
    }

    public Channel withSeenShare(double share) {
        return new Channel(
                id,
                component,
                quantity,
                scale,
                baseWatts,
                wrapsAt,
                refresh,
                averagedOver,
                basis,
                maxWatts,
                accuracy,
                OptionalDouble.of(share),
                resolution);
    }

    /// The source part of the id, e.g. `rapl`.
    public String source() {
        return id.substring(0, id.indexOf(':'));
    }
}
