package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Discovery.Missing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// What stands in the way of a counter, and what helps.
final class Refusals {
    private static final String[] MODULE = {
        "modprobe intel_rapl_msr", "printf '%s\\n' intel_rapl_msr > /etc/modules-load.d/70-neurojoule.conf"
    };

    /// What needs no quoting in a shell.
    private static final Pattern PLAIN_USER = Pattern.compile("[a-z_][a-z0-9_.-]*");

    private static final String SIDE_CHANNEL =
            "This lets every user observe what others compute (side channel, CVE-2020-8694)";

    private Refusals() {}

    static Missing denied(Path file) {
        return Missing.notPermitted(
                        "rapl-permission",
                        file.toString(),
                        "permission denied (" + mode(file) + ")",
                        "Nothing without root. `neurojoule doctor --fix` prints what an administrator can do; for this boot"
                                + " only: sudo chmod a+r " + file + ". " + SIDE_CHANNEL
                                + ": undo it on shared machines.")
                .withAdmin(groupLines());
    }

    /// A group, not everybody: reading the counters tells what others compute. At once, and by a rule at each boot.
    private static String[] groupLines() {
        String user = System.getProperty("user.name", "");
        return new String[] {
            "groupadd -f energy",
            "usermod -aG energy " + (PLAIN_USER.matcher(user).matches() ? user : "USER"),
            "chgrp energy /sys/class/powercap/intel-rapl:*/energy_uj",
            "chmod g+r /sys/class/powercap/intel-rapl:*/energy_uj",
            "mkdir -p /etc/udev/rules.d # the same at each boot:",
            "printf '%s\\n' 'SUBSYSTEM==\"powercap\", KERNEL==\"intel-rapl:*\", RUN+=\"/bin/chgrp energy"
                    + " /sys%p/energy_uj\", RUN+=\"/bin/chmod g+r /sys%p/energy_uj\"'"
                    + " > /etc/udev/rules.d/70-neurojoule.rules"
        };
    }

    private static String mode(Path file) {
        try {
            int mode = (int) Files.getAttribute(file, "unix:mode");
            return "mode %04o, owner %s"
                    .formatted(mode & 07777, Files.getOwner(file).getName());
        } catch (IOException | UnsupportedOperationException e) {
            return "mode unknown";
        }
    }

    static Missing perfDenied(PerfEvent event) {
        return Missing.notPermitted(
                        "rapl-permission",
                        "perf event of " + event.domain().id(),
                        "permission denied (kernel.perf_event_paranoid above 0, no CAP_PERFMON)",
                        "Nothing without root. An administrator can permit it: sudo sysctl kernel.perf_event_paranoid=0. "
                                + SIDE_CHANNEL + ": undo it on shared machines.")
                .withAdmin(
                        "sysctl kernel.perf_event_paranoid=0",
                        "printf '%s\\n' 'kernel.perf_event_paranoid = 0' > /etc/sysctl.d/70-neurojoule.conf");
    }

    static Missing perfUnreadable(PerfEvent event, Exception e) {
        return Missing.broken(
                        "rapl-unreadable",
                        "perf event of " + event.domain().id(),
                        String.valueOf(e.getMessage()),
                        "sudo modprobe intel_rapl_msr gives a second way to read it, through /sys/class/powercap.")
                .withAdmin(MODULE);
    }

    static Missing frozen(PerfEvent event) {
        return Missing.broken(
                "rapl-frozen",
                "perf event of " + event.domain().id(),
                "the kernel offers it, but it did not move in 100 ms",
                "Nothing counts there: usual in virtual machines, and for psys on servers. Measure on the host, or use"
                        + " the other sources.");
    }

    static Missing unreadable(Path path, String why) {
        return Missing.broken(
                "rapl-unreadable",
                path.toString(),
                why,
                "Look at it with: sudo cat " + path + "; if that fails as well, the kernel log may say why: "
                        + "sudo dmesg | grep -i rapl");
    }

    static Missing leadOnly(Zone zone) {
        return Missing.absent(
                "rapl-core-lead-only",
                zone.directory().toString(),
                "on AMD this counter is that of one lead core, not of all cores of the package",
                "Use rapl:package-" + zone.domain().place()
                        + ", which has all cores in it. Each core by itself, as root: " + "--source rapl,cores=true");
    }

