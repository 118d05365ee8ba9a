package io.neurojoule.experiment;

import io.neurojoule.recording.Conditions;
import io.neurojoule.workload.NetworkUnderTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What else goes on beside the network: CPU time of the machine, of the network and of the profiler, and throttling.
///
/// Files are read before and after a window, never inside.
final class Surroundings {
    /// USER_HZ, the unit of times in /proc (proc(5)).
    private static final double TICKS_PER_SECOND = 100;

    /// user, nice, system, irq, softirq and steal of the first line of /proc/stat; guest time is in user already.
    private static final List<Integer> BUSY = List.of(1, 2, 3, 6, 7, 8);

    private final Path proc;
    private final List<Path> throttleCounts;

    private Surroundings(Path proc, List<Path> throttleCounts) {
        this.proc = proc;
        this.throttleCounts = throttleCounts;
    }

    /// @param proc  `/proc`
    /// @param sysfs `/sys`
    static Surroundings of(Path proc, Path sysfs) {
        return new Surroundings(proc, throttleCounts(sysfs));
    }

    /// Counts since the start of the machine or process.
    record Counts(
            OptionalDouble machineSeconds,
            OptionalDouble networkSeconds,
            OptionalDouble profilerSeconds,
            OptionalLong throttles) {
        Conditions until(Counts later) {
            return new Conditions(
                    minus(later.machineSeconds, machineSeconds),
                    minus(later.networkSeconds, networkSeconds),
                    minus(later.profilerSeconds, profilerSeconds),
                    later.throttles.isPresent() && throttles.isPresent()
                            ? OptionalLong.of(later.throttles.getAsLong() - throttles.getAsLong())
                            : OptionalLong.empty());
        }

        private static OptionalDouble minus(OptionalDouble a, OptionalDouble b) {
            return a.isPresent() && b.isPresent()
                    ? OptionalDouble.of(a.getAsDouble() - b.getAsDouble())
                    : OptionalDouble.empty();
        }
    }

    /// @param network empty when none runs: it has used nothing
    Counts now(Optional<NetworkUnderTest> network) {
        return new Counts(
                machineSeconds(),
                network.map(NetworkUnderTest::cpuSeconds).orElse(OptionalDouble.of(0)),
                ownSeconds(),
                throttles());
    }

    private OptionalDouble machineSeconds() {
        try (Stream<String> lines = Files.lines(proc.resolve("stat"))) {
            String[] fields = lines.findFirst().orElse("").split("\\s+", -1);
            double ticks = 0;
            for (int field : BUSY) {
                ticks += Long.parseLong(fields[field]);
            }
            return OptionalDouble.of(ticks / TICKS_PER_SECOND);
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return OptionalDouble.empty(); // this machine does not tell
        }
    }

    private static OptionalDouble ownSeconds() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(duration -> OptionalDouble.of(duration.toNanos() * 1e-9))
                .orElse(OptionalDouble.empty());
    }

    /// A core's count is that of all its threads; a machine without the files does not tell.
    private OptionalLong throttles() {
        if (throttleCounts.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            long sum = 0;
            for (Path file : throttleCounts) {
                sum += Long.parseLong(Files.readString(file).strip());
            }
            return OptionalLong.of(sum);
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /// Kernel, arch/x86/kernel/cpu/mce/therm_throt.c: counts of each core and of its package.
    private static List<Path> throttleCounts(Path sysfs) {
        try (Stream<Path> cpus = Files.list(sysfs.resolve("devices/system/cpu"))) {
            return cpus.filter(cpu -> cpu.getFileName().toString().matches("cpu\\d+"))
                    .flatMap(cpu -> Stream.of(
                            cpu.resolve("thermal_throttle/core_throttle_count"),
                            cpu.resolve("thermal_throttle/package_throttle_count")))
                    .filter(Files::isReadable)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
