package io.neurojoule.recording;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Appends the reads of one sensor to its CSV file; a row makes no garbage.
///
/// Rows reach the file at the latest half a second after they were read, if reads go on. Used by one thread at a time.
final class SignalFile implements ReadingSink, AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int LONGEST_ROW_BYTES = 4096;
    private static final long FLUSH_NANOS = 500_000_000L;

    private final FileChannel file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final byte[] digits = new byte[20];
    private long flushedNanos;

    private SignalFile(FileChannel file) {
        this.file = file;
    }

    /// Every channel has a column, and one more, `<channel>@`, for the source's own time stamp; it stays empty where
    /// the source has none.
    static SignalFile create(Path path, Sensor sensor) throws IOException {
        FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        SignalFile out = new SignalFile(file);
        StringBuilder header = new StringBuilder("t_ns,read_ns");
        for (Channel channel : sensor.channels()) {
            header.append(',')
                    .append(channel.id())
                    .append(',')
                    .append(channel.id())
                    .append('@');
        }
        out.text(header.append('\n').toString());
        out.flush();
        return out;
    }

    @Override
    public void reading(long midNanos, long readNanos, Reading reading) throws IOException {
        number(midNanos);
        buffer.put((byte) ',');
        number(readNanos);
        for (int i = 0; i < reading.size(); i++) {
            buffer.put((byte) ',');
            if (reading.isSet(i)) {
                number(reading.raw(i));
            }
            buffer.put((byte) ',');
            if (reading.isStamped(i)) {
                number(reading.sourceNanos(i));
            }
        }
        buffer.put((byte) '\n');
        flushWhenDue(midNanos);
    }

    @Override
    public void gap(long atNanos, String why) throws IOException {
        gap(atNanos, "*", why);
        flushWhenDue(atNanos);
    }

    /// A gap of one channel, in place.
    void gap(long atNanos, String channel, String why) throws IOException {
        String line = "#gap,%d,%s,%s".formatted(atNanos, channel, why.replaceAll("\\s+", " "));
        text(line.substring(0, Math.min(line.length(), LONGEST_ROW_BYTES / 4)) + "\n");
    }

    private void flushWhenDue(long nowNanos) throws IOException {
        if (nowNanos - flushedNanos > FLUSH_NANOS || buffer.remaining() < LONGEST_ROW_BYTES) {
            flush();
            flushedNanos = nowNanos;
        }
    }

    void flush() throws IOException {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
        } finally {
            buffer.compact(); // a full disk takes a part; the rest goes on where that ends
        }
    }

    private void text(String line) {
        buffer.put(line.getBytes(StandardCharsets.UTF_8));
    }

    private void number(long value) {
        if (value < 0) {
            if (value == Long.MIN_VALUE) {
                text("-9223372036854775808");
                return;
            }
            buffer.put((byte) '-');
        }
        long rest = Math.abs(value);
        int at = digits.length;
        do {
            digits[--at] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        buffer.put(digits, at, digits.length - at);
    }

    @Override
    public void close() throws IOException {
        flush();
        file.close();
    }
}
