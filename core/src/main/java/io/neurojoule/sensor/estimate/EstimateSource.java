package io.neurojoule.sensor.estimate;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// What the processors may draw where no sensor tells: idle watts, and more in proportion to the busy time.
///
/// The raw value is the busy time as the kernel counts it; the watts come from a table of known processors or, for
/// unknown ones, virtual machines and containers, from a spread per logical CPU. [io.neurojoule.sensor.Sensor#via]
/// names the row (`table:amd-epyc-7763`, `table:unknown-vm`), and the accuracy of the channel is that row's.
public final class EstimateSource implements PowerSource {
    /// The kernel counts busy time in steps of 1/100 s, whatever its timer (USER_HZ; proc_stat(5)).
    private static final Duration REFRESH = Duration.ofMillis(10);

    private static final int TICKS_PER_SECOND = 100;

    @Override
    public String name() {
        return "estimate";
    }

    @Override
    public Discovery discover(SourceConfig config) {
        Path stat = config.proc().resolve("stat");
        try {
            Machine machine = Machine.of(config.proc());
            Row row = Row.of(machine);
            return new Discovery(
                    List.of(BusySensor.open(stat, channel(machine, row), "table:" + row.key())), List.of());
        } catch (IOException e) {
            return new Discovery(
                    List.of(),
                    List.of(Missing.absent(
                            "estimate-absent",
                            stat.toString(),
                            "the busy time of the CPUs cannot be read: " + e.getMessage(),
                            "Look at it with: head -1 " + stat + "; without it there is no estimate.")));
        }
    }

    private static Channel channel(Machine machine, Row row) {
        int units = row.perSocket() ? machine.sockets() : machine.logicalCpus();
        double idleWatts = row.idleWatts() * units;
        double rangeWatts = row.maxWatts() * units - idleWatts;
        double joulesPerTick = rangeWatts / machine.logicalCpus() / TICKS_PER_SECOND;
        Component cpu = new Component(Kind.CPU, "cpu", Set.of("psys"));
        return Channel.counter("estimate:cpu", cpu, joulesPerTick, 0, REFRESH)
                .withBasis(Basis.ESTIMATED)
                .withBaseWatts(idleWatts)
                .withAccuracy(row.accuracy());
    }
}
