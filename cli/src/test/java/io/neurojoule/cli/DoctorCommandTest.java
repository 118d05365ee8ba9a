package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.profile.Sources;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery.Missing;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What the doctor says, of trees after the kernel's powercap.rst and of the laboratory's sensors.
class DoctorCommandTest {
    private static final Duration TIMEOUT = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    private final StringWriter printed = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(printed, true), arguments);
    }

    /// A zone whose counter is missing: broken for root and for others.
    private String broken() throws IOException {
        Path zone = Files.createDirectories(directory.resolve("sys/class/powercap/intel-rapl:0"));
        Files.writeString(zone.resolve("name"), "package-0\n");
        Files.writeString(zone.resolve("max_energy_range_uj"), "262143328850\n");
        return directory.resolve("sys").toString();
    }

    private static Sources found(Missing... missing) {
        return new Sources(List.of(), List.of(missing));
    }

    private static Missing denied(int place) {
        String id = "rapl:package-" + place;
        return Missing.notPermitted("rapl-permission", id, "no", "ask")
                .withAdmin("groupadd -f energy", "chmod g+r " + id)
                .of(Channel.counter(id, Component.of(Component.Kind.CPU, "package-" + place), 1, 0, Duration.ZERO));
    }

    @Test
    void aBrokenCounterHasABlockAndTheLastLineSaysWhatIsLeft() throws IOException {
        int exit = run("doctor", "--sysfs", broken());

        assertThat(exit).isZero();
        assertThat(printed.toString())
                .contains("rapl-unreadable  rapl:package-0 cannot be read", "why ", "you ")
                .contains("governor UNKNOWN")
                .containsPattern(
                        "1 of [2-9][0-9]* sources usable\\. You can profile: CPU packages \\(estimate, ESTIMATED ± ");
    }

    @Test
    void asJsonItIsTheSameAsData() throws IOException {
        assertThat(run("doctor", "--json", "--sysfs", broken())).isZero();

        JsonNode root = JsonMapper.shared().readTree(printed.toString());
        assertThat(root.path("machine").path("governor").isNull()).isTrue();
        assertThat(root.path("machine").path("kernel").asString()).isNotBlank();
        assertThat(root.path("missing"))
                .filteredOn(missing -> missing.path("code").asString().equals("rapl-unreadable"))
                .singleElement()
                .satisfies(missing -> {
                    assertThat(missing.path("state").asString()).isEqualTo("broken");
                    assertThat(missing.path("channel").asString()).isEqualTo("rapl:package-0");
                });
        assertThat(root.path("channels").path(0).path("channel").asString()).isEqualTo("estimate:cpu");
        assertThat(root.path("usable_sources")).extracting(JsonNode::asString).containsExactly("estimate");
        assertThat(root.path("known_sources")).extracting(JsonNode::asString).contains("estimate", "rapl");
    }

    @Test
    void theSameTroubleOfManyThingsIsOneAndItsCommandsStandOnce() {
        Inventory inventory = new Inventory(found(denied(0), denied(1), denied(2), denied(3)));

        assertThat(inventory.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.what()).isEqualTo("rapl:package-0, rapl:package-1 and 2 more");
            assertThat(trouble.admin()).hasSize(5).startsWith("groupadd -f energy", "chmod g+r rapl:package-0");
        });
    }

    @Test
    void whatWaitsToBeConfiguredIsNotCountedAsUnusable() {
        Inventory inventory = new Inventory(
                found(denied(0), Missing.notConfigured("redfish-not-asked", "redfish", "not asked", "name a host")));

        assertThat(inventory.usableSources()).isEmpty();
        assertThat(inventory.knownSources()).containsExactly("rapl");
    }

    @Test
    void theScriptIsValidShellAndWarnsOfTheSideChannel() throws Exception {
        List<String> lines = AdminScript.lines(new Inventory(found(denied(0))));

        assertThat(lines).contains("groupadd -f energy").startsWith("#!/bin/sh");
        assertThat(String.join("\n", lines)).contains("CVE-2020-8694", "Slurm", "docker run");
        Path script = Files.write(directory.resolve("fix.sh"), lines);
        assertThat(exit("sh", "-n", script.toString())).isZero();
        if (Files.isExecutable(Path.of("/usr/bin/shellcheck"))) {
            assertThat(exit("/usr/bin/shellcheck", script.toString())).isZero();
        }
    }

    @Test
    void theScriptIsPrintedAndNothingElse() throws IOException {
        assertThat(run("doctor", "--fix", "--sysfs", broken())).isZero();

        assertThat(printed.toString()).startsWith("#!/bin/sh\n").doesNotContain("SOURCE", "sources usable");
    }

    @Test
    void underStrictARunDoesNotStartWhereTheDoctorWarns() throws IOException {
        Path cpu = Files.createDirectories(directory.resolve("sys/devices/system/cpu/cpu0/cpufreq"));
        Files.writeString(cpu.resolve("scaling_governor"), "powersave\n");
        Path clock = Files.createDirectories(directory.resolve("sys/devices/system/clocksource/clocksource0"));
        Files.writeString(clock.resolve("current_clocksource"), "hpet\n");
        String[] profile = {
            "profile",
            "--adapter",
            "true",
            "--strict",
            "--sysfs",
            directory.resolve("sys").toString(),
            "-o",
            directory.resolve("run").toString()
        };

        assertThat(run(profile)).isEqualTo(Exit.GATE);

        assertThat(printed.toString()).contains("governor-not-performance: ", "clock-source: ", "hpet");
        assertThat(directory.resolve("run")).doesNotExist();
    }

    @Test
    void sourcesAsCsvHaveARowEachAndMissingOnesAreOneLineUnlessAllIsAsked() throws IOException {
        String sysfs = broken();
        run("sources", "--csv", "--sysfs", sysfs);
        assertThat(printed.toString().lines().map(line -> line.split(",", -1)[0]))
                .startsWith("source", "estimate:cpu")
                .contains("rapl:package-0");

        printed.getBuffer().setLength(0);
        run("sources", "--sysfs", sysfs);
        assertThat(printed.toString())
                .contains("broken  rapl-unreadable: rapl:package-0")
                .doesNotContain("dmesg");

        printed.getBuffer().setLength(0);
        run("sources", "--all", "--sysfs", sysfs);
        assertThat(printed.toString()).contains("dmesg");
    }

    @Test
    void theLengthOfAWatchMayHaveItsUnit() throws IOException {
        assertThat(run("sources", "--watch", "--for", "1s", "--csv", "--sysfs", broken()))
                .isZero();
        assertThat(printed.toString())
                .startsWith("second,channel,watts,basis,reason")
                .contains("1,estimate:cpu,");

        assertThat(run("sources", "--watch", "--for", "soon")).isEqualTo(Exit.USAGE);
    }

    @LabTest
    void rootSeesTheCountersWorking() throws Exception {
        Lab.Run run = doctor(List.of("--rapl", "intel-2s"), System.getProperty("java.class.path"));

        assertThat(run.exit()).as(run.stderr()).isZero();
        assertThat(run.stdout())
                .containsPattern("rapl:package-1 +working +energy +1 ms +powercap +MEASURED")
                .contains("You can profile: memory (rapl, MEASURED), CPU packages (rapl, MEASURED)")
                .doesNotContain("rapl-permission");
    }

    @LabTest
    void anotherUserIsToldWhatAnAdministratorCanDo() throws Exception {
        List<String> nobody = List.of("--rapl", "intel-2s", "--user", "nobody", "--rapl-mode", "400");
        String readable = readableByAll();

        Lab.Run run = doctor(nobody, readable);
        Lab.Run fix = doctor(nobody, readable, "--fix");

        assertThat(run.exit()).as(run.stderr()).isZero();
        assertThat(run.stdout())
                .containsPattern("rapl:dram-0, rapl:dram-1 and 2 more +not permitted")
                .contains("(mode 0400, owner", "root)", "usermod -aG energy nobody", "/etc/udev/rules.d/70-")
                .contains("You can profile: CPU packages (estimate, ESTIMATED");
        assertThat(fix.stdout()).contains("groupadd -f energy\n", "CVE-2020-8694");
        Path script = Files.writeString(directory.resolve("fix.sh"), fix.stdout());
        assertThat(exit("sh", "-n", script.toString())).isZero();
    }

    /// Everything is done within the laboratory's own mounts, with `/etc` under one of them, and ends with these.
    @LabTest
    void whatTheScriptSaysReallyHelpsAnotherUser() throws Exception {
        String script = """
                set -e
                mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work
                mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
                chmod 400 /sys/class/hwmon/hwmon*/power1_input /sys/bus/pci/devices/*/xmc.u.*/xmc_power
                doctor() { setpriv --reuid=nobody --regid=nogroup $GROUPS_AS env HOME=/tmp "$JAVA" \
                    --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1 -cp "$CLASSES" io.neurojoule.cli.Main doctor "$@"; }
                GROUPS_AS=--clear-groups
                doctor --json > before.json
                doctor --fix > fix.sh
                sh fix.sh > fixing.txt 2>&1 || true
                GROUPS_AS=--init-groups
                doctor --json > after.json
                # A boot: the files are root's again, and udev tells its rules of them.
                chown root:root /sys/class/powercap/intel-rapl:*/energy_uj
                chmod 400 /sys/class/powercap/intel-rapl:*/energy_uj
                "$UDEVADM" trigger --action=add --subsystem-match=powercap
                doctor --json > booted.json
                """;
        Lab.Run run = Lab.run(
                List.of("--rapl", "intel-2s", "--hwmon", "ina226,alveo", "--backend", "files"),
                List.of("sh", "-c", "cd " + directory + "\n" + script),
                Map.of(
                        "JAVA",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "CLASSES",
                        readableByAll(),
                        // A stand-in for udevadm: no udevd runs here.
                        "UDEVADM",
                        Lab.root().resolve("lab/bin/udevadm").toString()),
                TIMEOUT);

        assertThat(run.exit()).as(run.stdout() + run.stderr()).isZero();
        JsonNode before = JsonMapper.shared().readTree(Files.readString(directory.resolve("before.json")));
        assertThat(codes(before)).contains("rapl-permission", "hwmon-permission", "xrt-permission");
        assertThat(channels(before)).noneMatch(id -> id.startsWith("rapl:"));
        for (String then : List.of("after.json", "booted.json")) {
            JsonNode after = JsonMapper.shared().readTree(Files.readString(directory.resolve(then)));
            assertThat(channels(after))
                    .as(then + Files.readString(directory.resolve("fixing.txt")))
                    .contains("rapl:package-0", "rapl:package-1", "rapl:dram-0", "rapl:dram-1")
                    .contains("hwmon:3-0040/power1", "xrt:0000:c1:00.1/power");
            assertThat(codes(after)).noneMatch(code -> code.endsWith("-permission"));
        }
    }

    private static List<String> codes(JsonNode doctor) {
        return doctor.path("missing")
                .valueStream()
                .map(one -> one.path("code").asString())
                .toList();
    }

    private static List<String> channels(JsonNode doctor) {
        return doctor.path("channels")
                .valueStream()
                .map(one -> one.path("channel").asString())
                .toList();
    }

    @LabTest
    void theRealRefreshOfAMillisecondIsFound() throws Exception {
        Lab.Run run = doctor(
                List.of("--rapl", "intel-1s", "--profile", "const:100", "--backend", "files"),
                System.getProperty("java.class.path"),
                "--deep",
                "--json");

        assertThat(run.exit()).as(run.stderr()).isZero();
        JsonNode channels = JsonMapper.shared().readTree(run.stdout()).path("channels");
        assertThat(channels)
                .filteredOn(channel -> channel.path("channel").asString().startsWith("rapl:"))
                .isNotEmpty()
                .allSatisfy(channel -> {
                    assertThat(channel.path("tried").path("refresh_seconds").asDouble())
                            .isBetween(0.0005, 0.002);
                    assertThat(channel.path("tried").path("read_seconds_median").asDouble())
                            .isBetween(1e-8, 1e-3);
                    assertThat(channel.path("tried").path("step").asDouble()).isPositive();
                });
    }

    private static Lab.Run doctor(List<String> lab, String classPath, String... flags) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("doctor"));
        arguments.addAll(List.of(flags));
        return Lab.run(lab, Program.command(classPath, arguments), Map.of(), TIMEOUT);
    }

    private static int exit(String... command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /// Copies of the classes where any user may read them: a build's folders may be private.
    private String readableByAll() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> copies = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            if (Files.exists(from) && !entry.contains("onnxruntime")) {
                Path to = directory.resolve(copies.size() + "-" + from.getFileName());
                copy(from, to);
                copies.add(to.toString());
            }
        }
        return copies.stream().collect(Collectors.joining(File.pathSeparator));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                boolean isFolder = Files.isDirectory(file);
                if (isFolder) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
                Files.setPosixFilePermissions(
                        copy, PosixFilePermissions.fromString(isFolder ? "rwxr-xr-x" : "rw-r--r--"));
            }
        }
    }
}
