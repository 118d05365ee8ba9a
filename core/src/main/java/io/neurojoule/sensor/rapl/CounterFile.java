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
import java.util.List;

/// One `energy_uj` file, kept open: a read is one `pread` and makes no garbage.
final class CounterFile implements Sensor {
    private static final int LONGEST = 32;

    private final Channel channel;
    private final Path path;
    private final FileChannel file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);

    CounterFile(Channel channel, Path path) throws IOException {
        this.channel = channel;
        this.path = path;
        this.file = FileChannel.open(path);
    }

    @Override
    public String id() {
        return channel.id();
    }

    @Override
    public List<Channel> channels() {
        return List.of(channel);
    }

    @Override
    public String via() {
        return "powercap";
    }

    @Override
    public void read(Reading out) throws IOException {
        buffer.clear();
        try {
            file.read(buffer, 0);
        } catch (IOException e) {
            if (!Files.exists(path)) {
                throw new SensorGoneException(path + " has vanished");
            }
            throw e;
        }
        buffer.flip();
        out.set(0, parse());
    }

    /// Digits up to a line feed; anything else is no counter value.
    private long parse() throws IOException {
        long value = 0;
        int i = 0;
        for (; i < buffer.limit() && buffer.get(i) != '\n'; i++) {
            int digit = buffer.get(i) - '0';
            if (digit < 0 || digit > 9) {
                throw new IOException(path + " does not hold a number");
            }
            value = Math.addExact(Math.multiplyExact(value, 10), digit);
        }
        if (i == 0) {
            throw new IOException(path + " is empty");
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
