package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Component;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Names the module that a GPU shares with a CPU after the socket of that CPU, as the CPU's own sensors do.
final class Modules {
    /// Which of them a GPU is on that does not tell its socket.
    private static final Set<String> ALL =
            IntStream.range(0, 8).mapToObj(i -> "module-" + i).collect(Collectors.toUnmodifiableSet());

    private Modules() {}

    /// What the module is a part of: nothing, or where its socket is not known any that another source may name, so
    /// that it is added to none of them.
    static Component component(Path sysfs, String pciBusId) {
        String id = of(sysfs, pciBusId);
        return new Component(Component.Kind.BOARD, id, ALL.contains(id) ? Set.of() : ALL);
    }

    /// `module-0` for the socket that the GPU is joined to; named after the GPU where it is not known which that is.
    ///
    /// The firmware that names a module counts sockets from 0; the kernel does on some machines, on others it takes any
    /// number that the firmware's tables have.
    static String of(Path sysfs, String pciBusId) {
        try {
            Path cpus = sysfs.resolve("devices/system/cpu");
            SortedSet<Integer> sockets = sockets(cpus);
            if (sockets.size() == 1) {
                return "module-0";
            }
            String node =
                    text(sysfs.resolve("bus/pci/devices").resolve(pciBusId).resolve("numa_node"));
            String first = text(sysfs.resolve("devices/system/node/node" + node + "/cpulist"))
                    .split("[-,]", 2)[0];
            int socket = socket(cpus.resolve("cpu" + first));
            if (sockets.getFirst() == 0 && sockets.getLast() == sockets.size() - 1) {
                return "module-" + socket;
            }
        } catch (IOException | NumberFormatException e) {
            return "module-" + pciBusId;
        }
        return "module-" + pciBusId;
    }

    private static SortedSet<Integer> sockets(Path cpus) throws IOException {
        SortedSet<Integer> sockets = new TreeSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(cpus, "cpu[0-9]*")) {
            for (Path cpu : all) {
                if (Files.exists(cpu.resolve("topology"))) {
                    sockets.add(socket(cpu));
                }
            }
        }
        return sockets;
    }

    private static int socket(Path cpu) throws IOException {
        return Integer.parseUnsignedInt(text(cpu.resolve("topology/physical_package_id")));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file).strip();
    }
}
