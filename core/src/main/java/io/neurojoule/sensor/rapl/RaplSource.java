package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.sensor.rapl.PerfSensor.RefusedException;
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
import java.util.regex.Pattern;

/// RAPL, the energy counters inside Intel and AMD processors: one sensor per domain.
///
/// Each domain is read through perf where the kernel offers and permits it (64 bits, no wrap), else through powercap.
/// `within` tells what contains what: core and uncore are in their package, memory is not, psys has all in it.
public final class RaplSource implements PowerSource {
    static final String NAME = "rapl";

    /// The processors renew their counters about every millisecond (kernel, hwmon/amd_energy; Intel SDM 16.10).
    private static final Duration REFRESH = Duration.ofMillis(1);

    private static final double POWERCAP_SCALE = 1e-6;

    private static final String[] MODULE = {
        "modprobe intel_rapl_msr", "printf '%s\\n' intel_rapl_msr > /etc/modules-load.d/70-neurojoule.conf"
    };

    /// What needs no quoting in a shell.
    private static final Pattern PLAIN_USER = Pattern.compile("[a-z_][a-z0-9_.-]*");

    private static final String SIDE_CHANNEL =
            "This lets every user observe what others compute (side channel, CVE-2020-8694)";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return new Search(config).run();
    }

    /// One discovery.
    private static final class Search {
        private final SourceConfig config;
        private final Processor processor;
        private final Map<Path, String> troubles = new TreeMap<>();
        private final List<Sensor> sensors = new ArrayList<>();
        private final List<Missing> missing = new ArrayList<>();

        Search(SourceConfig config) {
            this.config = config;
            processor = Processor.of(config.proc());
        }

        Discovery run() {
            Map<String, Zone> zones = Zone.find(config.sysfs(), troubles);
            Optional<LibC> libc =
                    config.isThisMachine() && System.getProperty("os.arch").equals("amd64")
                            ? LibC.bind()
                            : Optional.empty();
            Map<String, PerfEvent> events = libc.isPresent() ? PerfEvent.find(config.sysfs(), zones) : Map.of();
            Set<String> ids = new TreeSet<>(zones.keySet());
            ids.addAll(events.keySet());
            for (String id : ids) {
                Optional<Zone> zone = Optional.ofNullable(zones.get(id));
                Optional<PerfEvent> event = Optional.ofNullable(events.get(id));
                Optional<Sensor> perf =
                        libc.isPresent() && event.isPresent() ? perf(libc.get(), event.get(), zone) : Optional.empty();
                perf.ifPresentOrElse(sensors::add, () -> zone.ifPresent(this::powercap));
            }
            troubles.forEach((path, why) -> missing.add(unreadable(path, why)));
            if (sensors.isEmpty() && missing.isEmpty()) {
                missing.add(absent());
            }
            return new Discovery(sensors, missing);
        }

        private Optional<Sensor> perf(LibC libc, PerfEvent event, Optional<Zone> zone) {
            Channel counter = channel(event.domain(), zone, event.scale(), 0);
            try {
                PerfSensor sensor = PerfSensor.open(libc, event, counter);
                if (sensor.moves()) {
                    return Optional.of(sensor);
                }
                sensor.close();
                if (zone.isEmpty()) {
                    missing.add(frozen(event).of(counter));
                }
            } catch (RefusedException e) {
                if (zone.isEmpty()) {
                    missing.add((e.isPermission() ? perfDenied(event) : perfUnreadable(event, e)).of(counter));
                }
            } catch (IOException e) {
                if (zone.isEmpty()) {
                    missing.add(perfUnreadable(event, e).of(counter));
                }
            }
            return Optional.empty();
        }

        private void powercap(Zone zone) {
            if (zone.domain().part().equals("core") && processor.isAmd()) {
                missing.add(leadOnly(zone));
                return;
            }
            try {
                sensors.add(PowercapSensor.open(zone.counter(), powercapChannel(zone, zone.wrapsAtMicrojoules())));
            } catch (AccessDeniedException e) {
                missing.add(denied(Path.of(e.getFile())).of(powercapChannel(zone, 0)));
            } catch (IOException e) {
                missing.add(unreadable(zone.counter(), String.valueOf(e.getMessage()))
                        .of(powercapChannel(zone, 0)));
            }
        }

        private static Channel powercapChannel(Zone zone, long wrapsAt) {
            return channel(zone.domain(), Optional.of(zone), POWERCAP_SCALE, wrapsAt);
        }

        private static Channel channel(Domain domain, Optional<Zone> zone, double scale, long wrapsAt) {
            double most = zone.map(Zone::maxWatts)
                    .filter(watts -> watts.isPresent())
                    .map(watts -> watts.getAsDouble())
                    .orElseGet(domain::generousWatts);
            return Channel.counter(domain.id(), domain.toComponent(), scale, wrapsAt, REFRESH)
                    .withMaxWatts(most);
        }

        private static Missing denied(Path file) {
            return Missing.notPermitted(
                            "rapl-permission",
                            file.toString(),
                            "permission denied (" + mode(file) + ")",
                            "Nothing without root. `neurojoule doctor --fix` prints what an administrator can do; for this boot"
                                    + " only: sudo chmod a+r " + file + ". " + SIDE_CHANNEL
                                    + ": undo it on shared machines.")
                    .withAdmin(groupLines());
        }

        /// A group, not everybody: reading the counters tells what others compute.
        private static String[] groupLines() {
            String user = System.getProperty("user.name", "");
            return new String[] {
                "groupadd -f energy",
                "usermod -aG energy " + (PLAIN_USER.matcher(user).matches() ? user : "USER"),
                "printf '%s\\n' 'SUBSYSTEM==\"powercap\", KERNEL==\"intel-rapl:*\", RUN+=\"/bin/chgrp energy"
                        + " /sys%p/energy_uj\", RUN+=\"/bin/chmod g+r /sys%p/energy_uj\"'"
                        + " > /etc/udev/rules.d/70-neurojoule.rules",
                "udevadm control --reload",
                "udevadm trigger --action=add --subsystem-match=powercap"
            };
        }

        private static String mode(Path file) {
            try {
                int mode = (int) Files.getAttribute(file, "unix:mode");
                return "mode %04o, owner %s"
                        .formatted(mode & 07777, Files.getOwner(file).getName());
            } catch (IOException | UnsupportedOperationException e) {
                return "mode unknown";
            }
        }

        private static Missing perfDenied(PerfEvent event) {
            return Missing.notPermitted(
                            "rapl-permission",
                            "perf event of " + event.domain().id(),
                            "permission denied (kernel.perf_event_paranoid above 0, no CAP_PERFMON)",
                            "Nothing without root. An administrator can permit it: sudo sysctl kernel.perf_event_paranoid=0. "
                                    + SIDE_CHANNEL + ": undo it on shared machines.")
                    .withAdmin(
                            "sysctl kernel.perf_event_paranoid=0",
                            "printf '%s\\n' 'kernel.perf_event_paranoid = 0' > /etc/sysctl.d/70-neurojoule.conf");
        }

        private static Missing perfUnreadable(PerfEvent event, Exception e) {
            return Missing.broken(
                            "rapl-unreadable",
                            "perf event of " + event.domain().id(),
                            String.valueOf(e.getMessage()),
                            "sudo modprobe intel_rapl_msr gives a second way to read it, through /sys/class/powercap.")
                    .withAdmin(MODULE);
        }

        private static Missing frozen(PerfEvent event) {
            return Missing.broken(
                    "rapl-frozen",
                    "perf event of " + event.domain().id(),
                    "the kernel offers it, but it did not move in 100 ms",
                    "Nothing counts there: usual in virtual machines, and for psys on servers. Measure on the host, or use"
                            + " the other sources.");
        }

        private static Missing unreadable(Path path, String why) {
            return Missing.broken(
                    "rapl-unreadable",
                    path.toString(),
                    why,
                    "Look at it with: sudo cat " + path + "; if that fails as well, the kernel log may say why: "
                            + "sudo dmesg | grep -i rapl");
        }

        private static Missing leadOnly(Zone zone) {
            return Missing.absent(
                    "rapl-core-lead-only",
                    zone.directory().toString(),
                    "on AMD this counter is that of one lead core, not of all cores of the package",
                    "Use rapl:package-" + zone.domain().place() + ", which has all cores in it.");
        }

        private Missing absent() {
            Path root = config.sysfs().resolve("class/powercap");
            return processor.isVirtual()
                    ? Missing.absent(
                            "rapl-absent",
                            root.toString(),
                            "no RAPL zones: this is a virtual machine, and most hide the counters from their guests",
                            "Measure on the host, or use what an estimate gives. In a container on it: mount the "
                                    + "host's /sys and give it with --sysfs.")
                    : Missing.absent(
                                    "rapl-absent",
                                    root.toString(),
                                    "no RAPL zones: not an x86 processor, the driver is not loaded, or a container hides them",
                                    "sudo modprobe intel_rapl_msr (AMD too, Linux 5.11 or later). In a container: mount the "
                                            + "host's /sys and give it with --sysfs.")
                            .withAdmin(MODULE);
        }
    }
}
