package io.neurojoule.cli;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.profile.Sources;
import io.neurojoule.recording.Signal;
import io.neurojoule.report.Format;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Lists the power sources of this machine, and what is missing; or shows what they read.
@Command(
        name = "sources",
        aliases = "doctor",
        description = "List the power sources of this machine, and what is missing and why.",
        mixinStandardHelpOptions = true)
final class SourcesCommand implements Callable<Integer> {
    private static final long SECOND_NANOS = 1_000_000_000L;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--watch", description = "Show the power of each source once a second, until Ctrl-C.")
    private boolean watch;

    @Option(names = "--for", paramLabel = "S", description = "With --watch: end after so many seconds.")
    private Optional<Integer> seconds = Optional.empty();

    @Mixin
    private SourceFlags flags = new SourceFlags();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (Sources sources = flags.discover(Map.of())) {
            if (watch) {
                watch(sources, out);
            } else if (json) {
                out.println(json(sources));
            } else {
                list(sources, out);
            }
            out.flush();
            return sources.sensors().isEmpty() ? Exit.NO_SOURCE : Exit.GOOD;
        }
    }

    private static void list(Sources sources, PrintWriter out) {
        for (Sensor sensor : sources.sensors()) {
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
    }

    private static String json(Sources sources) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        ArrayNode channels = root.putArray("channels");
        for (Sensor sensor : sources.sensors()) {
            for (Channel channel : sensor.channels()) {
                ObjectNode node = channels.addObject();
                node.put("channel", channel.id());
                node.put("basis", channel.basis().name());
                node.put("quantity", channel.quantity().name());
                node.put("unit", channel.quantity().unit());
                node.put("via", sensor.via());
            }
        }
        ArrayNode missing = root.putArray("missing");
        for (var one : sources.missing()) {
            ObjectNode node = missing.addObject();
            node.put("code", one.code());
            node.put("what", one.what());
            node.put("why", one.why());
            node.put("hint", one.hint());
        }
        return root.toPrettyString();
    }

    private void watch(Sources sources, PrintWriter out) {
        Ticker ticker = Ticker.monotonic();
        Map<String, Sample> last = new HashMap<>();
        long due = ticker.nanos();
        for (int second = 0; seconds.isEmpty() || second <= seconds.get(); second++) {
            List<String> line = new ArrayList<>();
            for (Sensor sensor : sources.sensors()) {
                read(sensor, ticker, last, line);
            }
            if (second > 0) {
                out.println(String.join("   ", line));
                out.flush();
            }
            due += SECOND_NANOS;
            for (long left = due - ticker.nanos(); left > 0; left = due - ticker.nanos()) {
                LockSupport.parkNanos(left);
            }
        }
    }

    /// One value of a channel, as read.
    private record Sample(long timeNanos, long readNanos, long raw) {}

    private static void read(Sensor sensor, Ticker ticker, Map<String, Sample> last, List<String> line) {
        Reading reading = new Reading(sensor.channels().size());
        long before = ticker.nanos();
        try {
            sensor.read(reading);
        } catch (IOException e) {
            line.add(sensor.id() + " failed: " + e.getMessage());
            return;
        }
        long took = ticker.nanos() - before;
        for (int i = 0; i < reading.size(); i++) {
            Channel channel = sensor.channels().get(i);
            boolean counts = channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER;
            if (counts && reading.isSet(i)) {
                Sample now = new Sample(before + took / 2, took, reading.raw(i));
                Sample then = last.put(channel.id(), now);
                if (then != null) {
                    line.add(channel.id() + " " + power(channel, then, now));
                }
            }
        }
    }

    private static String power(Channel channel, Sample then, Sample now) {
        Signal signal = new Signal(
                channel,
                new long[] {then.timeNanos, now.timeNanos},
                new long[] {then.readNanos, now.readNanos},
                new long[] {then.raw, now.raw},
                List.of());
        return switch (Energy.of(signal, then.timeNanos, now.timeNanos)) {
            case Energy energy ->
                Format.quantity(energy.joules() / ((now.timeNanos - then.timeNanos) * 1e-9), "W") + " "
                        + channel.basis();
            case Integral.Unavailable none -> none.code();
        };
    }
}
