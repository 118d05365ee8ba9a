package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Answers as sacct(1) describes them: `--parsable2`, one row for the job and one for each step.
class JobEnergyTest {
    @TempDir
    Path directory;

    private String sacct(String script) throws IOException {
        Path file = Files.writeString(directory.resolve("sacct"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file.toString();
    }

    @Test
    void onlyTheRowOfTheJobCounts() {
        JobEnergy energy = JobEnergy.parse("812345", "812345|43210\n812345.batch|43000\n812345.0|40000\n");

        assertThat(energy.joules()).hasValue(43210);
        assertThat(energy.reason()).isEmpty();
    }

    @Test
    void whatIsNotBookedYetIsNoFigure() {
        for (String value : new String[] {"", "0", "18446744073709551614"}) {
            JobEnergy energy = JobEnergy.parse("1", "1|" + value + "\n1.0|500\n");

            assertThat(energy.joules()).as(value).isEmpty();
            assertThat(energy.reason()).as(value).contains("booked no energy").contains("sacct -o");
        }
    }

    @Test
    void anUnknownJobAndAnOddAnswerAreNoFigure() {
        assertThat(JobEnergy.parse("1", "").reason()).contains("knows no job 1");
        assertThat(JobEnergy.parse("1", "12|5\n").reason()).contains("knows no job 1");
        assertThat(JobEnergy.parse("1", "1|4.3K\n").reason()).contains("'4.3K'");
    }

    @Test
    void sacctIsAskedForTheJob() throws IOException {
        JobEnergy energy = JobEnergy.of("77", sacct("echo \"77|$(echo \"$@\" | grep -c -- '--jobs=77')000\""));

        assertThat(energy.joules()).hasValue(1000);
    }

    @Test
    void aSacctThatFailsOrIsAbsentIsNoFigureAndSaysWhy() throws IOException {
        JobEnergy failed = JobEnergy.of("77", sacct("echo Slurm accounting storage is disabled >&2; exit 1"));
        JobEnergy absent = JobEnergy.of("77", directory.resolve("none").toString());

        assertThat(failed.joules()).isEmpty();
        assertThat(failed.reason()).contains("accounting storage is disabled");
        assertThat(absent.reason()).contains("none");
    }

    @Test
    void theJobIsThatOfTheEnvironment() {
        assertThat(JobEnergy.jobOf(Map.of(Preflight.SLURM_JOB, "812345, has all 64 CPUs of the node")))
                .contains("812345");
        assertThat(JobEnergy.jobOf(Map.of())).isEmpty();
        assertThat(JobEnergy.jobOf(Map.of(Preflight.SLURM_JOB, Preflight.NO_JOB)))
                .isEmpty();
        assertThat(JobEnergy.jobOf(Map.of(Preflight.SLURM_JOB, "1; reboot"))).isEmpty();
    }
}
