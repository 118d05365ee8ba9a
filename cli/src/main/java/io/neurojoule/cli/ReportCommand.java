package io.neurojoule.cli;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.recording.Recording;
import io.neurojoule.report.CsvReport;
import io.neurojoule.report.HtmlReport;
import io.neurojoule.report.JsonReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Writes the reports of a recorded run into its `report` directory.
@Command(name = "report", description = "Write the reports of a recorded run.", mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN", description = "A run directory.")
    private Path run = Path.of("");

    @Option(names = "--to", split = ",", paramLabel = "LIST", description = "html, csv, json (default: all).")
    private List<String> formats = List.of("html", "csv", "json");

    @Option(names = "--anonymous", description = "Leave out host and user.")
    private boolean anonymous;

    @Override
    public Integer call() {
        for (String format : formats) {
            if (!List.of("html", "csv", "json").contains(format)) {
                throw new UserException(
                        Exit.USAGE, "no report format '%s'; there are html, csv, json".formatted(format));
            }
        }
        try {
            Recording recording = Recording.open(run);
            ExperimentResult result = Results.of(recording);
            spec.commandLine().getOut().println(write(recording, anonymous ? result.anonymous() : result, formats));
            spec.commandLine().getOut().flush();
            return Exit.GOOD;
        } catch (IOException e) {
            throw new UserException(Exit.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /// Writes the formats that are asked for.
    ///
    /// @return the file of the first format
    static Path write(Recording recording, ExperimentResult result, List<String> formats) throws IOException {
        Path directory = Files.createDirectories(recording.directory().resolve("report"));
        for (String format : formats) {
            switch (format) {
                case "html" ->
                    HtmlReport.write(
                            result, recording.signals(), recording.windows(), directory.resolve("report.html"));
                case "csv" -> CsvReport.write(result, directory.resolve("results.csv"));
                case "json" -> JsonReport.write(result, directory.resolve("results.json"));
                default -> throw new IllegalArgumentException("no report format " + format);
            }
        }
        return directory.resolve(formats.getFirst().equals("html") ? "report.html" : "results." + formats.getFirst());
    }
}
