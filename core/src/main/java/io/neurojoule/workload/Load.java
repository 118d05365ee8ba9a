package io.neurojoule.workload;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;

/// When the next step is asked for.
///
/// The scenarios of MLPerf Inference are loads at a batch size: offline and single-stream are [#BACK_TO_BACK],
/// multi-stream is that with several elements a step, server is [Open].
public sealed interface Load {
    /// One step after another: what a network does unless it is asked for something else.
    Load BACK_TO_BACK = new Closed(1);

    /// As in ids of cells and in files: `c8` or `r2.5`.
    @JsonValue
    String label();

    /// The load of a label.
    ///
    /// @throws IllegalArgumentException if it is none
    static Load parse(String label) {
        if (label.matches("c\\d{1,9}")) {
            return new Closed(Integer.parseInt(label.substring(1)));
        }
        if (label.matches("r\\d+(\\.\\d+)?")) {
            return new Open(Double.parseDouble(label.substring(1)));
        }
        throw new IllegalArgumentException("no load: '" + label + "'");
    }

    /// A closed loop: so many steps are in flight, and as soon as one is answered the next is asked for.
    ///
    /// @param concurrency steps in flight, >= 1
    record Closed(int concurrency) implements Load {
        private static final int MOST = 4096;

        public Closed {
            if (concurrency < 1 || concurrency > MOST) {
                throw new IllegalArgumentException("concurrency must be 1 to %d: %d".formatted(MOST, concurrency));
            }
        }

        @Override
        public String label() {
            return "c" + concurrency;
        }
    }

    /// An open loop: steps are asked for at random times (a Poisson process), whether those before are answered or
    /// not, as users do who know nothing of each other. What waits for its turn has begun to wait: latency counts from
    /// the time at which a step was due.
    ///
    /// @param perSecond steps per second on average, > 0
    record Open(double perSecond) implements Load {
        private static final double MOST = 1e6;

        public Open {
            if (!(perSecond > 0 && perSecond <= MOST)) {
                throw new IllegalArgumentException(
                        "rate must be above 0 and at most %.0f per second: %s".formatted(MOST, perSecond));
            }
        }

        @Override
        public String label() {
            return "r" + BigDecimal.valueOf(perSecond).stripTrailingZeros().toPlainString();
        }
    }
}
