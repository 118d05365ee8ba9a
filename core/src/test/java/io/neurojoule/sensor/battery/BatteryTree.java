package io.neurojoule.sensor.battery;

import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A made tree after the kernel's ABI/testing/sysfs-class-power.
record BatteryTree(Path sysfs) {
    /// One battery or adapter of a made tree.
    record Supply(Path directory) {
        Supply with(String file, Object content) throws IOException {
            Files.writeString(directory.resolve(file), content + "\n");
            return this;
        }
    }

    Supply supply(String name, String type) throws IOException {
        Path directory = Files.createDirectories(sysfs.resolve("class/power_supply/" + name));
        return new Supply(directory).with("type", type);
    }

    Supply battery(String name, String status) throws IOException {
        return supply(name, "Battery").with("present", 1).with("status", status);
    }

    SourceConfig config() {
        return new SourceConfig(sysfs, sysfs.resolveSibling("proc"));
    }
}
