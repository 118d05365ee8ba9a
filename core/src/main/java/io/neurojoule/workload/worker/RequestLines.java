package io.neurojoule.workload.worker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The profiler's requests, line by line. Used by one thread.
final class RequestLines {
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;

    RequestLines(InputStream in) {
        this.in = in;
    }

    /// The next line without its end; empty at the end of the input. Blocks.
    Optional<String> next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            for (int i = from; i < to; i++) {
                if (buffer[i] == '\n') {
                    line.write(buffer, from, i - from);
                    from = i + 1;
                    return Optional.of(line.toString(StandardCharsets.UTF_8));
                }
            }
            line.write(buffer, from, to - from);
            from = 0;
            to = Math.max(0, in.read(buffer));
            if (to == 0) {
                return Optional.empty();
            }
        }
    }

    /// Whether something has come: during a run that can only be `stop`. Does not block.
    boolean waiting() {
        try {
            return from < to || in.available() > 0;
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }
}
