package io.neurojoule.lab;

import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs programs against emulated power sensors and tells how many joules each source really drew.
///
/// A thin front of `lab/powerlab`; its options are in `lab/README.md`. Use it in tests marked with [LabTest].
public final class Lab {
    private static final Duration BUILD_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration TRUTH_TIMEOUT = Duration.ofMinutes(2);
    private static final JsonMapper JSON = new JsonMapper();

    private Lab() {}

    /// A program's life under the lab.
    ///
    /// @param exit the exit status of the program; 128 + n if signal n ended it
    /// @param truth what [Lab#truths] reads; kept in `target/lab` until the next clean build
    public record Run(int exit, String stdout, String stderr, Path truth) {}

    /// Runs a command against emulated sensors and waits for its end.
    ///
    /// The process that calls sees nothing of the sensors: they exist for the command alone. Options that open a
    /// network port cannot be used by two runs at once.
    ///
    /// @param labOptions options of `powerlab run`, e.g. `--rapl`, `intel-2s`, `--profile`, `const:100`
    /// @param env added to the environment of this process
    /// @param timeout of the whole run, with 0.5 to 3 s for setting the lab up
    /// @throws IllegalStateException if the run takes longer; the command has been ended
    public static Run run(List<String> labOptions, List<String> command, Map<String, String> env, Duration timeout)
            throws IOException, InterruptedException {
        Path parent = Files.createDirectories(Path.of("target", "lab").toAbsolutePath());
        Path dir = Files.createTempDirectory(parent, "run-");
        Path truth = dir.resolve("truth.json");
        List<String> line =
                new ArrayList<>(List.of(Root.DIR.resolve("lab/powerlab").toString(), "run", "--quiet"));
        line.addAll(List.of("--truth", truth.toString()));
        line.addAll(labOptions);
        line.add("--");
        line.addAll(command);

        // Files in place of pipes: a full pipe would stop the command, and reading two of them needs threads.
        File stdout = dir.resolve("stdout.txt").toFile();
        File stderr = dir.resolve("stderr.txt").toFile();
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(stdout)
                .redirectError(stderr);
        builder.environment().putAll(env);
        int exit = await(builder.start(), timeout).orElseThrow(() -> tooLong(line, timeout));
        return new Run(exit, Files.readString(stdout.toPath()), Files.readString(stderr.toPath()), truth);
    }

    /// The energy that each source drew in one window, in joules by the source's name.
    ///
    /// @param fromNanos CLOCK_MONOTONIC, as [io.neurojoule.time.Ticker] has it; times outside the command's life count
    ///     as the profile goes on
    /// @see #truths for many windows of one run
    public static Map<String, Double> truth(Path truthJson, long fromNanos, long toNanos)
            throws IOException, InterruptedException {
        return truths(truthJson, List.of(new long[] {fromNanos, toNanos})).getFirst();
    }

