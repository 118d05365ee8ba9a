package io.neurojoule.profile;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// CPU time spent since boot, in the kernel's ticks: by all, by this process and by the processes of other people.
///
/// @param others by process, those of people who are not the user of this one; empty if nobody else's are shown
record CpuTimes(long busy, long total, long own, Map<String, Long> others) {
    /// People's user ids begin here, below are services (login.defs: UID_MIN 1000).
    private static final int FIRST_PERSON = 1000;

    /// `nobody`.
    private static final int NOBODY = 65534;

    private static final int IDLE = 3;
    private static final int IOWAIT = 4;

    /// user nice system idle iowait irq softirq steal; guest time is in user already.
    private static final int COUNTED = 8;

    /// utime and stime are fields 14 and 15 of proc_pid_stat(5); the split begins behind the name, with field 3.
    private static final int USER_TIME = 14 - 3;

    private static final int SYSTEM_TIME = 15 - 3;

    /// Empty if `/proc/stat` cannot be read or understood.
    static Optional<CpuTimes> read(Path proc) {
        try {
            String[] fields = Files.readString(proc.resolve("stat"))
                    .lines()
                    .findFirst()
                    .orElse("")
                    .trim()
                    .split("\\s+", -1);
            if (fields.length <= COUNTED || !fields[0].equals("cpu")) {
                return Optional.empty();
            }
            long total = 0;
            long waiting = 0;
            for (int i = 0; i < COUNTED; i++) {
                long ticks = Long.parseLong(fields[i + 1]);
                total += ticks;
                waiting += i == IDLE || i == IOWAIT ? ticks : 0;
            }
            Path self = proc.resolve("self");
            return Optional.of(new CpuTimes(
                    total - waiting, total, ticks(self.resolve("stat")).orElse(0L), others(proc, uid(self))));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Map<String, Long> others(Path proc, OptionalInt me) {
        Map<String, Long> ticks = new LinkedHashMap<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                OptionalInt uid = uid(process);
                boolean person = uid.isPresent()
                        && uid.getAsInt() >= FIRST_PERSON
                        && uid.getAsInt() != NOBODY
                        && (me.isEmpty() || me.getAsInt() != uid.getAsInt());
                if (person) {
                    ticks(process.resolve("stat"))
                            .ifPresent(spent -> ticks.put(process.getFileName().toString(), spent));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return Map.of(); // not shown to us
        }
        return ticks;
    }

    /// The real user id of a process; empty if it has ended or is hidden.
    static OptionalInt uid(Path process) {
        try {
            return Files.readString(process.resolve("status"))
                    .lines()
                    .filter(line -> line.startsWith("Uid:"))
                    .mapToInt(line -> Integer.parseInt(line.trim().split("\\s+", -1)[1]))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalInt.empty();
        }
    }

    /// A name may hold anything, even `) `: what follows the last one is numbers.
    private static Optional<Long> ticks(Path stat) {
        try {
            String text = Files.readString(stat);
            String[] fields = text.substring(text.lastIndexOf(')') + 1).trim().split("\\s+", -1);
            return fields.length > SYSTEM_TIME
                    ? Optional.of(Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME]))
                    : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// The share of all processors that others than this process used until `later`; empty if no time has passed.
    OptionalDouble foreignShare(CpuTimes later) {
        long passed = later.total - total;
        long foreign = Math.max(0, later.busy - busy - (later.own - own));
        return passed > 0 ? OptionalDouble.of(Math.min(1, foreign / (double) passed)) : OptionalDouble.empty();
    }

    /// The share of all processors that other people's processes used until `later`; empty if no time has passed.
    OptionalDouble peopleShare(CpuTimes later) {
        long passed = later.total - total;
        long spent = 0;
        for (Map.Entry<String, Long> process : later.others.entrySet()) {
            Long before = others.get(process.getKey());
            spent += before == null ? 0 : Math.max(0, process.getValue() - before);
        }
        return passed > 0 ? OptionalDouble.of(Math.min(1, spent / (double) passed)) : OptionalDouble.empty();
    }
}
