package io.neurojoule.sensor.nvml;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.sensor.Reading;
import io.neurojoule.time.ClockPair;
import io.neurojoule.time.WallClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RegisterStampsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Instant BOOT = Instant.parse("2026-11-24T00:00:00Z");

    /// Both clocks, moved by hand; wall time is BOOT + nanos + ahead.
    private long nanos = 50 * SECOND;
    private long aheadNanos;

    private final RegisterStamps stamps = new RegisterStamps(() -> nanos, new WallClock(() -> nanos, this::look));

    private ClockPair look() {
        return new ClockPair(wall(nanos), nanos);
    }

    private Instant wall(long at) {
        return BOOT.plusNanos(at + aheadNanos);
    }

    private static long micros(Instant wall) {
        return wall.getEpochSecond() * 1_000_000 + wall.getNano() / 1000;
    }

    private Reading stamped(long unixMicros) {
        Reading reading = new Reading(1);
        stamps.stamp(reading, 0, unixMicros);
        return reading;
    }

    @Test
    void aStampIsTheSameMomentOnTheRunsClock() {
        assertThat(stamped(micros(wall(nanos - 40_000_000))).sourceNanos(0)).isEqualTo(nanos - 40_000_000);
    }

    @Test
    void zeroAndWhatCannotBeATimeAreNoStamps() {
        for (long none : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, micros(wall(nanos + SECOND))}) {
            assertThat(stamped(none).isStamped(0)).as("%d", none).isFalse();
        }
    }

    @Test
    void aStampIsNeverLaterThanItsRead() {
        assertThat(stamped(micros(wall(nanos + 20_000))).sourceNanos(0)).isEqualTo(nanos);
    }

    @Test
    void betweenLooksTheSameStampIsTheSameTime() {
        long stamp = micros(wall(nanos));
        long first = stamped(stamp).sourceNanos(0);
        aheadNanos = 300; // slewed a little

        nanos += SECOND / 2;

        assertThat(stamped(stamp).sourceNanos(0)).isEqualTo(first);
    }

    @Test
    void aWallClockThatIsSetIsNoticedAtOnce() {
        for (Duration set : new Duration[] {Duration.ofHours(2), Duration.ofHours(-3), Duration.ofSeconds(1)}) {
            nanos += 10_000_000;
            aheadNanos += set.toNanos();

            assertThat(stamped(micros(wall(nanos - 5_000_000))).sourceNanos(0))
                    .as("%s", set)
                    .isEqualTo(nanos - 5_000_000);
        }
    }

    @Test
    void aWallClockThatIsSetBackByLessThanASecondIsNoticedByTheNextNewStamp() {
        for (int millis = 300; millis < 1000; millis += 100) {
            nanos += 3 * SECOND;
            stamped(micros(wall(nanos - 5_000_000)));
            aheadNanos -= millis * 1_000_000L;
            nanos += 100_000_000;

            assertThat(stamped(micros(wall(nanos - 5_000_000))).sourceNanos(0))
                    .as("-%d ms", millis)
                    .isEqualTo(nanos - 5_000_000);
        }
    }
}