    /// @param root where the zones would be
    static Missing absent(Path root, Processor processor) {
        return processor.isVirtual()
                ? Missing.absent(
                        "rapl-absent",
                        root.toString(),
                        "no RAPL zones: this is a virtual machine, and most hide the counters from their guests",
                        "Measure on the host, or use what an estimate gives. In a container on it: mount the "
                                + "host's /sys and give it with --sysfs.")
                : Missing.absent(
                                "rapl-absent",
                                root.toString(),
                                "no RAPL zones: not an x86 processor, the driver is not loaded, or a container hides them",
                                "sudo modprobe intel_rapl_msr (AMD too, Linux 5.11 or later); where it does not know the "
                                        + "processor, sudo modprobe msr, and run neurojoule as root. In a container: mount "
                                        + "the host's /sys and give it with --sysfs.")
                        .withAdmin(MODULE);
    }

    /// @param root whose links lead nowhere
    static Missing masked(Path root) {
        return Missing.notPermitted(
                "rapl-masked",
                root.toString(),
                "its links lead nowhere: the container engine covers /sys/devices/virtual/powercap with an empty folder, "
                        + "as Docker does since 24.0.7",
                "Start the container with --security-opt systempaths=unconfined. Or give it the host's tree in another "
                        + "place, -v /sys:/host/sys:ro, and neurojoule --sysfs /host/sys. In both the files stay the host "
                        + "root's until they are permitted. Or, as root in the container, with --cap-add PERFMON: the "
                        + "counters through perf, if the host has its power events. "
                        + SIDE_CHANNEL + ".");
    }

    /// @param e what `/dev/cpu/N/msr` answered to opening it or to reading its unit
    /// @param lockdown what the kernel says of it; empty where it has none
    static Missing msr(Path file, ErrnoException e, String lockdown) {
        if (e.isPermission()) {
            String why = e.is(LibC.EACCES)
                    ? "permission denied (" + mode(file) + ")"
                    : "not permitted: CAP_SYS_RAWIO is missing"
                            + (lockdown.contains("[none]") || lockdown.isEmpty()
                                    ? ""
                                    : ", or the kernel's lockdown forbids it (" + lockdown + ")");
            return Missing.notPermitted(
                            "rapl-msr-permission",
                            file.toString(),
                            why,
                            "Registers are for root with CAP_SYS_RAWIO alone (in a container: --cap-add SYS_RAWIO --device "
                                    + file
                                    + "). Better: sudo modprobe intel_rapl_msr, whose counters can be permitted to a "
                                    + "group.")
                    .withAdmin(MODULE);
        }
        return e.is(LibC.ENOENT)
                ? Missing.absent(
                                "rapl-msr-absent",
                                file.toString(),
                                "the kernel module msr is not loaded, or a container hides its files",
                                "sudo modprobe msr; in a container: --cap-add SYS_RAWIO --device " + file)
                        .withAdmin("modprobe msr")
                : Missing.absent(
                        "rapl-msr-absent",
                        file.toString(),
                        "the processor shows no energy registers (" + e.getMessage() + ")",
                        "In a virtual machine: measure on the host.");
    }

    static Missing msrUnknown(Processor processor) {
        return Missing.absent(
                "rapl-msr-absent",
                "energy registers",
                "what they count in is not known for this processor (%s, family %d, model %d)"
                        .formatted(processor.vendor(), processor.family(), processor.model()),
                "sudo modprobe intel_rapl_msr: a newer kernel may know it.");
    }

    static Missing elsewhere() {
        return Missing.absent(
                "rapl-msr-absent",
                "registers of single cores",
                "they are read by system calls of this machine, on x86-64 only, and not with --sysfs",
                "Leave out cores=true, or --sysfs.");
    }

    static Missing noCores() {
        return Missing.absent(
                "rapl-msr-absent",
                "registers of single cores",
                "the processor does not count each core; AMD's do, from Zen on",
                "Leave out cores=true; where there is a rapl:core-N, it holds all cores of a package.");
    }
}
