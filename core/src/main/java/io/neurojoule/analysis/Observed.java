package io.neurojoule.analysis;

import io.neurojoule.recording.Recording;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// How an energy or power channel really behaved in a run, beside what it declares.
///
/// @param channel      as declared
/// @param startRefresh time between two new values while it was read as fast as can be, before the run
/// @param refresh      the same over the whole recording; no less than the time between two readings
/// @param shortest     the least time between two new values in the recording
/// @param reading      time between two readings
/// @param delay        from the start of the load until the channel showed it
public record Observed(
        Channel channel,
        Optional<Duration> startRefresh,
        Optional<Duration> refresh,
        Optional<Duration> shortest,
        Optional<Duration> reading,
        Delay delay) {
    /// A declared refresh is contradicted beyond this factor.
    private static final int TOLERATED = 2;

    /// A value that stayed the same in so many readings was seen to stay.
    private static final double READINGS_TO_SEE = 2.5;

    static Observed of(Signal signal, Recording recording) {
        Optional<Renewal> renewal = Renewal.of(signal, recording.windows());
        String id = signal.channel().id();
        Optional<Duration> start = recording.info().sensors().stream()
                .flatMap(sensor -> sensor.reads().stream())
                .map(RunInfo.Reads::refreshes)
                .filter(refreshes -> refreshes.containsKey(id))
                .map(refreshes -> refreshes.get(id))
                .findFirst();
        return new Observed(
                signal.channel(),
                start,
                renewal.map(Renewal::median),
                renewal.map(Renewal::shortest),
                Renewal.reading(signal),
                Delay.of(signal, recording.windows()));
    }

    /// The refresh that the bound has to reckon with: the declared one, or a worse one that was seen, and the delay
    /// that it does not explain.
    Duration worstRefresh() {
        return longestRefresh().plus(unexplained().orElse(Duration.ZERO));
    }

    private Duration longestRefresh() {
        Optional<Duration> undeclared = channel.refresh().isZero() ? refresh : Optional.empty();
        return Stream.of(slowStart(), slow(), undeclared)
                .flatMap(Optional::stream)
                .reduce(channel.refresh(), (one, other) -> one.compareTo(other) > 0 ? one : other);
    }

    /// An estimate has no sensor, and a power that stays the same for some time may have been renewed.
    private Optional<Duration> slowStart() {
        return startRefresh.filter(real -> isCounter() && isMuch(real, channel.refresh()));
    }

    /// No two new values came as close as they should; a value that is new at each reading may be renewed more often.
    private Optional<Duration> slow() {
        boolean slow = shortest.isPresent()
                && reading.isPresent()
                && channel.basis() != Basis.ESTIMATED
                && !channel.refresh().isZero()
                && isMuch(shortest.get(), channel.refresh())
                && shortest.get().toNanos() > READINGS_TO_SEE * reading.get().toNanos();
        return slow ? refresh : Optional.empty();
    }

    private Optional<Duration> fast() {
        return refresh.filter(real -> channel.basis() != Basis.ESTIMATED && isMuch(channel.refresh(), real));
    }

    private boolean isCounter() {
        return channel.quantity() == Quantity.ENERGY && channel.basis() != Basis.ESTIMATED;
    }

    private static boolean isMuch(Duration longer, Duration than) {
        return longer.toNanos() > TOLERATED * than.toNanos();
    }

    /// What of the delay neither the refresh, nor what the value is the mean of, nor the time between readings
    /// explains.
    private Optional<Duration> unexplained() {
        if (delay.seconds().isEmpty() || channel.basis() == Basis.ESTIMATED) {
            return Optional.empty();
        }
        Duration explained =
                longestRefresh().plus(channel.averagedOver().dividedBy(2)).plus(reading.orElse(longestRefresh()));
        return Optional.of(delayed().minus(explained)).filter(Duration::isPositive);
    }

    private Duration delayed() {
        return Duration.ofNanos((long) (delay.seconds().orElseThrow() * 1e9));
    }

    /// Where the recording contradicts what the channel declares.
    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        slow().or(this::fast)
                .ifPresent(real -> findings.add(Finding.of(
                                "refresh-differs",
                                Severity.WARNING,
                                "%s should bring a new value every %s and brought one every %s in this run: the bound reckons with the longer of both"
                                        .formatted(channel.id(), seconds(channel.refresh()), seconds(real)))
                        .onChannel(channel.id())));
        unexplained()
                .ifPresent(rest -> findings.add(Finding.of(
                                "delay-differs",
                                Severity.WARNING,
                                "%s showed the load %s after it had begun, %s later than its refresh of %s explains: the bound reckons with that"
                                        .formatted(
                                                channel.id(),
                                                seconds(delayed()),
                                                seconds(rest),
                                                seconds(channel.refresh())))
                        .onChannel(channel.id())));
        return findings;
    }

    private static String seconds(Duration duration) {
        return "%.3g s".formatted(duration.toNanos() * 1e-9);
    }
}
