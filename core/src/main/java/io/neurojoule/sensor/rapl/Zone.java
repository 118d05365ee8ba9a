package io.neurojoule.sensor.rapl;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A powercap zone: a directory with a name, a counter and limits.
///
/// @see <a href="https://www.kernel.org/doc/html/latest/power/powercap/powercap.html">powercap</a>
record Zone(Domain domain, Path directory) {
    /// Of the control type `intel-rapl` only (AMD's too): `intel-rapl-mmio` repeats package 0 through other registers.
    private static final Pattern DIRECTORY = Pattern.compile("intel-rapl(:\\d+)+");

    private static final Pattern PACKAGE = Pattern.compile("package-((\\d+)(?:-die-\\d+)?)");

    /// Groups of it.
    private static final int PLACE = 1;
    private static final int SOCKET = 2;

    private static final Pattern CONSTRAINT = Pattern.compile("constraint_\\d+_(max_power|power_limit)_uw");

    Path counter() {
        return directory.resolve("energy_uj");
    }

    /// @throws IOException if the range is not readable: without it a wrap cannot be undone
    long wrapsAtMicrojoules() throws IOException {
        String text = Files.readString(directory.resolve("max_energy_range_uj")).strip();
        try {
            long range = Long.parseLong(text);
            if (range > 0) {
                return range;
            }
        } catch (NumberFormatException e) {
            throw new IOException("max_energy_range_uj is not a number: '" + text + "'", e);
        }
        throw new IOException("max_energy_range_uj is not above 0: '" + text + "'");
    }

    /// The largest maximum or limit that the zone states; empty if it states none.
    OptionalDouble maxWatts() {
        double most = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "constraint_*_uw")) {
            for (Path file : files) {
                if (CONSTRAINT.matcher(file.getFileName().toString()).matches()) {
                    most = Math.max(most, microwatts(file) * 1e-6);
                }
            }
        } catch (IOException e) {
            return OptionalDouble.empty();
        }
        return most > 0 ? OptionalDouble.of(most) : OptionalDouble.empty();
    }

    /// 0 for a limit that is not stated: many zones answer "no data" to some of theirs.
    private static long microwatts(Path file) {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    /// All zones below `sysfs`, by domain id.
    ///
    /// @param processor on AMD's a zone counts its package, which Linux 6.9 and 6.10 list once for each die
    /// @param troubles  receives, by path, why a zone cannot be told
    static Map<String, Zone> find(Path sysfs, Processor processor, Map<Path, String> troubles) {
        Path root = root(sysfs);
        Map<String, Path> directories = new TreeMap<>();
        collect(root, directories);
        collect(root.resolve("intel-rapl"), directories);
        Map<String, String> names = new LinkedHashMap<>();
        directories.forEach((key, directory) -> {
            try {
                names.put(key, Files.readString(directory.resolve("name")).strip());
            } catch (IOException e) {
                troubles.put(directory.resolve("name"), String.valueOf(e.getMessage()));
            }
        });
        Map<String, Zone> zones = new TreeMap<>();
        names.forEach((key, name) -> {
            Path directory = directories.getOrDefault(key, root);
            domain(key, name, names, processor.isAmd() ? SOCKET : PLACE)
                    .ifPresentOrElse(
                            domain -> zones.putIfAbsent(domain.id(), new Zone(domain, directory)),
                            () -> troubles.put(directory, "unknown zone name '" + name + "'"));
        });
        return zones;
    }

    static Path root(Path sysfs) {
        return sysfs.resolve("class/powercap");
    }

    /// Whether there are zones whose directories are hidden, as container engines do it: they cover
    /// `/sys/devices/virtual/powercap`, and the links of `/sys/class/powercap` lead nowhere.
    static boolean isMasked(Path sysfs) {
        try (DirectoryStream<Path> links = Files.newDirectoryStream(root(sysfs), "intel-rapl*")) {
            for (Path link : links) {
                if (Files.isSymbolicLink(link) && !Files.exists(link)) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false;
        }
        return false;
    }

    /// Sub-zones stand inside their parents, and in the kernel's own tree beside them as well.
    private static void collect(Path parent, Map<String, Path> directories) {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(parent, "intel-rapl:*")) {
            for (Path child : children) {
                String key = child.getFileName().toString();
                if (DIRECTORY.matcher(key).matches()
                        && Files.isDirectory(child)
                        && directories.putIfAbsent(key, child) == null) {
                    collect(child, directories);
                }
            }
        } catch (IOException e) {
            // No such directory, or not for us: what it holds is reported as absent.
        }
    }

    /// By name, never by index: psys may stand between two packages.
    private static Optional<Domain> domain(String key, String name, Map<String, String> names, int place) {
        if (name.equals("psys")) {
            return Optional.of(Domain.PSYS);
        }
        Matcher itself = PACKAGE.matcher(name);
        if (itself.matches()) {
            return Optional.of(new Domain("package", itself.group(place)));
        }
        String parent = names.getOrDefault(key.substring(0, key.lastIndexOf(':')), "");
        Matcher above = PACKAGE.matcher(parent);
        return above.matches() && (name.equals("core") || name.equals("uncore") || name.equals("dram"))
                ? Optional.of(new Domain(name, above.group(place)))
                : Optional.empty();
    }
}
