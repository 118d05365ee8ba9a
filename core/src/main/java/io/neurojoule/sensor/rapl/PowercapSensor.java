package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// The counter file of one powercap zone, held open: a read is one pread and makes no garbage.
///
/// Used by one thread at a time. Interrupting that thread inside a read closes the file.
final class PowercapSensor implements Sensor {
    /// A 64-bit number has at most 20 digits, and a line end.
    private static final int LONGEST = 32;

    private final Path file;
    private final FileChannel channel;
    private final List<Channel> channels;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);

    private PowercapSensor(Path file, FileChannel channel, Channel counter) {
        this.file = file;
        this.channel = channel;
        channels = List.of(counter);
    }

    /// Content that is no number yet is no reason to go without the sensor: it is a gap until it becomes one.
    ///
    /// @throws IOException if the counter cannot be opened or read
    static PowercapSensor open(Path file, Channel counter) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        PowercapSensor sensor = new PowercapSensor(file, channel, counter);
        try {
            sensor.fill();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        return sensor;
    }

    @Override
    public String id() {
        return channels.getFirst().id();
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return "powercap";
    }

    @Override
    public void read(Reading out) throws IOException {
        out.set(0, value());
    }

    private long value() throws IOException {
        return parse(buffer, fill(), file);
    }

    private int fill() throws IOException {
        buffer.clear();
        try {
            return channel.read(buffer, 0);
        } catch (IOException e) {
            throw gone(e) ? new SensorGoneException(file + " has vanished: " + e.getMessage()) : e;
        }
    }

    /// The message depends on the C library's language, the file's absence does not.
    private boolean gone(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("No such device") || message.contains("No such file") || !Files.exists(file);
    }

    /// A decimal number, then nothing but line ends.
    ///
    /// @throws IOException if it is anything else: a gap, never 0
    static long parse(ByteBuffer text, int length, Path file) throws IOException {
        if (length <= 0) {
            throw new IOException(file + " is empty");
        }
        if (length >= LONGEST) {
            throw new IOException(file + " is longer than a number");
        }
        long value = 0;
        int i = 0;
        while (i < length && text.get(i) >= '0' && text.get(i) <= '9') {
            int digit = text.get(i) - '0';
            if (value > (Long.MAX_VALUE - digit) / 10) {
                throw new IOException(file + " holds a number beyond 63 bits");
            }
            value = value * 10 + digit;
            i++;
        }
        if (i == 0) {
            throw new IOException(file + " does not hold a number");
        }
        for (; i < length; i++) {
            if (text.get(i) != '\n') {
                throw new IOException(file + " holds more than a number");
            }
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
