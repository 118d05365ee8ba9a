package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.recording.Note;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Trees made after proc(5) and the kernel's ABI pages for cpufreq, intel_pstate, smt, clocksource, dmi and
/// power_supply.
class PreflightTest {
    private static void nothing() {}

    @TempDir
    Path root;

    /// A server of its own, with nothing to complain about.
    @BeforeEach
    void bareMetal() throws IOException {
        write("proc/cpuinfo", "processor : 0\nmodel name : AMD EPYC 7763\nflags : fpu vme tsc\n");
        write("proc/sys/kernel/osrelease", "5.14.0\n");
        write("proc/sys/kernel/hostname", "n1\n");
        write("proc/loadavg", "0.00 0.01 0.05 1/800 4242\n");
        write("proc/1/cgroup", "0::/init.scope\n");
        write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / /proc rw - proc proc rw\n");
        write("proc/self/status", "Name:\tjava\nUid:\t1000\t1000\t1000\t1000\n");
        write("proc/self/stat", process("java", 0));
        stat(0, 0);
        write("sys/class/dmi/id/sys_vendor", "Supermicro\n");
        write("sys/class/dmi/id/product_name", "AS-1024\n");
        for (int cpu = 0; cpu < 4; cpu++) {
            write("sys/devices/system/cpu/cpu" + cpu + "/cpufreq/scaling_governor", "performance\n");
        }
        write("sys/devices/system/cpu/cpufreq/boost", "0\n");
        write("sys/devices/system/cpu/smt/active", "0\n");
        write("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
        Files.createDirectories(root.resolve("sys/class/power_supply"));
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.resolve("..").normalize());
        Files.writeString(path, text);
    }

    /// Four processors.
    private void stat(long busy, long idle) throws IOException {
        write(
                "proc/stat",
                "cpu  %d 0 0 %d 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\ncpu2 0 0 0 0 0 0 0 0 0 0\ncpu3 0 0 0 0 0 0 0 0 0 0\n"
                        .formatted(busy, idle));
    }

    private static String process(String name, long ticks) {
        return "7 (%s) S 1 7 7 0 -1 4194304 0 0 0 0 %d 0 0 0 20 0 1 0 5 0 0\n".formatted(name, ticks);
    }

    private Preflight look(Map<String, String> environment, Runnable pause) {
        return Preflight.look(new Preflight.Place(root, root.resolve("proc"), root.resolve("sys")), environment, pause);
    }

    private Preflight look() {
        return look(Map.of(), PreflightTest::nothing);
    }

