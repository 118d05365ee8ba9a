package io.neurojoule.cli;

import io.neurojoule.profile.CrossCheck;
import io.neurojoule.profile.Pace;
import io.neurojoule.profile.Preflight;
import io.neurojoule.profile.Sources;
import io.neurojoule.profile.Trial;
import io.neurojoule.recording.Note;
import io.neurojoule.report.Format;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Says what can be measured on this machine, what stands in the way, and what may spoil a figure.
@Command(
        name = "doctor",
        description = "Say what can be measured here, what stands in the way, and what to do about it.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
    private static final int FORMAT = 1;

    /// Two thousand renewals of the fastest counters.
    private static final Duration FAST_TRIAL = Duration.ofSeconds(2);

    /// Ten renewals of a sensor that has a new value each second.
    private static final Duration SLOW_TRIAL = Duration.ofSeconds(10);

    /// A sensor that is still inside a read so long after its trial is left there.
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(15);

    private static final Duration CROSS_CHECK = Duration.ofSeconds(5);

    /// A sensor that renews its value more seldom is read with pauses, so that many can be tried at once.
    private static final Duration SLOW_REFRESH = Duration.ofMillis(20);

    private static final int WIDTH = 110;

    private static final char NO_BREAK = '\u00a0';

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "As JSON (docs/reference/doctor.md).")
    private boolean json;

    @Option(names = "--fix", description = "Print a shell script for an administrator; nothing is run.")
    private boolean fix;

    @Option(names = "--deep", description = "Try each sensor for some seconds: real refresh, time of a read, step.")
    private boolean deep;

    @Mixin
    private SourceFlags flags = new SourceFlags();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Ticker ticker = Ticker.monotonic();
        try (Sources sources = flags.discover(Map.of())) {
            Inventory inventory = new Inventory(sources);
            if (fix) {
                AdminScript.lines(inventory).forEach(out::println);
            } else {
                Preflight preflight = Preflight.look(flags.place(), ticker);
                Map<Sensor, Trial> trials = deep ? trials(sources.sensors(), ticker) : Map.of();
                List<CrossCheck> checks = CrossCheck.of(List.copyOf(trials.keySet()), ticker, CROSS_CHECK);
                if (json) {
                    out.println(json(inventory, preflight, trials, checks));
                } else {
                    print(inventory, preflight, trials, checks, out);
                }
            }
            out.flush();
            return inventory.usable().isEmpty() ? Exit.NO_SOURCE : Exit.GOOD;
        }
    }

    /// Fast sensors one after the other, as each keeps a processor busy; slow ones all at once meanwhile.
    private static Map<Sensor, Trial> trials(List<Sensor> sensors, Ticker ticker) {
        Map<Sensor, Trial> trials = new ConcurrentHashMap<>();
        List<Thread> waiting = new ArrayList<>();
        List<Sensor> fast = new ArrayList<>();
        for (Sensor sensor : sensors) {
            boolean slow = sensor.channels().stream()
                    .allMatch(channel -> channel.refresh().compareTo(SLOW_REFRESH) >= 0);
            if (slow) {
                waiting.add(Thread.ofPlatform()
                        .name("trial-" + sensor.id())
                        .daemon()
                        .start(() -> trials.put(sensor, Trial.of(sensor, ticker, SLOW_TRIAL))));
            } else {
                fast.add(sensor);
            }
        }
        fast.forEach(sensor -> trials.put(sensor, Trial.of(sensor, ticker, FAST_TRIAL)));
        long until = ticker.nanos() + SLOW_TRIAL.plus(LONGEST_ANSWER).toNanos();
        for (Thread thread : waiting) {
            try {
                boolean unused = thread.join(Duration.ofNanos(Math.max(1, until - ticker.nanos())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        Map<Sensor, Trial> ordered = new LinkedHashMap<>();
        for (Sensor sensor : sensors) {
            Optional.ofNullable(trials.get(sensor)).ifPresent(trial -> ordered.put(sensor, trial));
        }
        return ordered;
    }

    private static List<Note> findings(Inventory inventory, Preflight preflight, Map<Sensor, Trial> trials) {
        List<Note> findings = new ArrayList<>(preflight.findings());
        for (Sensor sensor : inventory.sources().sensors()) {
            if (!trials.isEmpty() && !trials.containsKey(sensor)) {
                findings.add(Note.of(
                        "sensor-hangs",
                        "warning",
                        "%s has not answered for %d s: its driver or device hangs. A run goes on without it."
                                .formatted(sensor.id(), LONGEST_ANSWER.toSeconds())));
            }
        }
        trials.forEach(
                (sensor, trial) -> findings.addAll(trial.findings(sensor.id(), Pace.of(sensor, trial.readMedian()))));
        return findings;
    }

    private static void print(
            Inventory inventory,
            Preflight preflight,
            Map<Sensor, Trial> trials,
            List<CrossCheck> checks,
            PrintWriter out) {
        out.println(header(preflight));
        out.println();
        sources(inventory, out);
        if (!trials.isEmpty()) {
            out.println();
            trials(trials, out);
        }
        for (CrossCheck check : checks) {
            out.printf(
                    "  %s against %s: %s%n",
                    check.power().id(),
                    check.counter().id(),
                    check.ratio().isPresent()
                            ? Format.ratio(check.ratio().getAsDouble()) + " of the counter's joules"
                            : "no figure");
        }
        for (Inventory.Trouble trouble : inventory.troubles()) {
            if (trouble.state() == State.NOT_PERMITTED || trouble.state() == State.BROKEN) {
                out.println();
                block(trouble, out);
            }
        }
        out.println();
        machine(preflight, findings(inventory, preflight, trials), out);
        out.println();
        out.println(verdict(inventory));
    }

    private static String header(Preflight preflight) {
        List<String> parts = new ArrayList<>(List.of(Main.TOOL));
        preflight.fact(Preflight.HOST).ifPresent(host -> parts.add("node " + host));
        parts.add(preflight.fact(Preflight.PROCESSOR).orElse("processor UNKNOWN"));
        parts.add("Linux " + preflight.fact(Preflight.KERNEL).orElse("UNKNOWN"));
        parts.add("user " + System.getProperty("user.name", "UNKNOWN"));
        preflight
                .fact(Preflight.SLURM_JOB)
                .filter(job -> !job.equals(Preflight.NO_JOB))
                .ifPresent(job -> parts.add("Slurm job " + job));
        return String.join(" · ", parts);
    }

    private static void sources(Inventory inventory, PrintWriter out) {
        Table table = new Table();
        table.row("SOURCE", "STATE", "QUANTITY", "REFRESH", "VIA", "BASIS");
        for (Sensor sensor : inventory.sources().sensors()) {
            for (Channel channel : sensor.channels()) {
                table.row(
                        channel.id(),
                        "working",
                        channel.quantity().name().toLowerCase(Locale.ROOT),
                        refresh(channel),
                        sensor.via(),
                        channel.basis().name());
            }
        }
        Map<String, List<Inventory.Trouble>> quiet = new LinkedHashMap<>();
        for (Inventory.Trouble trouble : inventory.troubles()) {
            if (trouble.state() == State.NOT_PERMITTED || trouble.state() == State.BROKEN) {
                table.row(trouble.what(), trouble.state().words(), "-", "-", "-", trouble.code());
            } else {
                quiet.computeIfAbsent(trouble.state().words(), words -> new ArrayList<>())
                        .add(trouble);
            }
        }
        table.print(out, "  ");
        quiet.forEach((words, troubles) -> out.printf(
                "  %s: %s%n",
                words,
                troubles.stream()
                        .map(trouble -> trouble.state() == State.NOT_CONFIGURED
                                ? Inventory.source(trouble.first())
                                : trouble.code())
                        .distinct()
                        .collect(Collectors.joining(", "))));
        if (!quiet.isEmpty()) {
            out.println("  (why, and how to add one: neurojoule sources --all, docs/reference/sources.md)");
        }
    }

    private static String refresh(Channel channel) {
        return channel.refresh().isZero() ? "unknown" : seconds(channel.refresh());
    }

    private static String seconds(Duration duration) {
        return Format.quantity(duration.toNanos() * 1e-9, "s");
    }

    private static void trials(Map<Sensor, Trial> trials, PrintWriter out) {
        Table table = new Table();
        table.row("TRIED", "REFRESH SAID", "REAL", "READ", "SLOWEST READ", "SMALLEST STEP", "READS", "FAILED");
        trials.forEach((sensor, trial) -> {
            for (Trial.OfChannel each : trial.channels()) {
                table.row(
                        each.channel().id(),
                        refresh(each.channel()),
                        each.refresh().map(DoctorCommand::seconds).orElse("changed too seldom"),
                        trial.readMedian().map(DoctorCommand::seconds).orElse(Format.ABSENT),
                        trial.readMost().map(DoctorCommand::seconds).orElse(Format.ABSENT),
                        Format.quantity(each.step(), each.channel().quantity().unit()),
                        String.valueOf(trial.reads()),
                        String.valueOf(trial.failures()));
            }
        });
        table.print(out, "  ");
    }

    private static void block(Inventory.Trouble trouble, PrintWriter out) {
        out.printf("  %s  %s cannot be read%n", trouble.code(), trouble.what());
        paragraph(
                "        why    ",
                trouble.first().what() + ": " + trouble.first().why(),
                out);
        paragraph("        you    ", trouble.first().hint(), out);
        if (!trouble.admin().isEmpty()) {
            out.println("        admin  as root; `neurojoule doctor --fix` prints it as a script:");
            trouble.admin().forEach(line -> out.println("               " + line));
        }
    }

    private static void machine(Preflight preflight, List<Note> findings, PrintWriter out) {
        String facts = preflight.facts().entrySet().stream()
                .filter(fact -> !Preflight.IN_HEADER.contains(fact.getKey()))
                .map(fact -> fact.getKey() + " " + fact.getValue().orElse("UNKNOWN"))
                .map(fact -> fact.replace(' ', NO_BREAK))
                .collect(Collectors.joining(NO_BREAK + "· "));
        paragraph("  machine  ", facts, out);
        for (Note finding : findings) {
            out.println();
            out.printf("  %s  %s%n", finding.code(), finding.severity());
            paragraph("        ", finding.message(), out);
        }
    }

    /// Breaks lines between words; what follows the first is set in below it.
    private static void paragraph(String lead, String text, PrintWriter out) {
        StringBuilder line = new StringBuilder(lead);
        boolean empty = true;
        for (String word : Arrays.asList(text.split("\\s+", -1))) {
            if (!empty && line.length() + 1 + word.length() > WIDTH) {
                out.println(line);
                line = new StringBuilder(" ".repeat(lead.length()));
                empty = true;
            }
            line.append(empty ? "" : " ").append(word.replace(NO_BREAK, ' '));
            empty = false;
        }
        out.println(line);
    }

    private static String verdict(Inventory inventory) {
        String count = "%d of %d sources usable"
                .formatted(
                        inventory.usableSources().size(),
                        inventory.knownSources().size());
        return inventory.usable().isEmpty()
                ? count + ". You can profile nothing here: joules need a source."
                : count + ". You can profile: " + String.join(", ", inventory.measurable()) + ".";
    }

    private static String json(
            Inventory inventory, Preflight preflight, Map<Sensor, Trial> trials, List<CrossCheck> checks) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.put("format", FORMAT);
        root.put("tool", Main.TOOL);
        root.put("user", System.getProperty("user.name", ""));
        ObjectNode machine = root.putObject("machine");
        preflight.facts().forEach((name, value) -> machine.put(name, value.orElse(null)));
        ArrayNode findings = root.putArray("findings");
        for (Note finding : findings(inventory, preflight, trials)) {
            ObjectNode node = findings.addObject();
            node.put("code", finding.code());
            node.put("severity", finding.severity());
            node.put("message", finding.message());
            finding.channel().ifPresent(channel -> node.put("channel", channel));
        }
        ArrayNode channels = root.putArray("channels");
        for (Sensor sensor : inventory.sources().sensors()) {
            SourcesJson.channels(sensor, Optional.ofNullable(trials.get(sensor)), channels);
        }
        SourcesJson.missing(inventory.sources(), root.putArray("missing"));
        ArrayNode agreement = root.putArray("agreement");
        for (CrossCheck check : checks) {
            ObjectNode node = agreement.addObject();
            node.put("counter", check.counter().id());
            node.put("power", check.power().id());
            check.ratio().ifPresent(ratio -> node.put("power_over_counter", ratio));
        }
        ArrayNode usable = root.putArray("usable_sources");
        inventory.usableSources().forEach(usable::add);
        ArrayNode known = root.putArray("known_sources");
        inventory.knownSources().forEach(known::add);
        return root.toPrettyString();
    }
}
