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
    private int nested;

    Regions(ProgramOptions.Region wanted) {
        this.wanted = wanted;
    }

    /// An end outside of a region means nothing.
    synchronized void line(String text, long nanos) {
        if (open.isPresent() && wanted.end().matcher(text).find()) {
            found.add(new Region(open.getAsLong(), nanos));
            open = OptionalLong.empty();
        } else if (wanted.start().matcher(text).find()) {
            nested += open.isPresent() ? 1 : 0;
            open = OptionalLong.of(open.orElse(nanos));
        }
    }

    /// Starts that came while a region was open.
    synchronized int nested() {
        return nested;
    }

    synchronized List<Region> found() {
        return List.copyOf(found);
    }

    synchronized boolean isOpen() {
        return open.isPresent();
    }
}
