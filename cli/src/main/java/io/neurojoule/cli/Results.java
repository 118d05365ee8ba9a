package io.neurojoule.cli;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.experiment.Demands;
import io.neurojoule.experiment.ExperimentException;
import io.neurojoule.experiment.ExperimentFile;
import io.neurojoule.recording.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The result of a recorded run, with what its experiment demands checked.
final class Results {
    private Results() {}

    static ExperimentResult of(Recording recording) throws IOException {
        Path file = recording.directory().resolve("experiment.yaml");
        ExperimentResult result = Analyzer.analyze(recording);
        if (!Files.exists(file)) {
            return result;
        }
        try {
            return Demands.check(ExperimentFile.parse(Files.readString(file), file.toString()), result);
        } catch (ExperimentException e) {
            throw new UserException(Exit.USAGE, "the run's own experiment cannot be read: " + e.getMessage());
        }
    }
}
