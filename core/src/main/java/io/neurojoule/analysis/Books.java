package io.neurojoule.analysis;

import java.util.List;
import java.util.Optional;

/// Whole and parts: what the whole draws less its measured parts is the rest, and it must make sense.
final class Books {
    /// Stands before a member of a boundary that is taken away.
    private static final String LESS = "-";

    /// A rest that is more than this share of the whole means that a part is not measured.
    private static final double PLAUSIBLE = 0.6;

    private Books() {}

    static boolean isLess(String member) {
        return member.startsWith(LESS);
    }

    /// The channel of a member.
    static String channel(String member) {
        return isLess(member) ? member.substring(LESS.length()) : member;
    }

    static boolean isDifference(List<String> members) {
        return members.stream().anyMatch(Books::isLess);
    }

    /// What is wrong with the rest of a cell.
    ///
    /// @param rest  joules and bound
    /// @param whole joules of what the parts were taken from
    static Optional<Finding> finding(String name, Energy rest, double whole) {
        if (rest.joules() < -rest.boundJoules()) {
            return Optional.of(Finding.of(
                    "rest-negative",
                    Severity.WARNING,
                    "'%s' is %.4g J, below zero by more than its bound of %.4g J: the parts draw more than the whole, so one of the figures is wrong, or a part is counted twice"
                            .formatted(name, rest.joules(), rest.boundJoules())));
        }
        if (rest.joules() < 0) {
            return Optional.of(Finding.of(
                    "rest-negative",
                    Severity.INFO,
                    "'%s' is %.4g J, below zero within its bound of %.4g J: it is less than node and parts can tell"
                            .formatted(name, rest.joules(), rest.boundJoules())));
        }
        return rest.joules() > PLAUSIBLE * whole
                ? Optional.of(Finding.of(
                        "rest-implausible",
                        Severity.WARNING,
                        "'%s' is %.3g %% of the whole: a part that draws much is not measured, or the whole is not this machine alone"
                                .formatted(name, 100 * rest.joules() / whole)))
                : Optional.empty();
    }
}
