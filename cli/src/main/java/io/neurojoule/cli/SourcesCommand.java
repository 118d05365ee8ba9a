package io.neurojoule.cli;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.profile.Sources;
import io.neurojoule.recording.Signal;
import io.neurojoule.report.Format;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
        description = "List the power sources of this machine, and what is missing; or watch them.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SourcesCommand implements Callable<Integer> {
    private static final long SECOND_NANOS = 1_000_000_000L;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--all", description = "What is missing in full: why, and what to do.")
    private boolean all;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--csv", description = "As CSV; with --watch a row per second and source.")
    private boolean csv;

    @Option(names = "--watch", description = "Show the power of each source once a second, until Ctrl-C.")
    private boolean watch;

    @Option(names = "--for", paramLabel = "10s", description = "With --watch: end after so many seconds.")
    private Optional<String> length = Optional.empty();

    @Mixin
    private SourceFlags flags = new SourceFlags();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        long seconds = length.map(SourcesCommand::seconds).orElse(Long.MAX_VALUE);
        try (Sources sources = flags.discover(Map.of())) {
            if (watch) {
                watch(sources, seconds, out);
            } else if (json) {
                out.println(json(sources));
            } else if (csv) {
                csv(sources, out);
            } else {
                list(new Inventory(sources), out);
            }
            out.flush();
            return sources.matching("*").isEmpty() ? Exit.NO_SOURCE : Exit.GOOD;
        }
    }

    private static long seconds(String text) {
        if (!text.matches("[1-9]\\d{0,8}s?")) {
            throw new UserException(Exit.USAGE, "--for takes whole seconds, e.g. 10s, not '%s'".formatted(text));
        }
        return Long.parseLong(text.replace("s", ""));
    }

    private void list(Inventory inventory, PrintWriter out) {
        Table table = new Table();
        for (Sensor sensor : inventory.sources().sensors()) {
            for (Channel channel : sensor.channels()) {
                table.row(
                        "working",
                        channel.id(),
                        channel.basis().name(),
                        channel.quantity().name().toLowerCase(Locale.ROOT),
                        channel.refresh().isZero()
                                ? "refresh unknown"
                                : "every " + Format.quantity(channel.refresh().toNanos() * 1e-9, "s"),
                        "via " + sensor.via());
            }
        }
        table.print(out, "");
        for (Inventory.Trouble trouble : inventory.troubles()) {
            if (all) {
                for (Missing one : trouble.all()) {
                    out.printf("%s  %s: %s%n", one.state().words(), one.code(), one.what());
                    out.printf("         why    %s%n         then   %s%n", one.why(), one.hint());
                }
                trouble.admin().forEach(line -> out.printf("         admin  %s%n", line));
            } else {
                out.printf("%s  %s: %s%n", trouble.state().words(), trouble.code(), trouble.what());
            }
        }
        if (!all && !inventory.troubles().isEmpty()) {
            out.println("why, and what to do: neurojoule sources --all, or neurojoule doctor");
        }
    }

    private static String json(Sources sources) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        ArrayNode channels = root.putArray("channels");
        sources.sensors().forEach(sensor -> SourcesJson.channels(sensor, Optional.empty(), channels));
        SourcesJson.missing(sources, root.putArray("missing"));
        return root.toPrettyString();
    }

    private static void csv(Sources sources, PrintWriter out) {
        out.println("source,state,quantity,unit,basis,refresh_seconds,via,code,why");
        for (Sensor sensor : sources.sensors()) {
            for (Channel channel : sensor.channels()) {
                out.println(row(
                        channel.id(),
                        "working",
                        channel.quantity().name(),
                        channel.quantity().unit(),
                        channel.basis().name(),
                        channel.refresh().isZero()
                                ? ""
                                : String.valueOf(channel.refresh().toNanos() * 1e-9),
                        sensor.via(),
                        "",
                        ""));
            }
        }
        for (Missing one : sources.missing()) {
            out.println(row(
                    one.channel().map(Channel::id).orElse(one.what()),
                    one.state().name().toLowerCase(Locale.ROOT),
                    one.channel().map(channel -> channel.quantity().name()).orElse(""),
                    one.channel().map(channel -> channel.quantity().unit()).orElse(""),
                    "UNAVAILABLE",
                    "",
                    "",
                    one.code(),
                    one.why()));
        }
    }

    /// As RFC 4180 has it.
    private static String row(String... fields) {
        return Stream.of(fields)
                .map(field -> field.matches("(?s).*[\",\r\n].*") ? '"' + field.replace("\"", "\"\"") + '"' : field)
                .collect(Collectors.joining(","));
    }

    private void watch(Sources sources, long seconds, PrintWriter out) {
        Ticker ticker = Ticker.monotonic();
        Map<String, Sample> last = new HashMap<>();
        if (csv) {
            out.println("second,channel,watts,basis,reason");
        }
        long due = ticker.nanos();
        for (long second = 0; second <= seconds; second++) {
            List<Line> lines = new ArrayList<>();
            for (Sensor sensor : sources.sensors()) {
                read(sensor, ticker, last, lines);
            }
            if (second > 0) {
                show(second, lines, out);
            }
            due += SECOND_NANOS;
            for (long left = due - ticker.nanos(); left > 0 && second < seconds; left = due - ticker.nanos()) {
                LockSupport.parkNanos(left);
            }
        }
    }

    private void show(long second, List<Line> lines, PrintWriter out) {
        if (csv) {
            for (Line line : lines) {
                out.println(row(
                        String.valueOf(second),
                        line.name,
                        line.watts.isPresent() ? String.valueOf(line.watts.getAsDouble()) : "",
                        line.basis,
                        line.reason));
            }
        } else {
            out.println(lines.stream()
                    .map(line -> line.name + " "
                            + (line.watts.isPresent()
                                    ? Format.quantity(line.watts, "W") + " " + line.basis
                                    : line.reason))
                    .collect(Collectors.joining("   ")));
        }
        out.flush();
    }

    /// One value of a channel, as read.
    private record Sample(long timeNanos, long readNanos, long raw) {}

    /// What is shown of a channel, or of a sensor that failed: watts, or why there are none.
    private record Line(String name, OptionalDouble watts, String basis, String reason) {}

    private static void read(Sensor sensor, Ticker ticker, Map<String, Sample> last, List<Line> lines) {
        Reading reading = new Reading(sensor.channels().size());
        long before = ticker.nanos();
        try {
            sensor.read(reading);
        } catch (IOException e) {
            lines.add(new Line(sensor.id(), OptionalDouble.empty(), "UNAVAILABLE", "failed: " + e.getMessage()));
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
                    lines.add(power(channel, then, now));
                }
            }
        }
    }

    /// Of a counter the mean since the last look, of a power what it shows.
    private static Line power(Channel channel, Sample then, Sample now) {
        if (channel.quantity() == Quantity.POWER) {
            double watts = now.raw * channel.scale() + channel.baseWatts();
            return new Line(
                    channel.id(), OptionalDouble.of(watts), channel.basis().name(), "");
        }
        Signal signal = new Signal(
                channel,
                new long[] {then.timeNanos, now.timeNanos},
                new long[] {then.readNanos, now.readNanos},
                new long[] {then.raw, now.raw},
                List.of());
        return switch (Energy.of(signal, then.timeNanos, now.timeNanos)) {
            case Energy energy ->
                new Line(
                        channel.id(),
                        OptionalDouble.of(energy.joules() / ((now.timeNanos - then.timeNanos) * 1e-9)),
                        channel.basis().name(),
                        "");
            case Integral.Unavailable none ->
                new Line(channel.id(), OptionalDouble.empty(), "UNAVAILABLE", none.code());
        };
    }
}
