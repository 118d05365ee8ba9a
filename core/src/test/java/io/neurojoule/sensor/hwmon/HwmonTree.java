package io.neurojoule.sensor.hwmon;

import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A made tree with the links of the kernel's: /sys/class/hwmon/hwmonN leads to the device tree, where `device` leads
/// to the device.
record HwmonTree(Path sysfs) {
    /// One chip of a made tree.
    record Chip(Path directory) {
        Chip with(String file, Object content) throws IOException {
            Files.writeString(directory.resolve(file), content + "\n");
            return this;
        }
    }

    /// @param device below `devices`, e.g. `platform/soc/i2c-3/3-0040`
    Chip chip(int number, String device, String name) throws IOException {
        Path place = Files.createDirectories(sysfs.resolve("devices").resolve(device));
        Path chip = Files.createDirectories(place.resolve("hwmon/hwmon" + number));
        Files.createSymbolicLink(chip.resolve("device"), Path.of("../.."));
        link(number, chip);
        return new Chip(chip).with("name", name);
    }

    /// As drivers of the older kind have it: name and values are the device's.
    Chip old(int number, String device, String name) throws IOException {
        Path place = Files.createDirectories(sysfs.resolve("devices").resolve(device));
        Path chip = Files.createDirectories(place.resolve("hwmon/hwmon" + number));
        Files.createSymbolicLink(chip.resolve("device"), Path.of("../.."));
        link(number, chip);
        return new Chip(place).with("name", name);
    }

    private void link(int number, Path chip) throws IOException {
        Path all = Files.createDirectories(sysfs.resolve("class/hwmon"));
        Files.createSymbolicLink(all.resolve("hwmon" + number), chip);
    }

    /// A chip that belongs to no device.
    Chip alone(int number, String name) throws IOException {
        return new Chip(Files.createDirectories(sysfs.resolve("class/hwmon/hwmon" + number))).with("name", name);
    }

    SourceConfig config() {
        return new SourceConfig(sysfs, sysfs.resolveSibling("proc"));
    }
}
