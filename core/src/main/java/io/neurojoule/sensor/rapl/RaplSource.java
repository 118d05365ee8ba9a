package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// RAPL, the energy counters inside Intel and AMD processors: one sensor per domain.
///
/// Each domain is read through perf where the kernel offers and permits it (64 bits, no wrap), else through powercap,
/// else from the processor's registers.
/// `within` tells what contains what: core and uncore are in their package, memory is not, psys has all in it.
public final class RaplSource implements PowerSource {
    static final String NAME = "rapl";

    /// The processors renew their counters about every millisecond (kernel, hwmon/amd_energy; Intel SDM 16.10).
    private static final Duration REFRESH = Duration.ofMillis(1);

    private static final double POWERCAP_SCALE = 1e-6;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return new Search(config).run();
    }

    static Channel channel(Domain domain, Optional<Zone> zone, double scale, long wrapsAt) {
        double most = zone.map(Zone::maxWatts)
                .filter(watts -> watts.isPresent())
                .map(watts -> watts.getAsDouble())
                .orElseGet(domain::generousWatts);
        return Channel.counter(domain.id(), domain.toComponent(), scale, wrapsAt, REFRESH)
                .withMaxWatts(most);
    }

    /// One discovery.
    private static final class Search {
        private final SourceConfig config;
        private final boolean cores;
        private final Processor processor;
        private final Map<Path, String> troubles = new TreeMap<>();
        private final List<Sensor> sensors = new ArrayList<>();
        private final List<Missing> missing = new ArrayList<>();
        /// Domains that neither perf nor powercap lets us read, by id.
        private final Map<String, Missing> unread = new TreeMap<>();

        Search(SourceConfig config) {
            this.config = config;
            cores = Settings.of(NAME, config.options(), List.of("cores"))
                    .oneOf("cores", List.of("true", "false"), "false")
                    .equals("true");
            processor = Processor.of(config.proc());
        }

        Discovery run() {
            Map<String, Zone> zones = Zone.find(config.sysfs(), processor, troubles);
            Optional<LibC> libc =
                    config.isThisMachine() && System.getProperty("os.arch").equals("amd64")
                            ? LibC.bind()
                            : Optional.empty();
            Map<String, PerfEvent> events =
                    libc.isPresent() ? PerfEvent.find(config.sysfs(), processor, zones) : Map.of();
            Set<String> ids = new TreeSet<>(zones.keySet());
            ids.addAll(events.keySet());
            for (String id : ids) {
                Optional<Zone> zone = Optional.ofNullable(zones.get(id));
                Optional.ofNullable(events.get(id))
                        .flatMap(event -> libc.flatMap(c -> perf(c, event, zone)))
                        .or(() -> zone.flatMap(this::powercap))
                        .ifPresent(sensors::add);
            }
            libc.ifPresent(c -> registers(c, ids.isEmpty()));
            if (cores && libc.isEmpty()) {
                missing.add(Refusals.elsewhere());
            }
            missing.addAll(unread.values());
            troubles.forEach((path, why) -> missing.add(Refusals.unreadable(path, why)));
            if (sensors.isEmpty() && Zone.isMasked(config.sysfs())) {
                missing.add(Refusals.masked(Zone.root(config.sysfs())));
            }
            if (sensors.isEmpty() && missing.isEmpty()) {
                missing.add(Refusals.absent(Zone.root(config.sysfs()), processor));
            }
            return new Discovery(sensors, missing);
        }

        private Optional<Sensor> perf(LibC libc, PerfEvent event, Optional<Zone> zone) {
            Channel counter = channel(event.domain(), zone, event.scale(), 0);
            try {
                PerfSensor sensor = PerfSensor.open(libc, event, counter);
                if (event.domain().mayStandStill() || sensor.moves()) {
                    return Optional.of(sensor);
                }
                if (zone.isEmpty()) {
                    missing.add(Refusals.frozen(event).of(counter));
                }
            } catch (IOException e) {
                boolean denied = e instanceof ErrnoException refused && refused.isPermission();
                unread.put(
                        counter.id(),
                        (denied ? Refusals.perfDenied(event) : Refusals.perfUnreadable(event, e)).of(counter));
            }
            return Optional.empty();
        }

        private Optional<Sensor> powercap(Zone zone) {
            String id = zone.domain().id();
            unread.remove(id);
            if (zone.domain().part().equals("core") && processor.isAmd()) {
                missing.add(Refusals.leadOnly(zone));
                return Optional.empty();
            }
            try {
                return Optional.of(
                        PowercapSensor.open(zone.counter(), powercapChannel(zone, zone.wrapsAtMicrojoules())));
            } catch (AccessDeniedException e) {
                unread.put(id, Refusals.denied(Path.of(e.getFile())).of(powercapChannel(zone, 0)));
            } catch (IOException e) {
                unread.put(
                        id,
                        Refusals.unreadable(zone.counter(), String.valueOf(e.getMessage()))
                                .of(powercapChannel(zone, 0)));
            }
            return Optional.empty();
        }

        private static Channel powercapChannel(Zone zone, long wrapsAt) {
            return channel(zone.domain(), Optional.of(zone), POWERCAP_SCALE, wrapsAt);
        }

        /// @param isLast whether the kernel lists no domain at all; else it is believed which there are
        private void registers(LibC libc, boolean isLast) {
            if (!isLast && unread.isEmpty() && !cores) {
                return;
            }
            Path cpus = Path.of("/dev/cpu");
            Optional<Registers> known = Registers.of(processor);
            if (known.isEmpty()) {
                if (cores || (isLast && Files.exists(cpus.resolve("0/msr")))) {
                    missing.add(Refusals.msrUnknown(processor));
                }
                return;
            }
            Msr msr = new Msr(libc, cpus, config.sysfs(), known.get(), processor.isAmd());
            try {
                msr.domains(id -> isLast || unread.containsKey(id)).forEach((id, sensor) -> {
                    unread.remove(id);
                    sensors.add(sensor);
                });
                List<Sensor> each = cores && processor.isAmd() ? msr.cores() : List.of();
                sensors.addAll(each);
                if (cores && each.isEmpty()) {
                    missing.add(Refusals.noCores());
                }
            } catch (ErrnoException e) {
                if (cores || (isLast && e.isPermission())) {
                    missing.add(Refusals.msr(cpus.resolve("0/msr"), e, lockdown()));
                }
            } catch (IOException e) {
                troubles.put(cpus, String.valueOf(e.getMessage()));
            }
        }

        private String lockdown() {
            try {
                return Files.readString(config.sysfs().resolve("kernel/security/lockdown"))
                        .strip();
            } catch (IOException e) {
                return "";
            }
        }
    }
}
