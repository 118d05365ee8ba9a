package io.neurojoule.workload.process;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/// The file with what the network prints: its stderr, which it writes itself, and lines of stdout that are no messages.
///
/// Thread-safe.
final class Log {
    private static final int LAST_LINES = 50;
    private static final int LAST_BYTES = 1 << 16;

    private final Path file;
    private final long startBytes;
    private boolean complained;
    private Optional<String> stray = Optional.empty();

    private Log(Path file, long startBytes) {
        this.file = file;
        this.startBytes = startBytes;
    }

    /// @param file may hold what an earlier process wrote
    static Log open(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().normalize().getParent());
        return new Log(file, Files.exists(file) ? Files.size(file) : 0);
    }

    synchronized void add(String line) {
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException full) {
            if (!complained) {
                complained = true;
                System.getLogger(Log.class.getName())
                        .log(System.Logger.Level.WARNING, "cannot write " + file + ": " + full.getMessage());
            }
        }
    }

    /// Adds a line of stdout that was no message.
    synchronized void addStray(String line) {
        stray = stray.or(() -> Optional.of(line));
        add(line);
    }

    /// The first line of stdout that was no message.
    synchronized Optional<String> stray() {
        return stray;
    }

    /// The last 50 lines of this process, as the end of a message.
    String ending() {
        List<String> lines = last();
        return lines.isEmpty()
                ? ". It printed nothing; try its command in a shell"
                : ". Its last lines (all in %s):\n  %s".formatted(file, String.join("\n  ", lines));
    }

    private List<String> last() {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(Math.max(startBytes, in.length() - LAST_BYTES));
            byte[] bytes = new byte[(int) (in.length() - in.getFilePointer())];
            in.readFully(bytes);
            List<String> lines =
                    new String(bytes, StandardCharsets.UTF_8).lines().toList();
            return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
        } catch (IOException unreadable) {
            return List.of();
        }
    }
}
