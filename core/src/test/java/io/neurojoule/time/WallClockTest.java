package io.neurojoule.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WallClockTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UNIX_SECONDS = 1_800_000_000L;

    private final AtomicLong nanos = new AtomicLong(5 * SECOND);
    private final AtomicLong wallAheadNanos = new AtomicLong();
    private final WallClock clock = new WallClock(nanos::get, this::pair);

    /// The wall clock stood at UNIX_SECONDS when the ticker stood at 0.
    private ClockPair pair() {
        return new ClockPair(Instant.ofEpochSecond(UNIX_SECONDS, nanos.get() + wallAheadNanos.get()), nanos.get());
    }

    @Test
    void aWallTimeIsTheSameMomentOnTheRunsClock() {
        long moment = clock.nanosOf(UNIX_SECONDS * SECOND + 4_250_000_001L);

        assertThat(moment).isEqualTo(4_250_000_001L);
    }

    @Test
    void aStepOfTheWallClockIsFollowedAfterASecondOrWhenAskedTo() {
        wallAheadNanos.set(3 * SECOND);

        nanos.addAndGet(SECOND / 2);
        long before = clock.nanosOf(UNIX_SECONDS * SECOND + 13 * SECOND);
        nanos.addAndGet(SECOND);
        long after = clock.nanosOf(UNIX_SECONDS * SECOND + 13 * SECOND);
        wallAheadNanos.set(4 * SECOND);
        clock.compare();

        assertThat(before).isEqualTo(13 * SECOND);
        assertThat(after).isEqualTo(10 * SECOND);
        assertThat(clock.nanosOf(UNIX_SECONDS * SECOND + 13 * SECOND)).isEqualTo(9 * SECOND);
    }

    @Test
    void aPairThatWasInterruptedDoesNotMoveTheTimes() {
        int[] n = {0};
        WallClock disturbed = new WallClock(
                nanos::get, () -> n[0]++ % 3 == 1 ? pair() : new ClockPair(pair().wall(), nanos.get() + 30_000_000));

        assertThat(disturbed.nanosOf(UNIX_SECONDS * SECOND + 4 * SECOND)).isEqualTo(4 * SECOND);
    }
}
