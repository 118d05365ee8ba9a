package io.neurojoule.sensor.rapl;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// An energy event that the kernel's `power` PMU offers for one domain.
///
/// @param type   number of the PMU
/// @param config number of the event in it
/// @param cpu    the CPU to open it on, which decides the package
/// @param scale  joules per count
/// @see <a href="https://man7.org/linux/man-pages/man2/perf_event_open.2.html">perf_event_open(2)</a>
record PerfEvent(Domain domain, int type, long config, int cpu, double scale) {
    /// The kernel's event names beside powercap's zone names.
    private static final Map<String, String> PARTS = Map.of(
            "energy-pkg", "package",
            "energy-cores", "core",
            "energy-gpu", "uncore",
            "energy-ram", "dram",
            "energy-psys", "psys");

    /// The events below `sysfs`, by domain id; empty if there is no such PMU or it is not described as expected.
    ///
    /// @param zones the powercap zones by domain id, whose names tell whether the hardware counts per die
    static Map<String, PerfEvent> find(Path sysfs, Processor processor, Map<String, Zone> zones) {
        Path pmu = sysfs.resolve("bus/event_source/devices/power");
        Map<String, PerfEvent> found = new TreeMap<>();
        try (DirectoryStream<Path> events = Files.newDirectoryStream(pmu.resolve("events"), "energy-*")) {
            int type = Integer.parseInt(text(pmu.resolve("type")));
            List<Place> places = new ArrayList<>();
            for (int cpu : cpus(text(pmu.resolve("cpumask")))) {
                places.add(Place.of(sysfs, cpu));
            }
            places = Place.sorted(places);
            boolean perDie = !processor.isAmd() && perDie(sysfs, places, zones);
            for (Path event : events) {
                String part = PARTS.get(event.getFileName().toString());
                if (part != null) {
                    long config = Long.decode(text(event).replace("event=", ""));
                    double scale = Double.parseDouble(text(event.resolveSibling(event.getFileName() + ".scale")));
                    for (Place place : places) {
                        Domain domain = part.equals("psys") ? Domain.PSYS : new Domain(part, place.name(perDie));
                        found.putIfAbsent(domain.id(), new PerfEvent(domain, type, config, place.cpu(), scale));
                    }
                }
            }
        } catch (IOException | NumberFormatException e) {
            return Map.of();
        }
        return found;
    }

    /// A kernel's list of CPUs, e.g. `0-1,64`.
    static List<Integer> cpus(String list) {
        List<Integer> cpus = new ArrayList<>();
        for (String stretch : list.split(",", -1)) {
            int dash = stretch.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? stretch : stretch.substring(0, dash));
            int last = dash < 0 ? first : Integer.parseInt(stretch.substring(dash + 1));
            for (int cpu = first; cpu <= last; cpu++) {
                cpus.add(cpu);
            }
        }
        return cpus;
    }

    /// Never asked of AMD: its register counts the package, which Linux 6.9 to 6.11 list once for each die.
    ///
    /// Zone names say it, where there are any: some kernels count per package although it has several dies. Without
    /// them, a package with two dies in the topology and two CPUs in the mask is counted per die.
    private static boolean perDie(Path sysfs, List<Place> places, Map<String, Zone> zones) throws IOException {
        for (Zone zone : zones.values()) {
            if (zone.domain().part().equals("package")) {
                return zone.domain().place().contains("-die-");
            }
        }
        Set<Integer> sockets = new TreeSet<>();
        boolean twice = false;
        for (Place place : places) {
            twice |= !sockets.add(place.socket());
        }
        return twice && Place.isSeveralDies(Place.all(sysfs));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file).strip();
    }
}
