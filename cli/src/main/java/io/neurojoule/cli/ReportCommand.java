package io.neurojoule.cli;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.plugin.Plugins;
import io.neurojoule.recording.Recording;
import io.neurojoule.report.LayersReport;
import io.neurojoule.report.PhasesReport;
import io.neurojoule.report.Report;
import io.neurojoule.report.ReportFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
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
    /// The formats that every run gets.
    static final List<String> USUAL = List.of("html", "csv", "json");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN", description = "A run directory.")
    private Path run = Path.of("");

    @Option(
            names = "--to",
            split = ",",
            paramLabel = "LIST",
            completionCandidates = Names.class,
            description = "Formats: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private List<String> formats = USUAL;

    @Option(names = "--anonymous", description = "Leave out host and user.")
    private boolean anonymous;

    @Override
    public Integer call() {
        check(formats);
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

    /// Refuses a name that no format has, and no format at all.
    static void check(List<String> formats) {
        if (formats.isEmpty()) {
            throw new UserException(Exit.USAGE, "no report format is named; there are " + load().names());
        }
        try {
            formats.forEach(load()::get);
        } catch (IllegalArgumentException e) {
            throw new UserException(Exit.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /// Writes the formats that are asked for.
    ///
    /// @return the file of the first format
    /// @throws IllegalArgumentException if there is no such format
    static Path write(Recording recording, ExperimentResult result, List<String> formats) throws IOException {
        Plugins<ReportFormat> known = load();
        Report report = new Report(result, recording.signals(), recording.windows());
        Path directory = Files.createDirectories(recording.directory().resolve("report"));
        List<Path> files = new ArrayList<>();
        for (String format : formats) {
            files.add(report.save(known.get(format), directory));
        }
        if (formats.contains("csv") && !result.phases().isEmpty()) {
            report.save(new PhasesReport(), directory);
        }
        if (formats.contains("csv") && !result.layers().isEmpty()) {
            report.save(new LayersReport(), directory);
        }
        return files.getFirst();
    }

    private static Plugins<ReportFormat> load() {
        return Plugins.load(ReportFormat.class, "report format", ReportFormat::name);
    }

    /// The names of all formats, for the help.
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return load().names().iterator();
        }
    }
}
