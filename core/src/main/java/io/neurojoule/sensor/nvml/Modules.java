package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Names the module that a GPU shares with a CPU after the socket of that CPU, as the CPU's own sensors do.
final class Modules {
    /// Which of them a GPU is on that does not tell its socket.
    private static final Set<String> ALL =
            IntStream.range(0, 8).mapToObj(i -> "module-" + i).collect(Collectors.toUnmodifiableSet());

    private Modules() {}

    /// What the module is a part of: nothing, or where its socket is not known any that another source may name, so
    /// that
    /// it is added to none of them.
    static Component component(Path sysfs, String pciBusId) {
        String id = of(sysfs, pciBusId);
        return new Component(Component.Kind.BOARD, id, ALL.contains(id) ? Set.of() : ALL);
    }

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
