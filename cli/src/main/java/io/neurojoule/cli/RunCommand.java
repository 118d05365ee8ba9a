package io.neurojoule.cli;

import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.ExperimentFile;
import io.neurojoule.experiment.Plan;
import io.neurojoule.experiment.Selection;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Runs an experiment file.
@Command(
        name = "run",
        description = "Run an experiment file (docs/reference/experiment-file.md).",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "FILE", description = "The experiment, as YAML.")
    private Path file = Path.of("");

    @Option(names = "--dry-run", description = "Show the cells, the order and the time it takes; run nothing.")
    private boolean dryRun;

    @Option(names = "--only", paramLabel = "CONDITIONS", description = "Only some cells, e.g. 'target=cpu,batch<=64'.")
    private Optional<String> only = Optional.empty();

    @Option(names = "-D", paramLabel = "KEY=VALUE", description = "Override a key, e.g. -D method.repeats=3.")
    private List<String> overrides = List.of();

    @Option(names = "--require", paramLabel = "measured", description = "Exit 3 unless every figure would be measured.")
    private Optional<String> require = Optional.empty();

    @Option(names = "--strict", description = "Exit 5 instead of starting where `neurojoule doctor` warns.")
    private boolean strict;

    @Mixin
    private SourceFlags sources = new SourceFlags();

    @Option(names = "-o", paramLabel = "DIR", description = "The run directory: absent or empty (default: runs/…).")
    private Optional<Path> output = Optional.empty();

    @Override
    public Integer call() throws IOException {
        Experiment experiment = besideTheFile(ExperimentFile.parse(read(), file.toString(), overrides));
        Plan plan = Plan.of(experiment, only.map(Selection::parse).orElse(Selection.ALL));
        if (dryRun) {
            plan.describe().forEach(spec.commandLine().getOut()::println);
            spec.commandLine().getOut().flush();
            return Exit.GOOD;
        }
        return new Session(spec, sources, require, strict, output).run(experiment, plan);
    }

    private String read() {
        try {
            return Files.readString(file);
        } catch (MalformedInputException e) {
            throw new UserException(Exit.USAGE, file + " is no text in UTF-8");
        } catch (IOException e) {
            throw new UserException(Exit.USAGE, "cannot read " + file + ": no such file, or not permitted");
        }
    }

    /// Artefacts lie where the file says, seen from the file.
    private Experiment besideTheFile(Experiment experiment) {
        Path directory = file.toAbsolutePath().normalize().getParent();
        if (directory == null) {
            return experiment;
        }
        Map<String, String> artifacts = new LinkedHashMap<>();
        experiment
                .model()
                .artifacts()
                .forEach((precision, path) -> artifacts.put(
                        precision, directory.resolve(path).normalize().toString()));
        return experiment.withArtifacts(artifacts);
    }
}
