package io.neurojoule.workload.process;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Finds the regions in what a program prints. Thread-safe: both of its outputs are looked at.
final class Regions {
    /// @param startNanos when the line that opens it had come
    record Region(long startNanos, long endNanos) {}

    private final ProgramOptions.Region wanted;
    private final List<Region> found = new ArrayList<>();
    private OptionalLong open = OptionalLong.empty();

    Regions(ProgramOptions.Region wanted) {
        this.wanted = wanted;
    }

    /// A start within a region, and an end outside of one, mean nothing.
    synchronized void line(String text, long nanos) {
        if (open.isEmpty() && wanted.start().matcher(text).find()) {
            open = OptionalLong.of(nanos);
        } else if (open.isPresent() && wanted.end().matcher(text).find()) {
            found.add(new Region(open.getAsLong(), nanos));
            open = OptionalLong.empty();
        }
    }

    synchronized List<Region> found() {
        return List.copyOf(found);
    }

    synchronized boolean isOpen() {
        return open.isPresent();
    }
}
