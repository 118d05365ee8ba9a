package io.neurojoule.sensor.rapl;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Where a CPU sits.
///
/// @param socket the physical package
/// @param die    0 on kernels that do not tell it (before 5.2)
/// @param core   its number in the package, which its hardware threads share
/// @see <a href="https://www.kernel.org/doc/html/latest/admin-guide/cputopology.html">cputopology</a>
record Place(int cpu, int socket, int die, int core) {
    private static final Comparator<Place> ORDER =
            Comparator.comparingInt(Place::socket).thenComparingInt(Place::die).thenComparingInt(Place::cpu);

    static Place of(Path sysfs, int cpu) throws IOException {
        Path topology = sysfs.resolve("devices/system/cpu/cpu" + cpu + "/topology");
        return new Place(
                cpu,
                number(topology.resolve("physical_package_id")),
                numberOrZero(topology.resolve("die_id")),
                numberOrZero(topology.resolve("core_id")));
    }

    /// Of all CPUs that are on, in order of package, die and number.
    static List<Place> all(Path sysfs) throws IOException {
        List<Place> places = new ArrayList<>();
        try (DirectoryStream<Path> cpus = Files.newDirectoryStream(sysfs.resolve("devices/system/cpu"), "cpu[0-9]*")) {
            for (Path cpu : cpus) {
                if (Files.exists(cpu.resolve("topology/physical_package_id"))) {
                    places.add(of(
                            sysfs, Integer.parseInt(cpu.getFileName().toString().substring("cpu".length()))));
                }
            }
        }
        return sorted(places);
    }

    static List<Place> sorted(List<Place> places) {
        return places.stream().sorted(ORDER).toList();
    }

    /// Whether one of the packages has CPUs on two dies.
    static boolean isSeveralDies(List<Place> places) {
        Map<Integer, Integer> dies = new HashMap<>();
        return places.stream().anyMatch(place -> {
            Integer other = dies.putIfAbsent(place.socket, place.die);
            return other != null && other != place.die;
        });
    }

    /// As RAPL's zones are called: `0`, or `0-die-1`.
    String name(boolean perDie) {
        return perDie ? socket + "-die-" + die : String.valueOf(socket);
    }

    private static int numberOrZero(Path file) throws IOException {
        return Files.exists(file) ? number(file) : 0;
    }

    private static int number(Path file) throws IOException {
        String text = Files.readString(file).strip();
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IOException(file + " is not a number: '" + text + "'", e);
        }
    }
}
