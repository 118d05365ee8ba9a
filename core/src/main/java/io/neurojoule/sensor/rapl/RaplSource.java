package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// RAPL counters from the Linux powercap files, one sensor per domain.
///
/// Zones are known by their name, never by their index; the second control type, `intel-rapl-mmio`, repeats package 0
/// and
/// is left out. AMD's `core` zone counts one lead core only and is left out too.
///
/// @see <a href="https://docs.kernel.org/power/powercap/powercap.html">Power Capping Framework</a>
public final class RaplSource implements PowerSource {
    private static final double JOULES_PER_MICROJOULE = 1e-6;

    /// The counters are renewed about every millisecond (kernel doc amd_energy; Intel SDM 3B, 15.10).
    private static final Duration REFRESH = Duration.ofMillis(1);

    /// No single package that is sold draws more; used where the zone states no limit.
    private static final double MOST_PACKAGE_WATTS = 2000;

    /// No memory of one package that is sold draws more.
    private static final double MOST_DRAM_WATTS = 500;

    private static final Pattern PACKAGE = Pattern.compile("package-(\\d+(-die-\\d+)?)");

    @Override
    public String name() {
        return "rapl";
    }

    @Override
    public Discovery discover(SourceConfig config) {
        Path powercap = config.sysfs().resolve("class/powercap");
        List<Sensor> sensors = new ArrayList<>();
        List<Discovery.Missing> missing = new ArrayList<>();
        for (Zone zone : zones(powercap, missing)) {
            if (zone.kind() == Component.Kind.CORES && isAmd(config.proc())) {
                missing.add(new Discovery.Missing(
                        "rapl-core-lead-only",
                        zone.path().toString(),
                        "on AMD this zone counts one core of the package",
                        "use rapl:package-N, which contains all cores"));
                continue;
            }
            open(zone, sensors, missing);
        }
        if (sensors.isEmpty() && missing.isEmpty()) {
            missing.add(absent(powercap, config.proc()));
        }
        return new Discovery(sensors, missing);
    }

    private static Discovery.Missing absent(Path powercap, Path proc) {
        boolean virtual = cpuinfo(proc).contains("hypervisor");
        return new Discovery.Missing(
                "rapl-absent",
                powercap.toString(),
                virtual
                        ? "there are no RAPL zones; this is a virtual machine, which is rarely given them"
                        : "there are no RAPL zones",
                virtual
                        ? "measure on the host, or accept the estimate"
                        : "as root: modprobe intel_rapl_msr (in a container, mount the host's /sys and name it with --sysfs)");
    }

    private static void open(Zone zone, List<Sensor> sensors, List<Discovery.Missing> missing) {
        Path counter = zone.path().resolve("energy_uj");
        try {
            sensors.add(new CounterFile(channel(zone), counter));
        } catch (AccessDeniedException e) {
            missing.add(new Discovery.Missing(
                    "rapl-permission",
                    counter.toString(),
                    "permission denied: the kernel lets only root read it (CVE-2020-8694)",
                    "as root: chmod a+r %s (until the next boot; opens a side channel to all users)"
                            .formatted(counter)));
        } catch (IOException | NumberFormatException e) {
            missing.add(new Discovery.Missing(
                    "rapl-unreadable", counter.toString(), String.valueOf(e.getMessage()), "look into dmesg"));
        }
    }

    private static Channel channel(Zone zone) throws IOException {
        Component component = new Component(zone.kind(), zone.component(), zone.within());
        long range = number(zone.path().resolve("max_energy_range_uj"));
        return Channel.counter("rapl:" + zone.component(), component, JOULES_PER_MICROJOULE, range, REFRESH)
                .withMaxWatts(stated(zone.path())
                        .orElse(zone.kind() == Component.Kind.DRAM ? MOST_DRAM_WATTS : MOST_PACKAGE_WATTS));
    }

    /// The largest limit that the zone states, in watts; a zone has as many constraints as it has, and not every one
    /// states
    /// a maximum.
    private static OptionalDouble stated(Path zone) throws IOException {
        double most = 0;
        for (int i = 0; i < 4; i++) {
            for (String file : List.of("max_power_uw", "power_limit_uw")) {
                Path constraint = zone.resolve("constraint_" + i + "_" + file);
                if (Files.isReadable(constraint)) {
                    most = Math.max(most, number(constraint) * 1e-6);
                }
            }
        }
        return most > 0 && most < MOST_PACKAGE_WATTS ? OptionalDouble.of(most) : OptionalDouble.empty();
    }

    /// @param component e.g. `package-0`, `dram-1`, `psys`
    private record Zone(Path path, Component.Kind kind, String component, Set<String> within) {}

    private static List<Zone> zones(Path powercap, List<Discovery.Missing> missing) {
        List<Zone> zones = new ArrayList<>();
        try {
            for (Path top : children(powercap, "intel-rapl:\\d+")) {
                String name = text(top.resolve("name"));
                Matcher matcher = PACKAGE.matcher(name);
                if (name.equals("psys")) {
                    zones.add(new Zone(top, Component.Kind.PLATFORM, "psys", Set.of()));
                } else if (matcher.matches()) {
                    zones.add(new Zone(top, Component.Kind.CPU, name, Set.of("psys")));
                    String place = matcher.group(1);
                    for (Path sub : children(powercap, top.getFileName() + ":\\d+")) {
                        part(sub, name, place).ifPresent(zones::add);
                    }
                }
            }
        } catch (IOException e) {
            missing.add(new Discovery.Missing(
                    "rapl-unreadable", powercap.toString(), String.valueOf(e.getMessage()), "look into dmesg"));
        }
        return zones;
    }

    private static Optional<Zone> part(Path path, String parent, String place) throws IOException {
        String name = text(path.resolve("name"));
        return switch (name) {
            case "core" -> Optional.of(new Zone(path, Component.Kind.CORES, "core-" + place, Set.of(parent, "psys")));
            case "uncore" ->
                Optional.of(new Zone(path, Component.Kind.UNCORE, "uncore-" + place, Set.of(parent, "psys")));
            case "dram" -> Optional.of(new Zone(path, Component.Kind.DRAM, "dram-" + place, Set.of("psys")));
            default -> Optional.empty();
        };
    }

    private static List<Path> children(Path directory, String pattern) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> entry.getFileName().toString().matches(pattern))
                    .sorted()
                    .toList();
        }
    }

    private static boolean isAmd(Path proc) {
        return cpuinfo(proc).contains("AuthenticAMD");
    }

    private static String cpuinfo(Path proc) {
        try {
            return Files.readString(proc.resolve("cpuinfo"));
        } catch (IOException e) {
            return ""; // no /proc in a test's tree: nothing is known about the processor
        }
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8).strip();
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(text(file));
    }
}
