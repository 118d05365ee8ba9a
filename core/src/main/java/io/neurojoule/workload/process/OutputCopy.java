package io.neurojoule.workload.process;

import io.neurojoule.time.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Passes on what a program prints, as it comes, and shows each line with the time at which it had come.
final class OutputCopy {
    /// A longer line is looked at in pieces.
    private static final int LONGEST_LINE = 1 << 16;

    private OutputCopy() {}

    /// Starts a thread that reads until the output ends.
    ///
    /// @param to where a copy goes; one that cannot be written any more gets no more
    static Thread start(InputStream from, List<OutputStream> to, ObjLongConsumer<String> lines, Ticker ticker) {
        return Thread.ofPlatform().daemon().name("program-output").start(() -> copy(from, to, lines, ticker));
    }

    private static void copy(InputStream from, List<OutputStream> to, ObjLongConsumer<String> lines, Ticker ticker) {
        byte[] buffer = new byte[1 << 16];
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (from) {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                long now = ticker.nanos();
                int begin = 0;
                for (int i = 0; i < n; i++) {
                    if (buffer[i] == '\n') {
                        line.write(buffer, begin, i - begin);
                        begin = i + 1;
                        lines.accept(line.toString(StandardCharsets.UTF_8), now);
                        line.reset();
                    }
                }
                line.write(buffer, begin, n - begin);
                if (line.size() > LONGEST_LINE) {
                    lines.accept(line.toString(StandardCharsets.UTF_8), now);
                    line.reset();
                }
                for (OutputStream out : to) {
                    write(out, buffer, n);
                }
            }
            lines.accept(line.toString(StandardCharsets.UTF_8), ticker.nanos());
        } catch (IOException closed) {
            // The program was ended: there is no more.
            return;
        }
    }

    private static void write(OutputStream out, byte[] buffer, int n) {
        try {
            out.write(buffer, 0, n);
            out.flush();
        } catch (IOException full) {
            System.getLogger(OutputCopy.class.getName())
                    .log(System.Logger.Level.DEBUG, "what the program prints is lost: " + full.getMessage());
        }
    }
}
