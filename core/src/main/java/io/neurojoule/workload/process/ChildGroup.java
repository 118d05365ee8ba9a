package io.neurojoule.workload.process;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A child that leads a process group of its own, and a watchdog that ends the group when the profiler dies.
///
/// What leaves the group, as a daemon does, is known by a variable of the environment that it inherited.
///
/// The watchdog blocks on a pipe that only the profiler holds, so it uses no processor time and needs no polling; the
/// kernel closes the pipe however the profiler ends. It is no relative of the child and not in its group: nothing of it
/// is measured, and a network that waits for its children does not meet it.
final class ChildGroup {
    /// The value is different for each child.
    private static final String MARK = "NEUROJOULE_CHILD";

    /// Reads the group's id and the mark, then blocks until the pipe closes. Ends the marked processes, too, whatever
    /// their group.
    private static final String WATCHDOG = """
            read -r group mark || exit 0
            read -r end
            all() {
              for file in $(grep -lzxF -- "$mark" /proc/[0-9]*/environ 2>/dev/null); do
                file=${file#/proc/}
                kill -s "$1" -- "${file%/environ}" 2>/dev/null && found=1
              done
              kill -s "$1" -- "-$group" 2>/dev/null && found=1
            }
            for signal in TERM 0 0 KILL; do
              found=
              all $signal
              [ "$found" ] || exit 0
              [ $signal = KILL ] || sleep 1
            done
            """;

    private static final Duration TERM_PATIENCE = Duration.ofSeconds(5);
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(2);
    private static final Duration POLL = Duration.ofMillis(10);

    /// Places in /proc/PID/stat after the name, and its unit of time (proc(5); USER_HZ is 100 on every architecture
    /// that the JDK runs on).
    private static final int STATE = 0;
    private static final int GROUP = 2;
    private static final int UTIME = 11;
    private static final int CSTIME = 14;
    private static final double TICKS_PER_SECOND = 100;

    private final Process process;
    private final Process watchdog;
    private final String mark;

    private final long startNanos;

    private ChildGroup(Process process, Process watchdog, String mark, long startNanos) {
        this.process = process;
        this.watchdog = watchdog;
        this.mark = mark;
        this.startNanos = startNanos;
    }