    /// While one looks, `busy` of 400 ticks are spent, `own` of them by this process.
    private Preflight lookWhile(long busy, long own) {
        return look(Map.of(), () -> {
            try {
                stat(busy, 400 - busy);
                write("proc/self/stat", process("java", own));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void aQuietServerHasNoFinding() {
        Preflight quiet = lookWhile(2, 0);

        assertThat(quiet.findings()).isEmpty();
        assertThat(quiet.facts())
                .allSatisfy((name, value) -> assertThat(value).as(name).isPresent());
        assertThat(quiet.environment())
                .containsEntry("governor", "performance")
                .containsEntry("virtual machine", "no")
                .containsEntry("container", "no")
                .containsEntry("turbo", "off")
                .containsEntry("SMT", "off")
                .containsEntry("other load", "0.5 %")
                .containsEntry("clock source", "tsc")
                .containsEntry("power supply", "no battery")
                .containsEntry("logical CPUs", "4")
                .doesNotContainKeys("host", "processor");
    }

    @Test
    void whatNoFileTellsIsUnknownAndNoFinding() {
        Path nowhere = root.resolve("nowhere");

        Preflight blind = Preflight.look(
                new Preflight.Place(nowhere, nowhere.resolve("proc"), nowhere.resolve("sys")),
                Map.of(),
                PreflightTest::nothing);

        assertThat(blind.findings()).isEmpty();
        blind.facts().forEach((name, value) -> {
            if (!name.equals("java") && !name.equals("Slurm job")) {
                assertThat(value).as(name).isEmpty();
            }
        });
    }

    @Test
    void aVirtualMachineIsToldByTheProcessorOrByTheFirmware() throws IOException {
        write("proc/cpuinfo", "model name : AMD EPYC\nflags : fpu hypervisor tsc\n");
        assertThat(look().warnings()).extracting(Note::code).containsExactly("virtual-machine");

        bareMetal();
        write("sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009) KVM\n");
        assertThat(look().warnings()).extracting(Note::code).containsExactly("virtual-machine");
    }

    @Test
    void anArmBoardWithoutFirmwareTablesDoesNotTellWhetherItIsVirtual() throws IOException {
        write("proc/cpuinfo", "processor : 0\nFeatures : fp asimd\nModel : Raspberry Pi 5\n");
        Files.delete(root.resolve("sys/class/dmi/id/sys_vendor"));
        Files.delete(root.resolve("sys/class/dmi/id/product_name"));

        assertThat(look().fact("virtual machine")).isEmpty();
        assertThat(look().fact(Preflight.PROCESSOR)).contains("Raspberry Pi 5");
    }

    @Test
    void aContainerIsToldByItsMarkItsGroupOrItsRoot() throws IOException {
        write("run/.containerenv", "");
        assertThat(look().findings()).extracting(Note::code).containsExactly("container");
        Files.delete(root.resolve("run/.containerenv"));

        write("proc/1/cgroup", "0::/kubepods/burstable/pod1\n");
        assertThat(look().findings()).extracting(Note::code).containsExactly("container");
        bareMetal();

        write("proc/self/mountinfo", "22 1 0:9 / / rw - overlay overlay rw,lowerdir=/l\n");
        assertThat(look().findings()).extracting(Note::code).containsExactly("container");
        assertThat(look().warnings()).isEmpty();
    }

    @Test
    void inAContainerTheLoadOfOthersIsUnknown() throws IOException {
        assertThat(lookWhile(2, 0).fact("other users' load")).contains("0.0 %");

        write(".dockerenv", "");
        assertThat(lookWhile(4, 0).fact("other users' load")).isEmpty();
    }

    @Test
    void aLaptopOnItsBatteryIsReportedAndItsMouseIsNot() throws IOException {
        write("sys/class/power_supply/hidpp_battery_0/type", "Battery\n");
        write("sys/class/power_supply/hidpp_battery_0/scope", "Device\n");
        write("sys/class/power_supply/hidpp_battery_0/status", "Discharging\n");
        assertThat(look().fact("power supply")).contains("no battery");

        write("sys/class/power_supply/BAT0/type", "Battery\n");
        write("sys/class/power_supply/BAT0/status", "Charging\n");
        assertThat(look().fact("power supply")).contains("mains");

        write("sys/class/power_supply/BAT0/status", "Discharging\n");
        assertThat(look().warnings()).extracting(Note::code).containsExactly("on-battery");
    }

    @Test
    void aGovernorThatFollowsTheLoadOnSomeProcessorsIsReported() throws IOException {
        write("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "schedutil\n");

        assertThat(look().warnings()).extracting(Note::code).containsExactly("governor-not-performance");
        assertThat(look().fact("governor")).contains("performance on 3, schedutil on 1");
    }

    @Test
    void turboIsToldByEitherDriver() throws IOException {
        write("sys/devices/system/cpu/cpufreq/boost", "1\n");
        assertThat(look().findings()).extracting(Note::code).containsExactly("turbo-on");

        write("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
        assertThat(look().fact("turbo")).contains("off");
        write("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
        assertThat(look().fact("turbo")).contains("on");
    }

    @Test
    void turboAndTwoThreadsPerCoreArePropertiesAndNoWarnings() throws IOException {
        write("sys/devices/system/cpu/cpufreq/boost", "1\n");
        write("sys/devices/system/cpu/smt/active", "1\n");

        assertThat(look().findings()).extracting(Note::code).containsExactly("turbo-on", "smt-on");
        assertThat(look().warnings()).isEmpty();
    }

    @Test
    void theLoadOfOthersCountsAndOurOwnDoesNot() {
        assertThat(lookWhile(100, 98).warnings()).isEmpty();
        // 100 more ticks, 20 of them ours: 80 of 400.
        Preflight busy = look(Map.of(), () -> {
            try {
                stat(200, 600);
                write("proc/self/stat", process("java", 118));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        assertThat(busy.warnings()).extracting(Note::code).containsExactly("other-load");
        assertThat(busy.fact("other load")).contains("20.0 %");
    }

    @Test
    void anotherPersonsProcessMakesASharedNodeAndAServiceDoesNot() throws IOException {
        write("proc/300/status", "Name:\tdaemon\nUid:\t33\t33\t33\t33\n");
        write("proc/300/stat", process("daemon", 0));
        write("proc/400/status", "Name:\tsim\nUid:\t1001\t1001\t1001\t1001\n");
        write("proc/400/stat", process("a) name", 5));

        Preflight shared = look(Map.of(), () -> {
            try {
                stat(16, 384);
                write("proc/300/stat", process("daemon", 8));
                write("proc/400/stat", process("a) name", 13));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        assertThat(shared.fact("other users' load")).contains("2.0 %");
        assertThat(shared.warnings()).extracting(Note::code).containsExactly("shared-node");
    }

    @Test
    void processesThatAreHiddenMakeTheLoadOfOthersUnknown() throws IOException {
        write("proc/self/mountinfo", "23 22 0:5 / /proc rw,nosuid - proc proc rw,gid=4,hidepid=invisible\n");

        assertThat(lookWhile(2, 0).fact("other users' load")).isEmpty();
    }

    @Test
    void aSlurmJobWithAPartOfTheNodeSharesIt() throws IOException {
        assertThat(look(Map.of("SLURM_JOB_ID", "12", "SLURM_CPUS_ON_NODE", "4"), PreflightTest::nothing)
                        .findings())
                .isEmpty();
        assertThat(look(Map.of("SLURM_JOB_ID", "12", "SLURM_CPUS_ON_NODE", "2"), PreflightTest::nothing)
                        .warnings())
                .extracting(Note::code)
                .containsExactly("shared-node");
        assertThat(look(Map.of("SLURM_JOB_ID", "12"), PreflightTest::nothing).fact(Preflight.SLURM_JOB))
                .contains("12, its share of the node is not told");

        write("sys/devices/system/cpu/smt/active", "1\n");
        assertThat(look(Map.of("SLURM_JOB_ID", "12", "SLURM_CPUS_ON_NODE", "2"), PreflightTest::nothing)
                        .warnings())
                .isEmpty();
    }

    @Test
    void aSlowClockIsReported() throws IOException {
        write("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");

        assertThat(look().warnings()).extracting(Note::code).containsExactly("clock-source");
    }
}
