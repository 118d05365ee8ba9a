package io.neurojoule.sensor.estimate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What can be seen of the processor from inside.
///
/// @param processor   its name; empty if it is not told
/// @param sockets     >= 1
/// @param logicalCpus that are online, >= 1
record Machine(String processor, int sockets, int logicalCpus, boolean isVirtual, boolean isContainer) {
    /// x86 tells a model name, ARM boards tell a model at the end.
    private static final Pattern NAME = Pattern.compile("(?m)^(?:model name|Model)\\s*:\\s*(.*)$");

    private static final Pattern SOCKET = Pattern.compile("(?m)^physical id\\s*:\\s*(\\d+)$");
    private static final Pattern HYPERVISOR = Pattern.compile("(?m)^flags\\s*:.*\\bhypervisor\\b");
    private static final Pattern CPU = Pattern.compile("(?m)^cpu\\d+ ");

    /// The mounts of a container begin with an overlay as its root.
    private static final Pattern OVERLAY_ROOT = Pattern.compile("(?m)^\\S+ \\S+ \\S+ \\S+ / .* - overlay ");

    private static final Pattern CONTAINER_GROUP = Pattern.compile("docker|kubepods|libpod|/lxc");

    /// @throws IOException if `stat` of `proc` cannot be read; the other files may be absent
    static Machine of(Path proc) throws IOException {
        String stat = Files.readString(proc.resolve("stat"));
        String cpuinfo = optional(proc.resolve("cpuinfo"));
        String mounts = optional(proc.resolve("self/mountinfo"));
        String groups = optional(proc.resolve("1/cgroup"));
        return parse(stat, cpuinfo, mounts, groups);
    }

    static Machine parse(String stat, String cpuinfo, String mounts, String groups) throws IOException {
        int cpus = (int) CPU.matcher(stat).results().count();
        if (cpus == 0) {
            throw new IOException("no CPU is listed");
        }
        Matcher name = NAME.matcher(cpuinfo);
        int sockets = (int) SOCKET.matcher(cpuinfo)
                .results()
                .map(found -> found.group(1))
                .distinct()
                .count();
        return new Machine(
                name.find() ? name.group(1).strip() : "",
                Math.max(1, sockets),
                cpus,
                HYPERVISOR.matcher(cpuinfo).find(),
                OVERLAY_ROOT.matcher(mounts).find()
                        || CONTAINER_GROUP.matcher(groups).find());
    }

    private static String optional(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