    /// @param stderr where the child's stderr goes
    static ChildGroup start(
            List<String> command,
            Path directory,
            Map<String, String> env,
            ProcessBuilder.Redirect stderr,
            Optional<String> cpus,
            Ticker ticker)
            throws NetworkException {
        String program = command.getFirst();
        if (cpus.isPresent()) {
            requireProcessors(cpus.get());
        }
        List<String> line = new ArrayList<>(List.of("setsid"));
        cpus.ifPresent(list -> line.addAll(List.of("taskset", "-c", list)));
        line.addAll(command);
        ProcessBuilder builder =
                new ProcessBuilder(line).directory(directory.toFile()).redirectError(stderr);
        builder.environment().putAll(env);
        String mark = MARK + "=" + UUID.randomUUID();
        builder.environment().put(MARK, mark.substring(MARK.length() + 1));
        requireProgram(program, directory, builder.environment().getOrDefault("PATH", ""));
        try {
            Process watchdog = new ProcessBuilder("setsid", "sh", "-c", WATCHDOG)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                // setsid makes the child the leader of a new group, whose id is the child's.
                long startNanos = ticker.nanos();
                Process process = builder.start();
                OutputStream toWatchdog = watchdog.getOutputStream();
                toWatchdog.write((process.pid() + " " + mark + "\n").getBytes(StandardCharsets.US_ASCII));
                toWatchdog.flush();
                return new ChildGroup(process, watchdog, mark, startNanos);
            } catch (IOException failed) {
                watchdog.destroyForcibly();
                throw failed;
            }
        } catch (IOException failed) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    "cannot start '%s' in %s: %s. It needs setsid and taskset of util-linux"
                            .formatted(program, directory, failed.getMessage()));
        }
    }

    Process process() {
        return process;
    }

    /// Just before the child was started.
    long startNanos() {
        return startNanos;
    }

    /// SIGTERM to the group, 5 s, SIGKILL; also to what left the group. Returns when none is left.
    synchronized void end() {
        signal("TERM");
        outside().forEach(ProcessHandle::destroy);
        if (!gone(TERM_PATIENCE)) {
            signal("KILL");
            outside().forEach(ProcessHandle::destroyForcibly);
            if (!gone(KILL_PATIENCE)) {
                System.getLogger(ChildGroup.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "processes of group " + process.pid() + " could not be ended");
            }
        }
        watchdog.destroyForcibly();
        try {
            process.waitFor(KILL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            watchdog.waitFor(KILL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean gone(Duration patience) {
        boolean interrupted = false;
        try {
            for (long polls = patience.dividedBy(POLL); polls > 0; polls--) {
                if (!hasMembers() && outside().isEmpty()) {
                    return true;
                }
                try {
                    Thread.sleep(POLL);
                } catch (InterruptedException again) {
                    // An interrupted profiler still must not leave processes behind.
                    interrupted = true;
                }
            }
            return !hasMembers() && outside().isEmpty();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void signal(String name) {
        if (!hasMembers()) {
            return;
        }
        try {
            Process kill = new ProcessBuilder(
                            "sh", "-c", "kill -s \"$1\" -- \"-$2\"", "sh", name, Long.toString(process.pid()))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            kill.waitFor(KILL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (IOException noShell) {
            // At least the leader can be reached without a shell.
            process.destroyForcibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// CPU time of the group's processes and of those of their children that have ended, in seconds; empty if /proc
    /// does not tell.
    OptionalDouble cpuSeconds() {
        try {
            long ticks = 0;
            for (String[] fields : members()) {
                for (int i = UTIME; i <= CSTIME; i++) {
                    ticks += Long.parseLong(fields[i]);
                }
            }
            return OptionalDouble.of(ticks / TICKS_PER_SECOND);
        } catch (IOException noProc) {
            return OptionalDouble.empty();
        }
    }

    /// Whether a process of the group runs; one that has ended and was not yet waited for does not.
    private boolean hasMembers() {
        try {
            return members().stream().anyMatch(fields -> !fields[STATE].equals("Z"));
        } catch (IOException noProc) {
            return process.isAlive();
        }
    }

    /// proc(5) of each process of the group: the fields after the name in brackets.
    private List<String[]> members() throws IOException {
        String group = Long.toString(process.pid());
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(one ->
                            Character.isDigit(one.getFileName().toString().charAt(0)))
                    .map(ChildGroup::stat)
                    .filter(fields -> fields.length > CSTIME && fields[GROUP].equals(group))
                    .toList();
        }
    }

    /// Processes that carry the mark or descend from the child; those of the group may be among them.
    private List<ProcessHandle> outside() {
        return Stream.concat(process.descendants(), ProcessHandle.allProcesses().filter(this::isMarked))
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    /// Not if it has ended, or belongs to somebody else.
    private boolean isMarked(ProcessHandle one) {
        try {
            String environment = Files.readString(
                    Path.of("/proc", Long.toString(one.pid()), "environ"), StandardCharsets.ISO_8859_1);
            return ("\0" + environment).contains("\0" + mark + "\0");
        } catch (IOException unreadable) {
            return false;
        }
    }

    /// Empty if the process has ended meanwhile.
    private static String[] stat(Path one) {
        try {
            String stat = Files.readString(one.resolve("stat"), StandardCharsets.ISO_8859_1);
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        } catch (IOException ended) {
            return new String[0];
        }
    }

    /// What the profiler itself may not use, its children may not either.
    private static void requireProcessors(String wanted) throws NetworkException {
        Optional<String> allowed;
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            allowed = lines.filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException noProc) {
            return; // taskset will complain
        }
        if (allowed.isPresent() && !processors(allowed.get()).containsAll(processors(wanted))) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    "the network cannot be pinned to processors %s: this process may use %s. Name some of these"
                            .formatted(wanted, allowed.get()));
        }
    }

    /// The numbers in a list such as `0,2-4`.
    private static Set<Integer> processors(String list) {
        Set<Integer> numbers = new HashSet<>();
        for (String part : list.split(",", -1)) {
            String[] ends = part.split("-", 2);
            int last = Integer.parseInt(ends[ends.length - 1]);
            for (int i = Integer.parseInt(ends[0]); i <= last; i++) {
                numbers.add(i);
            }
        }
        return numbers;
    }

    private static void requireProgram(String program, Path directory, String path) throws NetworkException {
        boolean found = program.contains("/")
                ? isProgram(directory.resolve(program))
                : Stream.of(path.split(File.pathSeparator, -1))
                        .anyMatch(folder -> isProgram(directory.resolve(folder).resolve(program)));
        if (!found) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    program.contains("/")
                            ? "cannot start '%s' in %s: no such program, or not executable. Try: chmod +x %s"
                                    .formatted(program, directory, program)
                            : "cannot start '%s': not in PATH. Write its path, e.g. ./%s".formatted(program, program));
        }
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
