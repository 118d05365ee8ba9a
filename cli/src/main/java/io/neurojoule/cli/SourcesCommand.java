package io.neurojoule.cli;

import io.neurojoule.profile.Sources;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Lists the power sources of this machine, and what is missing.
@Command(
        name = "sources",
        aliases = "doctor",
        description = "List the power sources of this machine, and what is missing and why.",
        mixinStandardHelpOptions = true)
final class SourcesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--sysfs", paramLabel = "DIR", description = "Read another tree (default: ${DEFAULT-VALUE}).")
    private Path sysfs = Path.of("/sys");

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (Sources sources = Sources.discover(new SourceConfig(sysfs, Path.of("/proc"), Map.of()))) {
            for (var sensor : sources.sensors()) {
                for (Channel channel : sensor.channels()) {
                    out.printf(
                            "ok       %-24s %-10s %-8s via %s%n",
                            channel.id(), channel.basis(), channel.quantity(), sensor.via());
                }
            }
            for (var missing : sources.missing()) {
                out.printf("%-8s %s%n", "missing", missing.code() + ": " + missing.what());
                out.printf("         why   %s%n         then  %s%n", missing.why(), missing.hint());
            }
            out.flush();
            return sources.sensors().isEmpty() ? Exit.NO_SOURCE : Exit.GOOD;
        }
    }
}
