package io.neurojoule.sensor.battery;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file of /sys that holds one word, kept open: asking for a known word makes no garbage.
///
/// Used by one thread at a time.
final class WordFile implements AutoCloseable {
    private static final int LONGEST = 64;

    private final Path path;
    private FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);
    private boolean failed;

    private WordFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// @throws IOException if the file cannot be opened
    static WordFile open(Path path) throws IOException {
        return new WordFile(path, FileChannel.open(path, StandardOpenOption.READ));
    }

    /// Whether the file holds this word now, and nothing but a line end after it.
    ///
    /// @throws IOException if it cannot be read
    boolean holds(byte[] word) throws IOException {
        int length = fill();
        if (length < word.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            byte here = buffer.get(i);
            if (i < word.length ? here != word[i] : here != '\n') {
                return false;
            }
        }
        return true;
    }

    /// What the file holds now.
    ///
    /// @throws IOException if it cannot be read
    String word() throws IOException {
        int length = fill();
        return StandardCharsets.US_ASCII
                .decode(buffer.slice(0, length))
                .toString()
                .strip();
    }

    /// After a failure the file is opened anew: the device may have come back.
    private int fill() throws IOException {
        buffer.clear();
        if (failed) {
            channel.close();
            channel = FileChannel.open(path, StandardOpenOption.READ);
        }
        failed = true;
        int length = Math.max(channel.read(buffer, 0), 0);
        failed = false;
        return length;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