    /// The energy that each source drew in each window, in the windows' order.
    ///
    /// @param windows each two times: from, to
    public static List<Map<String, Double>> truths(Path truthJson, List<long[]> windows)
            throws IOException, InterruptedException {
        List<String> line =
                List.of("python3", Root.DIR.resolve("lab/truth_windows.py").toString(), truthJson.toString());
        Process process = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        // The script reads all of its input before it answers, so neither side can wait for the other.
        try (BufferedWriter questions = process.outputWriter()) {
            for (long[] window : windows) {
                questions.write(window[0] + " " + window[1] + "\n");
            }
        }
        List<Map<String, Double>> answers = new ArrayList<>();
        for (String answer : process.inputReader().readAllLines()) {
            Map<String, Double> joules = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> source :
                    JSON.readTree(answer).get("joules").properties()) {
                joules.put(source.getKey(), source.getValue().asDouble());
            }
            answers.add(joules);
        }
        int exit = await(process, TRUTH_TIMEOUT).orElseThrow(() -> tooLong(line, TRUTH_TIMEOUT));
        if (exit != 0 || answers.size() != windows.size()) {
            throw new IOException(line + ": exit " + exit + ", " + answers.size() + " answers to " + windows.size()
                    + " windows; see its message above");
        }
        return answers;
    }

    /// The folder that holds `lab/powerlab`: the root of the repository.
    public static Path root() {
        return Root.DIR;
    }

    /// Why the lab cannot run here and what to do about it, in one line; empty if it can. Tried once per JVM.
    static Optional<String> obstacle() {
        return Obstacle.FOUND;
    }

    /// The exit status; empty if the time ran out and the process was ended.
    private static OptionalInt await(Process process, Duration timeout) throws InterruptedException {
        if (process.waitFor(timeout)) {
            return OptionalInt.of(process.exitValue());
        }
        // First a signal that the lab hands on to the command, so that it can take its mounts away; then by force.
        List<ProcessHandle> family = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        family.forEach(ProcessHandle::destroyForcibly);
        return OptionalInt.empty();
    }

    private static IllegalStateException tooLong(List<String> line, Duration timeout) {
        return new IllegalStateException("took longer than " + timeout + ": " + String.join(" ", line));
    }

    private static final class Root {
        private static final Path DIR = find(Path.of("").toAbsolutePath());

        private static Path find(Path start) {
            for (Path dir : Stream.iterate(Optional.of(start), Optional::isPresent, p -> p.map(Path::getParent))
                    .map(Optional::orElseThrow)
                    .toList()) {
                if (Files.exists(dir.resolve("lab/powerlab"))) {
                    return dir;
                }
            }
            throw new IllegalStateException("no folder above " + start + " holds lab/powerlab");
        }
    }

    private static final class Obstacle {
        private static final List<String> PROGRAMS =
                List.of("python3", "gcc", "make", "pkg-config", "fusermount3", "unshare");

        private static final Optional<String> FOUND = find();

        private static Optional<String> find() {
            try {
                return reason().map(why ->
                        "the lab cannot run here: " + why + ". Try, as root: sh " + Root.DIR + "/lab/setup.sh");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while trying the lab", e);
            }
        }

        private static Optional<String> reason() throws IOException, InterruptedException {
            if (!Files.exists(Path.of("/dev/fuse"))) {
                return Optional.of("there is no /dev/fuse");
            }
            if (!Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
                return Optional.of("it needs root, for mounts of its own");
            }
            List<String> absent =
                    PROGRAMS.stream().filter(name -> !installed(name)).toList();
            if (!absent.isEmpty()) {
                return Optional.of("not installed: " + String.join(" ", absent));
            }
            Optional<String> unbuilt = complaint(
                    List.of("make", "-s", "-C", Root.DIR.resolve("lab").toString()), BUILD_TIMEOUT);
            if (unbuilt.isPresent()) {
                return unbuilt;
            }
            String powerlab = Root.DIR.resolve("lab/powerlab").toString();
            // Containers may deny mounts even to root; only trying tells.
            return complaint(List.of(powerlab, "run", "-q", "--rapl", "intel-2s", "--", "true"), PROBE_TIMEOUT);
        }

        private static boolean installed(String program) {
            return Stream.of(Optional.ofNullable(System.getenv("PATH"))
                            .orElse("/usr/bin:/bin")
                            .split(File.pathSeparator, -1))
                    .anyMatch(dir -> Files.isExecutable(Path.of(dir, program)));
        }

        /// The last line that a failing command said; empty if it succeeds.
        private static Optional<String> complaint(List<String> line, Duration timeout)
                throws IOException, InterruptedException {
            Path said = Files.createTempFile("lab-", ".txt");
            try {
                Process process = new ProcessBuilder(line)
                        .redirectInput(new File("/dev/null"))
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile())
                        .start();
                OptionalInt exit = await(process, timeout);
                if (exit.isEmpty()) {
                    return Optional.of(String.join(" ", line) + ": took longer than " + timeout);
                }
                if (exit.getAsInt() == 0) {
                    return Optional.empty();
                }
                List<String> lines = Files.readAllLines(said).stream()
                        .filter(text -> !text.isBlank())
                        .toList();
                String last = lines.isEmpty() ? "exit " + exit.getAsInt() : lines.getLast();
                return Optional.of(String.join(" ", line) + ": " + last);
            } finally {
                Files.delete(said);
            }
        }
    }
}
