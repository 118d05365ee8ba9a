package io.neurojoule.report;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// What a format may write about: the result, and what it was computed from.
///
/// @param signals of the run, for curves; may be empty
/// @param windows of the run, in the order of time; may be empty
public record Report(ExperimentResult result, List<Signal> signals, List<Window> windows) {
    public Report {
        signals = List.copyOf(signals);
        windows = List.copyOf(windows);
    }

    /// Writes the format's file in UTF-8. What was there is replaced when all is written, so that a reader sees the old
    /// file or the new one and a failure leaves the old one.
    ///
    /// @param directory that exists
    /// @return the file
    public Path save(ReportFormat format, Path directory) throws IOException {
        StringBuilder text = new StringBuilder();
        format.write(this, text);
        Path file = directory.resolve(format.fileName());
        Path unfinished = directory.resolve(format.fileName() + ".unfinished");
        try {
            Files.writeString(unfinished, text);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        return file;
    }
}
