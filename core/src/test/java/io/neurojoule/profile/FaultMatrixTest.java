package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Finding;
import io.neurojoule.analysis.Integral;
import io.neurojoule.analysis.WindowEnergy;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;

/// Every fault of the laboratory on every source that it emulates: the run ends, no wrong joule is without a finding,
/// and what has no fault is unaffected. What happens is the table in `docs/reference/faults.md`.
///
/// By itself it makes the phases of [#SHORT]; with `-Dfaults=all` all of them, in three minutes, and with
/// `-Dgolden.update=true` as well it writes the table.
class FaultMatrixTest {
    private static final Path TABLE = Lab.root().resolve("docs/reference/faults.md");
    private static final String HEADER = "| source | what happens | faults |\n|---|---|---|\n";

    /// A chip shows whole milliamperes, or steps of up to half a watt; the bound of a channel does not know these.
    private static final double STEPS = 0.005;

    /// Longer than five refreshes of a sensor of 1 s, so that no reading bridges it.
    private static final double SECONDS = 7.5;

    /// Shorter than one read that stalls, so that the next one is good again. A server stalls for longer than a file,
    /// and
    /// for no multiple of the three seconds after which its controller is asked anew: else an answer may come just in
    /// time or just too late.
    private static final double STALL_SECONDS = 5.5;

    /// Twenty refreshes of a sensor of 1 s: what stands still for less may be a steady load.
    private static final double STILL_SECONDS = 27;

    private static final Set<String> SHORT = Set.of("stall", "vanish");

    /// Power that changes slowly beside a second, so that sensors which sample part of it see it, and by much in the
    /// length of a fault.
    private static final String LOAD = "sine:110,70,11";

    /// Where the faults of one kind go.
    private record Phase(double seconds, Map<String, String> kinds) {}

    /// What one row of the table is about.
    ///
    /// @param target   of the laboratory
    /// @param channels a regular expression
    /// @param source   whose truth it is
    /// @param without  kinds of faults that the laboratory does not have of it
    private record Row(String name, String target, String run, String channels, String source, Set<String> without) {
        Row(String name, String target, String channels, String source, String... without) {
            this(name, target, "all", channels, source, Set.of(without));
        }
    }

    private static final String[] NO_COUNTER = {"back", "reset"};

    private static final String ACPI = "*/ACPI000D:00/*power1_average";

    private static final List<Row> ROWS = List.of(
            new Row(
                    "`rapl` by perf",
                    "pkg0",
                    "rapl:package-0",
                    "pkg0",
                    "garbage",
                    "empty",
                    "stall",
                    "zero",
                    "eacces",
                    "reset"),
            new Row("`rapl` by powercap", "pkg0", "powercap", "rapl:package-0", "pkg0", Set.of()),
            new Row("`nvml` energy", "gpu0", "nvml:0000:41:00.0/energy", "gpu0"),
            new Row("`nvml` power", "gpu0", "nvml:0000:41:00.0/power(-instant)?", "gpu0", NO_COUNTER),
            new Row("`hwmon` energy (i915)", "dgpu0", "hwmon:0000:c5:00.0/energy1", "dgpu0"),
            new Row("`hwmon` power of 35 ms (INA226)", "board", "hwmon:3-0040/power1", "board", NO_COUNTER),
            new Row("`hwmon` power of 1 s (XRT)", "fpga0", "hwmon:0000:c1:00.1/power1", "fpga0", NO_COUNTER),
            new Row("`hwmon` power of 1 s (ACPI)", ACPI, "hwmon:ACPI000D:00/power1", "node", NO_COUNTER),
            new Row("`xrt`", "fpga0", "xrt:0000:c1:00.1/power", "fpga0", NO_COUNTER),
            new Row("`battery`", "bat", "battery:node", "bat", NO_COUNTER),
            new Row("`ipmi` power (DCMI)", "ipmi", "ipmi:bmc/node", "node", NO_COUNTER),
            new Row("`ipmi` energy (XCC)", "ipmi", "ipmi:bmc/node-energy", "node", "zero", "enodata"),
            new Row("`redfish` power", "redfish", "redfish:bmc/node", "node"),
            new Row("`redfish` energy", "redfish", "redfish:bmc/node-energy", "node", "enodata"),
            new Row("`snmp` power", "snmp", "snmp:pdu/inlet", "node"),
            new Row("`snmp` energy", "snmp", "snmp:pdu/inlet-energy", "node"),
            new Row("`http`", "redfish", "http:plug", "node"),
            new Row("`command`", "board", "command:rail", "board", NO_COUNTER));

    /// These have no fault in any phase.
    private static final List<Row> UNAFFECTED = List.of(
            new Row("", "", "rapl:package-1", "pkg1"),
            new Row("", "", "powercap", "rapl:package-1", "pkg1", Set.of()),
            new Row("", "", "nvml:0000:61:00.0/energy", "gpu1"),
            new Row("", "", "hwmon:1-0040/power1", "som"),
            new Row("", "", "hwmon:0000:c3:00.0/power1", "agpu0"));

