package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.NumberFile;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The counter file of one powercap zone.
///
/// Used by one thread at a time.
final class PowercapSensor implements Sensor {
    private final NumberFile file;
    private final List<Channel> channels;

    private PowercapSensor(NumberFile file, Channel counter) {
        this.file = file;
        channels = List.of(counter);
    }

    /// @throws IOException if the counter cannot be opened or read
    static PowercapSensor open(Path file, Channel counter) throws IOException {
        return new PowercapSensor(NumberFile.open(file), counter);
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

    /// The kernel's counter is never negative.
    @Override
    public void read(Reading out) throws IOException {
        long value = file.read();
        if (value < 0) {
            throw new IOException(file.path() + " holds a negative energy");
        }
        out.set(0, value);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
