package io.neurojoule.cli;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.profile.JobEnergy;
import io.neurojoule.recording.Recording;
import io.neurojoule.report.Format;
import io.neurojoule.report.JsonReport;
import io.neurojoule.report.TextReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Computes the result of a recorded run again, also of one that was cut off.
@Command(name = "analyze", description = "Compute the result of a recorded run again.", mixinStandardHelpOptions = true)
final class AnalyzeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN", description = "A run directory.")
    private Path run = Path.of("");

    @Option(names = "--windows", description = "Joules of every window and channel, as CSV.")
    private boolean windows;

    @Option(names = "--json", description = "The whole result as JSON.")
    private boolean json;

    @Option(
            names = "--job-energy",
            description = "Also what Slurm has booked for the job that the run was part of, to compare with.")
    private boolean jobEnergy;

    @Override
    public Integer call() {
        try {
            Recording recording = Recording.open(run);
            PrintWriter out = spec.commandLine().getOut();
            if (windows) {
                out.print(WindowTable.csv(Analyzer.windows(recording)));
            } else if (json) {
                JsonReport.write(Results.of(recording), out);
            } else {
                TextReport.write(Results.of(recording), out);
            }
            if (jobEnergy) {
                jobEnergy(recording, spec.commandLine().getErr());
            }
            out.flush();
            return Exit.GOOD;
        } catch (IOException e) {
            throw new UserException(Exit.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /// It is of whole nodes and of the whole job, so it stands beside the result and is no part of it.
    private static void jobEnergy(Recording recording, PrintWriter err) {
        Optional<String> job = JobEnergy.jobOf(recording.info().environment());
        err.println("Slurm: "
                + job.map(JobEnergy::of)
                        .map(booked -> booked.joules().isPresent()
                                ? "%s for the whole job %s and all of its nodes"
                                        .formatted(Format.quantity(booked.joules(), "J"), booked.job())
                                : booked.reason())
                        .orElse("the run was not part of a job"));
        err.flush();
    }
}