    private static final List<String> FILES = List.of("pkg0", "dgpu0", "board", "fpga0", ACPI, "bat");

    private static final Map<String, Phase> PHASES = new LinkedHashMap<>();

    private static void phase(String name, double seconds, String files, String... others) {
        Map<String, String> kinds = new LinkedHashMap<>();
        if (!files.isEmpty()) {
            FILES.forEach(target -> kinds.put(target, files));
        }
        for (String other : others) {
            kinds.put(other.split(",", -1)[0], other.split(",", -1)[1]);
        }
        PHASES.put(name, new Phase(seconds, kinds));
    }

    static {
        phase("eio", SECONDS, "eio", "gpu0,eio", "ipmi,badcc", "redfish,badcc", "snmp,silent");
        phase("enodata", SECONDS, "enodata", "gpu0,enodata", "ipmi,enodata", "redfish,enodata", "snmp,enodata");
        phase("garbage", SECONDS, "garbage", "gpu0,notsup", "ipmi,notsup", "redfish,garbage", "snmp,garbage");
        phase("empty", SECONDS, "empty", "gpu0,eacces", "ipmi,silent", "redfish,silent");
        phase("stall", STALL_SECONDS, "stall=6", "gpu0,stall=6", "ipmi,stall=8", "redfish,stall=8", "snmp,stall=8");
        phase("zero", SECONDS, "zero", "gpu0,zero", "ipmi,zero");
        phase("back", SECONDS, "back=3000", "gpu0,back=3000", "ipmi,back=3000");
        phase("reset", SECONDS, "reset", "gpu0,reset", "ipmi,reset");
        phase("stuck", STILL_SECONDS, "stuck", "gpu0,stuck", "ipmi,stuck");
        phase("eacces", SECONDS, "eacces", "snmp,vanish");
        phase("vanish", SECONDS, "vanish", "gpu0,lost");
    }

    @TempDir
    Path directory;

    /// A recording and what the laboratory says of its windows.
    private record Run(List<WindowEnergy> windows, List<Finding> findings, Map<String, Map<String, Double>> truths) {
        static Run of(Recording recording, Path truth) throws Exception {
            List<Map<String, Double>> joules = Lab.truths(
                    truth,
                    recording.windows().stream()
                            .map(window -> new long[] {window.startNanos(), window.endNanos()})
                            .toList());
            Map<String, Map<String, Double>> truths = new LinkedHashMap<>();
            for (int i = 0; i < joules.size(); i++) {
                truths.put(recording.windows().get(i).id(), joules.get(i));
            }
            return new Run(
                    Analyzer.windows(recording), Analyzer.analyze(recording).findings(), truths);
        }

        double truth(WindowEnergy one, Row row) {
            return truths.getOrDefault(one.window().id(), Map.of()).getOrDefault(row.source(), Double.NaN);
        }

