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
    void aStepOfTheWallClockIsFollowedAfterTenSeconds() {
        wallAheadNanos.set(3 * SECOND);

        nanos.addAndGet(9 * SECOND);
        long before = clock.nanosOf(UNIX_SECONDS * SECOND + 13 * SECOND);
        nanos.addAndGet(2 * SECOND);
        long after = clock.nanosOf(UNIX_SECONDS * SECOND + 13 * SECOND);

        assertThat(before).isEqualTo(13 * SECOND);
        assertThat(after).isEqualTo(10 * SECOND);
    }
}
