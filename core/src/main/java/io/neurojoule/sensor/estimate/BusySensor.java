package io.neurojoule.sensor.estimate;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// The busy time of all CPUs, in ticks.
///
/// Used by one thread at a time.
final class BusySensor implements Sensor {
    /// The first line has ten numbers of at most 20 digits.
    private static final int FIRST_LINE = 256;

    private static final int USER_NICE_SYSTEM_IDLE_IOWAIT_IRQ_SOFTIRQ_STEAL = 8;
    private static final int IDLE = 3;
    private static final int IOWAIT = 4;

    private final Path file;
    private final FileChannel channel;
    private final List<Channel> channels;
    private final String via;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(FIRST_LINE);

    private BusySensor(Path file, FileChannel channel, Channel counter, String via) {
        this.file = file;
        this.channel = channel;
        this.via = via;
        channels = List.of(counter);
    }

    /// @throws IOException if the file cannot be opened or does not begin as expected
    static BusySensor open(Path stat, Channel counter, String via) throws IOException {
        FileChannel channel = FileChannel.open(stat, StandardOpenOption.READ);
        BusySensor sensor = new BusySensor(stat, channel, counter, via);
        try {
            sensor.value();
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
        return via;
    }

    @Override
    public void read(Reading out) throws IOException {
        out.set(0, value());
    }

    private long value() throws IOException {
        buffer.clear();
        int length = channel.read(buffer, 0);
        return busyTicks(buffer, length, file);
    }

    /// The sum of user, nice, system, irq, softirq and steal of the first line. Idle and iowait are not busy; guest
    /// time is in user already.
    ///
    /// @throws IOException if the line is not as expected
    static long busyTicks(ByteBuffer text, int length, Path file) throws IOException {
        if (length < 4 || text.get(0) != 'c' || text.get(1) != 'p' || text.get(2) != 'u' || text.get(3) != ' ') {
            throw new IOException(file + " does not begin with 'cpu '");
        }
        long busy = 0;
        int i = 3;
        for (int field = 0; field < USER_NICE_SYSTEM_IDLE_IOWAIT_IRQ_SOFTIRQ_STEAL; field++) {
            while (i < length && text.get(i) == ' ') {
                i++;
            }
            int start = i;
            long value = 0;
            while (i < length && text.get(i) >= '0' && text.get(i) <= '9') {
                value = value * 10 + (text.get(i) - '0');
                i++;
            }
            if (i == start || i == length || (text.get(i) != ' ' && text.get(i) != '\n')) {
                throw new IOException(file + " does not begin with eight numbers");
            }
            if (field != IDLE && field != IOWAIT) {
                busy += value;
            }
        }
        return busy;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
