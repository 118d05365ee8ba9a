package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.util.List;

/// Counters of 32 bits in the processor's own registers.
///
/// Used by one thread at a time.
final class MsrSensor implements Sensor {
    /// Where they start again; the upper half of a register is reserved.
    static final long WRAPS_AT = 1L << 32;

    private static final long COUNT = WRAPS_AT - 1;

    /// @param file closed with the sensor
    record Counter(MsrFile file, long address, Channel channel) {}

    private final String id;
    private final List<Counter> counters;
    private final List<Channel> channels;

    MsrSensor(String id, List<Counter> counters) {
        this.id = id;
        this.counters = List.copyOf(counters);
        channels = counters.stream().map(Counter::channel).toList();
    }

    static long count(MsrFile file, long address) throws IOException {
        return file.read(address) & COUNT;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return "msr";
    }

    /// A register that fails is a gap in its own channel: a CPU that was switched off may come back.
    @Override
    public void read(Reading out) {
        for (int i = 0; i < counters.size(); i++) {
            Counter counter = counters.get(i);
            try {
                out.set(i, count(counter.file, counter.address));
            } catch (IOException e) {
                out.fail(i, String.valueOf(e.getMessage()));
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (Counter counter : counters) {
            counter.file.close();
        }
    }
}
