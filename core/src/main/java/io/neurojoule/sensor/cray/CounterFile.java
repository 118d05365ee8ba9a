package io.neurojoule.sensor.cray;

import io.neurojoule.sensor.SensorGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file of pm_counters, kept open: `VALUE UNIT TIME us`, or a number alone. A read is one pread and makes no garbage.
///
/// Used by one thread.
final class CounterFile implements AutoCloseable {
    private static final int LONGEST = 128;

    private final Path path;
    private FileChannel channel;
    private boolean failed;
    private final String unit;
    private final ByteBuffer text = ByteBuffer.allocateDirect(LONGEST);
    private int length;
    private int at;
    private long value;
    private long micros;

    private CounterFile(Path path, FileChannel channel, String unit) {
        this.path = path;
        this.channel = channel;
        this.unit = unit;
    }

    /// @param unit `J` or `W`, followed by a time; empty: a number, and whatever follows it
    /// @throws IOException if it cannot be opened or read
    static CounterFile open(Path path, String unit) throws IOException {
        CounterFile file = new CounterFile(path, FileChannel.open(path, StandardOpenOption.READ), unit);
        try {
            file.read();
        } catch (IOException e) {
            file.close();
            throw e;
        }
        return file;
    }

    /// Reads it anew; [#value] and [#micros] are of this read.
    ///
    /// @throws SensorGoneException if it has vanished
    /// @throws IOException if it holds anything else
    void read() throws IOException {
        text.clear();
        try {
            if (failed) {
                channel.close();
                channel = FileChannel.open(path, StandardOpenOption.READ);
            }
            failed = true;
            length = channel.read(text, 0);
            failed = false;
        } catch (IOException e) {
            throw Files.exists(path) ? e : new SensorGoneException(path + " has vanished: " + e.getMessage());
        }
        at = 0;
        long number = number();
        if (!unit.isEmpty()) {
            word(" ");
            word(unit);
            word(" ");
            long time = number();
            word(" us");
            while (at < length) {
                word("\n");
            }
            micros = time;
        }
        value = number;
    }

    long value() {
        return value;
    }

    /// Microseconds since 1970.
    long micros() {
        return micros;
    }

    private long number() throws IOException {
        int start = at;
        long number = 0;
        while (at < length && text.get(at) >= '0' && text.get(at) <= '9') {
            int digit = text.get(at) - '0';
            if (number > (Long.MAX_VALUE - digit) / 10) {
                throw new IOException(path + " holds a number beyond 63 bits");
            }
            number = number * 10 + digit;
            at++;
        }
        if (at == start || at == LONGEST) {
            throw wrong();
        }
        return number;
    }

    private void word(String word) throws IOException {
        for (int i = 0; i < word.length(); i++) {
            if (at >= length || text.get(at) != word.charAt(i)) {
                throw wrong();
            }
            at++;
        }
    }

    private IOException wrong() {
        return new IOException(
                path + " does not hold " + (unit.isEmpty() ? "a number" : "'VALUE " + unit + " TIME us'"));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
