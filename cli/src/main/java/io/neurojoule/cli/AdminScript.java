package io.neurojoule.cli;

import java.util.ArrayList;
import java.util.List;

/// What an administrator can do, as a POSIX shell script. It is printed, never run.
final class AdminScript {
    private AdminScript() {}

    static List<String> lines(Inventory inventory) {
        List<Inventory.Trouble> mendable = inventory.troubles().stream()
                .filter(trouble -> !trouble.admin().isEmpty())
                .toList();
        List<String> lines = new ArrayList<>(List.of(
                "#!/bin/sh",
                "# Makes the power sensors of this machine readable for its users.",
                "# Printed by " + Main.TOOL
                        + " (doctor --fix), which has changed nothing. Read it, then run it as root:",
                "#     neurojoule doctor --fix > fix.sh; less fix.sh; sudo sh fix.sh",
                "#",
                "# Side channel: whoever can read energy counters can learn something of what others compute, keys",
                "# included (CVE-2020-8694, CVE-2020-8695, \"PLATYPUS\"); that is why the kernel gives them to root alone.",
                "# On a machine that people share, permit it only to a group that you trust, or only during exclusive jobs.",
                "#",
                "# Slurm: run it on the compute nodes, e.g. from their image; where group membership comes from a directory",
                "# service, usermod has to be done there. A prolog of exclusive jobs can do chgrp and chmod instead, and an",
                "# epilog take them back.",
                "#",
                "# Containers: run it on the host. Docker hides /sys/devices/virtual/powercap since 24.0.7; give the container",
                "# the host's tree in another place, and the group:",
                "#     docker run -v /sys:/host/sys:ro --group-add \"$(getent group energy | cut -d: -f3)\" IMAGE \\",
                "#         neurojoule doctor --sysfs /host/sys",
                "# or do not let it hide them: docker run --security-opt systempaths=unconfined."));
        if (mendable.isEmpty()) {
            lines.add("");
            lines.add(
                    "# Nothing here waits for an administrator. What root can read, others may not: run doctor as the user");
            lines.add("# who shall profile.");
            return lines;
        }
        lines.addAll(List.of(
                "",
                "if [ \"$(id -u)\" -ne 0 ]; then",
                "    echo 'this script must be run as root' >&2",
                "    exit 1",
                "fi",
                "# Each command is shown as it runs; one that fails does not stop the others.",
                "set -x"));
        for (Inventory.Trouble trouble : mendable) {
            lines.add("");
            lines.add("# " + trouble.code() + ": " + oneLine(trouble.what()));
            lines.add("# " + oneLine(trouble.first().why()));
            lines.addAll(trouble.admin());
        }
        if (mendable.stream().anyMatch(trouble -> trouble.code().equals("rapl-permission"))) {
            lines.addAll(
                    List.of(
                            "",
                            "# Instead of the group, for everybody and until the next boot: the counters through perf, which do not",
                            "# wrap, or through their files.",
                            "# sysctl kernel.perf_event_paranoid=0",
                            "# chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj /sys/class/powercap/intel-rapl:*:*/energy_uj"));
        }
        lines.addAll(List.of("", "# New groups count from the next login. Then: neurojoule doctor"));
        return lines;
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ");
    }
}
