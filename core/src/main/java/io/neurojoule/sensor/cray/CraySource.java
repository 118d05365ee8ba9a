package io.neurojoule.sensor.cray;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// The counters that the controller of an HPE Cray node writes: the node, its processors, its memory, its accelerators.
///
/// `cpu` is all processors of the node, and so contains their packages, whoever reads them: they are never added. Which
/// card `accel0` is, is not said; it is a component of its own, and not to be added to what the card's driver says.
public final class CraySource implements PowerSource {
    static final String NAME = "cray";

    /// The controller scans ten times a second (HPE, User Access to Compute Node Power Data).
    static final Duration REFRESH = Duration.ofMillis(100);

    private static final int MOST = 4;

    private final Ticker ticker;
    private final Supplier<WallClock> wall;

    /// On the clocks of this machine.
    public CraySource() {
        this(Ticker.monotonic(), WallClock::ofThisMachine);
    }

    public CraySource(Ticker ticker, Supplier<WallClock> wall) {
        this.ticker = ticker;
        this.wall = wall;
    }

    /// What the counters of one component begin with.
    private record Part(String prefix, Component component) {
        String id() {
            return NAME + ":"
                    + (component.kind() == Kind.CPU && !prefix.equals("cpu_")
                            ? "cpu-" + prefix.charAt(3)
                            : component.id());
        }

        Channel energy() {
            return Channel.counter(id() + "/energy", component, 1, 0, REFRESH);
        }

        Channel power() {
            return Channel.power(id() + "/power", component, 1, REFRESH, Duration.ZERO);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        Settings.of(NAME, config.options(), List.of());
        Path directory = config.sysfs().resolve("cray/pm_counters");
        if (!Files.isDirectory(directory)) {
            return Discovery.of(Missing.absent(
                    "cray-absent",
                    directory.toString(),
                    "not there: this is no HPE Cray compute node, or a container hides it",
                    "On one, it needs no rights. In a container: mount the host's /sys and give it with --sysfs."));
        }
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        for (Part part : parts()) {
            Path energy = directory.resolve(part.prefix() + "energy");
            Path power = directory.resolve(part.prefix() + "power");
            if (!Files.exists(energy) || !Files.exists(power)) {
                continue;
            }
            try {
                sensors.add(CraySensor.open(
                        part.id(), directory, energy, power, List.of(part.energy(), part.power()), ticker, wall.get()));
            } catch (AccessDeniedException e) {
                missing.add(Missing.notPermitted(
                                "cray-permission",
                                String.valueOf(e.getFile()),
                                "permission denied",
                                "These files are readable for all by default; ask who administers the node.")
                        .withAdmin("chmod a+r " + e.getFile())
                        .of(part.energy()));
            } catch (IOException e) {
                missing.add(Missing.broken(
                                "cray-unreadable",
                                energy.toString(),
                                String.valueOf(e.getMessage()),
                                "Look at it with: cat " + energy)
                        .of(part.energy()));
            }
        }
        if (sensors.isEmpty() && missing.isEmpty()) {
            missing.add(Missing.absent(
                    "cray-absent",
                    directory.toString(),
                    "it has no energy counters",
                    "Look what is there: ls " + directory));
        }
        return new Discovery(sensors, missing);
    }

    private static List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        parts.add(new Part("", Component.of(Kind.NODE, "node")));
        parts.add(new Part("cpu_", new Component(Kind.CPU, "cpu", Set.of("psys"))));
        parts.add(new Part("memory_", new Component(Kind.DRAM, "memory", Set.of("psys"))));
        for (int i = 0; i < MOST; i++) {
            parts.add(new Part("cpu" + i + "_", new Component(Kind.CPU, "package-" + i, Set.of("cpu", "psys"))));
            parts.add(new Part("accel" + i + "_", Component.of(Kind.ACCELERATOR, "accel-" + i)));
        }
        return parts;
    }
}
