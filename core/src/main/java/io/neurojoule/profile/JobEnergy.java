package io.neurojoule.profile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The energy that Slurm has booked for a job: to compare with, never a source.
///
/// It is of whole nodes, from the start of the job to its end, and so no figure of a window; where other jobs share the
/// nodes it is theirs too. Slurm books when a step or the job ends, so a run inside a job usually finds none: ask again
/// after the job.
///
/// @param joules empty if there is none
/// @param reason why there is none; empty if there is one
public record JobEnergy(String job, OptionalDouble joules, String reason) {
    private static final int SECONDS = 10;

    /// Slurm's own words for no value are near 2^64; no job has used this much.
    private static final double MOST_JOULES = 1e15;

    private static final Pattern JOB = Pattern.compile("([0-9]+)(,.*)?");

    /// The job that a run was part of, from the facts in its `run.json`.
    public static Optional<String> jobOf(Map<String, String> facts) {
        Matcher job = JOB.matcher(facts.getOrDefault(Preflight.SLURM_JOB, ""));
        return job.matches() ? Optional.of(job.group(1)) : Optional.empty();
    }

    /// Asks `sacct`, which takes some tenths of a second: after the run, never while measuring.
    ///
    /// @param job number of a job, e.g. from [#jobOf]
    public static JobEnergy of(String job) {
        return of(job, "sacct");
    }

    static JobEnergy of(String job, String sacct) {
        List<String> command =
                List.of(sacct, "--noheader", "--parsable2", "--format=JobIDRaw,ConsumedEnergyRaw", "--jobs=" + job);
        try {
            // A file, as a pipe that nobody reads would stop it, and one that it leaves open would stop us.
            Path said = Files.createTempFile("sacct-", ".txt");
            try {
                return ask(job, command, said);
            } finally {
                Files.deleteIfExists(said);
            }
        } catch (IOException e) {
            return none(job, "'%s': %s".formatted(String.join(" ", command), e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return none(job, "interrupted while asking sacct");
        }
    }

    private static JobEnergy ask(String job, List<String> command, Path said) throws IOException, InterruptedException {
        String typed = String.join(" ", command);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return none(job, "'%s' did not answer within %d s".formatted(typed, SECONDS));
        }
        String text = Files.readString(said, StandardCharsets.UTF_8);
        return process.exitValue() == 0
                ? parse(job, text)
                : none(job, "'%s' failed: %s".formatted(typed, text.strip()));
    }

    /// Reads lines `JOB|JOULES`. Only the row of the job counts: those of its steps overlap in time.
    static JobEnergy parse(String job, String text) {
        for (String line : text.lines().toList()) {
            String[] fields = line.strip().split("\\|", -1);
            if (fields.length < 2 || !fields[0].equals(job)) {
                continue;
            }
            if (!fields[1].matches("[0-9]{1,20}")) {
                return none(job, fields[1].isEmpty() ? notBooked(job) : "sacct says '" + fields[1] + "'");
            }
            double joules = Double.parseDouble(fields[1]);
            return joules > 0 && joules < MOST_JOULES
                    ? new JobEnergy(job, OptionalDouble.of(joules), "")
                    : none(job, notBooked(job));
        }
        return none(job, "sacct knows no job " + job);
    }

    private static String notBooked(String job) {
        return ("Slurm has booked no energy for job %s: it does so when the job ends, and only where AcctGatherEnergyType is"
                        + " set. After the job: sacct -o JobID,ConsumedEnergyRaw -j %s")
                .formatted(job, job);
    }

    private static JobEnergy none(String job, String reason) {
        return new JobEnergy(job, OptionalDouble.empty(), reason);
    }
}
