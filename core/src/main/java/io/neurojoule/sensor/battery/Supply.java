package io.neurojoule.sensor.battery;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A directory of power_supply: a battery of the machine, or an adapter that may feed it.
///
/// @see <a href="https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-power">sysfs-class-power</a>
record Supply(Path directory, boolean isBattery) {
    /// The machine's own supplies in order of name; not those of mice and headsets, which have the scope `Device`.
    static List<Supply> find(Path sysfs) {
        List<Supply> supplies = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(sysfs.resolve("class/power_supply"))) {
            for (Path child : children) {
                boolean isBattery = text(child, "type").equals("Battery");
                boolean isEmptyBay = isBattery && text(child, "present").equals("0");
                if (!text(child, "scope").equals("Device") && !isEmptyBay) {
                    supplies.add(new Supply(child, isBattery));
                }
            }
        } catch (IOException e) {
            return List.of(); // no such directory: what it holds is reported as absent
        }
        supplies.sort((one, other) -> one.name().compareTo(other.name()));
        return supplies;
    }

    String name() {
        return directory.getFileName().toString();
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    boolean has(String name) {
        return Files.exists(file(name));
    }

    /// What a file says; empty if it is absent or not readable.
    String text(String name) {
        return text(directory, name);
    }

    private static String text(Path directory, String name) {
        try {
            return Files.readString(directory.resolve(name)).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
