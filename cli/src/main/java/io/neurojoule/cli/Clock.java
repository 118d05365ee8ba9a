package io.neurojoule.cli;

/// Durations for people.
final class Clock {
    private Clock() {}

    static String minutes(double seconds) {
        long whole = Math.round(seconds);
        return "%d min %02d s".formatted(whole / 60, whole % 60);
    }
}
