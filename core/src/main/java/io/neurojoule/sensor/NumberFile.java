package io.neurojoule.sensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file of /sys that holds one whole number, kept open: a read is one pread and makes no garbage.
///
/// Used by one thread at a time. Interrupting that thread inside a read closes the file.
public final class NumberFile implements AutoCloseable {
    /// A 64-bit number has at most 20 digits, a sign and a line end.
    private static final int LONGEST = 32;

    private final Path path;
    private FileChannel channel;
    /// Opened anew at the next read: the device may have come back as another file of this name.
    private boolean failed;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);

    private NumberFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// Content that is no number yet is no reason to go without the file: it is a gap until it becomes one.
    ///
    /// @throws IOException if the file cannot be opened or read
    public static NumberFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        NumberFile file = new NumberFile(path, channel);
        try {
            file.fill();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        return file;
    }

    public Path path() {
        return path;
    }

    /// The number, as it stands there now.
    ///
    /// @throws SensorGoneException if the file has vanished
    /// @throws IOException if it cannot be read, or holds anything else: a gap, never 0
    public long read() throws IOException {
        return parse(buffer, fill(), path);
    }

    private int fill() throws IOException {
        buffer.clear();
        try {
            if (failed) {
                channel.close();
                channel = FileChannel.open(path, StandardOpenOption.READ);
            }
            failed = true;
            int length = channel.read(buffer, 0);
            failed = false;
            return length;
        } catch (IOException e) {
            throw gone(e) ? new SensorGoneException(path + " has vanished: " + e.getMessage()) : e;
        }
    }

    /// The message depends on the C library's language, the file's absence does not.
    private boolean gone(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("No such device") || message.contains("No such file") || !Files.exists(path);
    }

    /// A decimal number, perhaps negative, then nothing but line ends.
    static long parse(ByteBuffer text, int length, Path file) throws IOException {
        if (length <= 0) {
            throw new IOException(file + " is empty");
        }
        if (length >= LONGEST) {
            throw new IOException(file + " is longer than a number");
        }
        boolean negative = text.get(0) == '-';
        int start = negative ? 1 : 0;
        long value = 0;
        int i = start;
        while (i < length && text.get(i) >= '0' && text.get(i) <= '9') {
            int digit = text.get(i) - '0';
            if (value > (Long.MAX_VALUE - digit) / 10) {
                throw new IOException(file + " holds a number beyond 63 bits");
            }
            value = value * 10 + digit;
            i++;
        }
        if (i == start) {
            throw new IOException(file + " does not hold a number");
        }
        for (; i < length; i++) {
            if (text.get(i) != '\n') {
                throw new IOException(file + " holds more than a number");
            }
        }
        return negative ? -value : value;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
