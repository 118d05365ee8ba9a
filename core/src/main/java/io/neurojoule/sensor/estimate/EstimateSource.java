package io.neurojoule.sensor.estimate;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// CPU energy where nothing measures it: busy time from `/proc/stat` times watts per logical CPU. Always ESTIMATED.
///
/// The raw value is the busy ticks as read; idle power is the channel's base.
public final class EstimateSource implements PowerSource {
    /// Thermal design power per hardware thread of eight server and desktop processors (data sheets of EPYC 7763, 7742,
    /// 9654, Xeon 8280, 8480+, 8592+, Ryzen 7950X, Core i9-10940X) lies between 1.9 and 5.9 W; this is the middle.
    private static final double BUSY_WATTS_PER_CPU = 3.9;

    /// Not from a data sheet: a fifth of the busy power, inside the wide bound that is stated with it.
    private static final double IDLE_WATTS_PER_CPU = 0.8;

    /// From nothing to twice the figure: wider than the spread above, as idle power is the least known.
    private static final double ACCURACY = 1.0;

    /// USER_HZ, the unit of /proc/stat: fixed at 100 in the kernel's user interface on all common architectures
    /// (proc(5)).
    private static final double TICKS_PER_SECOND = 100;

    @Override
    public String name() {
        return "estimate";
    }

    @Override
    public Discovery discover(SourceConfig config) {
        try {
            return new Discovery(List.of(new BusyTicks(config.proc().resolve("stat"))), List.of());
        } catch (IOException e) {
            return new Discovery(
                    List.of(),
                    List.of(new Discovery.Missing(
                            "estimate-absent",
                            config.proc().resolve("stat").toString(),
                            String.valueOf(e.getMessage()),
                            "the estimate needs /proc/stat; it works on Linux only")));
        }
    }

    private static final class BusyTicks implements Sensor {
        private static final int HEAD = 256;

        private final FileChannel file;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(HEAD);
        private final Channel channel;

        BusyTicks(Path stat) throws IOException {
            file = FileChannel.open(stat);
            int cpus = Runtime.getRuntime().availableProcessors();
            channel = Channel.counter(
                            "estimate:cpu",
                            new Component(Component.Kind.CPU, "cpu", Set.of("psys")),
                            (BUSY_WATTS_PER_CPU - IDLE_WATTS_PER_CPU) / TICKS_PER_SECOND,
                            0,
                            Duration.ofMillis(10))
                    .withBaseWatts(IDLE_WATTS_PER_CPU * cpus)
                    .withAccuracy(ACCURACY)
                    .withBasis(Basis.ESTIMATED);
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
            return "table:per-cpu-spread";
        }

        /// First line: `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guest is part of user.
        @Override
        public void read(Reading out) throws IOException {
            buffer.clear();
            file.read(buffer, 0);
            buffer.flip();
            long busy = 0;
            int at = 3;
            for (int field = 0; field < 8; field++) {
                while (at < buffer.limit() && buffer.get(at) == ' ') {
                    at++;
                }
                long value = 0;
                int start = at;
                for (; at < buffer.limit() && buffer.get(at) >= '0' && buffer.get(at) <= '9'; at++) {
                    value = 10 * value + buffer.get(at) - '0';
                }
                if (at == start) {
                    throw new IOException("/proc/stat has no field " + field + " in its first line");
                }
                boolean idle = field == 3 || field == 4;
                busy += idle ? 0 : value;
            }
            out.set(0, busy);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