        /// Codes of the findings that are about a channel in a window, or about the channel at large; without what
        /// follows from comparing it with the other channels of this laboratory.
        Set<String> codes(WindowEnergy one) {
            return findings.stream()
                    .filter(finding -> !finding.code().equals("counter-power-differ"))
                    .filter(finding -> finding.channel()
                                    .equals(Optional.of(one.channel().id()))
                            && finding.windowId().map(one.window().id()::equals).orElse(true))
                    .map(Finding::code)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private final Map<String, Run> runs = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> cells = new LinkedHashMap<>();
    private final List<String> wrong = new ArrayList<>();

    @LabTest(needs = {"snmpd", "ipmi_sim"})
    void noWrongJouleIsWithoutAFindingAndNothingElseIsAffected() throws Exception {
        boolean all = System.getProperty("faults", "").equals("all");
        Map<String, Phase> phases = new LinkedHashMap<>(PHASES);
        if (!all) {
            phases.keySet().retainAll(SHORT);
        }

        measure(phases);
        judge(phases);

        assertThat(wrong).isEmpty();
        if (all && Boolean.getBoolean("golden.update")) {
            Files.writeString(TABLE, page());
        }
        Map<String, Map<String, String>> golden = golden();
        List<String> differ = new ArrayList<>();
        cells.forEach((row, kinds) -> kinds.forEach((kind, words) -> {
            String told = golden.getOrDefault(row, Map.of()).getOrDefault(kind, "");
            // A mark may come and go, as a short stall can fall between two readings; that all is right or marked was
            // seen.
            if (!words.equals(told) && !(stands(words) && stands(told))) {
                differ.add("%s, %s: %s instead of %s".formatted(row, kind, words, told));
            }
        }));
        assertThat(differ).isEmpty();
    }

    /// Whether every window had a figure.
    private static boolean stands(String words) {
        return words.equals("right") || words.startsWith("marked");
    }

    private void judge(Map<String, Phase> phases) {
        for (Map.Entry<String, Phase> phase : phases.entrySet()) {
            for (Row row : ROWS) {
                judge(phase.getKey(), row, phase.getValue().kinds().getOrDefault(row.target(), ""));
            }
            for (Row row : UNAFFECTED) {
                judge(phase.getKey(), row, "");
            }
        }
    }

    private void measure(Map<String, Phase> phases) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                FaultRun.class.getName(),
                directory.toString()));
        phases.forEach((name, phase) -> command.add("%s=%s=%s"
                .formatted(
                        name,
                        phase.seconds(),
                        phase.kinds().entrySet().stream()
                                .map(kind -> kind.getKey() + "," + kind.getValue())
                                .collect(Collectors.joining(" ")))));
        Lab.Run run = Lab.run(
                List.of(
                        "--rapl",
                        "amd-2s",
                        "--perf",
                        "--nvml",
                        "a100,h100",
                        "--hwmon",
                        "ina226,ina260,alveo,i915,amdgpu,acpi,battery",
                        "--ipmi",
                        String.valueOf(FaultRun.IPMI),
                        "--redfish",
                        String.valueOf(FaultRun.REDFISH),
                        "--snmp",
                        String.valueOf(FaultRun.SNMP),
                        "--profile",
                        LOAD),
                command,
                Map.of("IPMI_PW", "ADMIN", "REDFISH_PW", "powerlab"),
                Duration.ofMinutes(5));
        assertThat(run.exit()).as(run.stdout() + run.stderr()).isZero();
        read(run.truth());
    }

    private void read(Path truth) throws Exception {
        for (String name : List.of("all", "powercap")) {
            runs.put(name, Run.of(Recording.open(directory.resolve(name)), truth));
        }
    }

    /// Compares the windows of a phase with the truth, and notes what the table says of it.
    ///
    /// @param kind of the fault; empty if the row has none in this phase
    private void judge(String phase, Row row, String kind) {
        Run run = runs.getOrDefault(row.run(), new Run(List.of(), List.of(), Map.of()));
        List<WindowEnergy> mine = run.windows().stream()
                .filter(one -> one.channel().id().matches(row.channels())
                        && one.window().cellId().equals(phase))
                .toList();
        assertThat(mine).as(row.channels()).hasSizeGreaterThanOrEqualTo(4);
        Set<String> words = new TreeSet<>();
        for (WindowEnergy one : mine) {
            double joules = run.truth(one, row);
            boolean isAfter = one.window().repeat() == 4;
            String where = "%s, window %d of %s, which drew %.1f J: %s"
                    .formatted(phase, one.window().repeat(), one.channel().id(), joules, one.integral());
            switch (one.integral()) {
                case Energy energy -> {
                    Set<String> codes = run.codes(one);
                    boolean right = Math.abs(energy.joules() - joules) <= energy.boundJoules() + STEPS * joules;
                    if (!right && codes.isEmpty()) {
                        wrong.add(where);
                    }
                    if (one.window().repeat() == 2) {
                        codes.forEach(code -> words.add("marked `" + code + "`"));
                    }
                }
                case Integral.Unavailable none -> {
                    if (kind.isEmpty()) {
                        wrong.add(where);
                    }
                    words.add(isAfter ? "channel ends" : "`" + none.code() + "`");
                }
            }
        }
        String bare = kind.replaceFirst("=.*", "");
        if (!bare.isEmpty() && !row.without().contains(bare)) {
            cells.computeIfAbsent(row.name(), name -> new TreeMap<>())
                    .put(bare, words.isEmpty() ? "right" : String.join(", ", words));
        }
    }

    /// The cells of the table, by row and kind.
    private static Map<String, Map<String, String>> golden() throws IOException {
        Map<String, Map<String, String>> golden = new LinkedHashMap<>();
        for (String line : Files.readAllLines(TABLE)) {
            String[] fields = line.split(" \\| |^\\| | \\|$", -1);
            if (line.startsWith("| `") && fields.length == 5) {
                for (String kind : fields[3].split(" ", -1)) {
                    golden.computeIfAbsent(fields[1], name -> new TreeMap<>()).put(kind, fields[2]);
                }
            }
        }
        return golden;
    }

    /// The page with the cells in place of its table: kinds of one outcome stand together.
    private String page() throws IOException {
        StringBuilder table = new StringBuilder(HEADER);
        cells.forEach((row, kinds) -> {
            Map<String, List<String>> byWords = new TreeMap<>();
            kinds.forEach((kind, words) ->
                    byWords.computeIfAbsent(words, none -> new ArrayList<>()).add(kind));
            byWords.forEach(
                    (words, same) -> table.append("| %s | %s | %s |\n".formatted(row, words, String.join(" ", same))));
        });
        String page = Files.readString(TABLE);
        return page.substring(0, page.indexOf(HEADER)) + table;
    }
}
