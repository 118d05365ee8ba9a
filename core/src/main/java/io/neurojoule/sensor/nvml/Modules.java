package io.neurojoule.sensor.nvml;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Names the module that a GPU shares with a CPU after the socket of that CPU, as the CPU's own sensors do.
final class Modules {
    private Modules() {}

    /// `module-0` for the socket that the GPU is joined to; named after the GPU where the kernel does not tell it.
    static String of(Path sysfs, String pciBusId) {
        try {
            String node = Files.readString(
                            sysfs.resolve("bus/pci/devices").resolve(pciBusId).resolve("numa_node"))
                    .strip();
            String cpus = Files.readString(sysfs.resolve("devices/system/node/node" + node + "/cpulist"))
                    .strip();
            String first = cpus.split("[-,]", 2)[0];
            String socket = Files.readString(
                            sysfs.resolve("devices/system/cpu/cpu" + first + "/topology/physical_package_id"))
                    .strip();
            return "module-" + Integer.parseUnsignedInt(socket);
        } catch (IOException | NumberFormatException e) {
            return "module-" + pciBusId;
        }
    }
}
