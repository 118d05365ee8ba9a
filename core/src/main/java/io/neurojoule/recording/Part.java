package io.neurojoule.recording;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A layer of a cell's step, and its time in a pass that looks inside: a row of `parts.jsonl`.
///
/// @param pass       what looked
/// @param name       of the layer
/// @param operator   what it computes, e.g. `Conv`
/// @param nanos      time in this part over the pass
/// @param wholeNanos time of the pass
/// @param windowId   the window in which this part ran alone, if it did
public record Part(
        String cellId,
        Pass pass,
        String name,
        String operator,
        long nanos,
        long wholeNanos,
        Optional<String> windowId) {
    /// What a pass looks at.
    public enum Pass {
        /// The runtime's own profile.
        LAYERS,
        /// A layer in a loop of its own.
        LAYER_ALONE
    }

    /// The parts of a run; none if it has no such file.
    ///
    /// @throws IOException if the file cannot be read
    public static List<Part> read(Path directory) throws IOException {
        Path file = directory.resolve(RunFiles.PARTS);
        List<Part> parts = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                if (line.endsWith("}")) { // not the torn last line of a run that was cut off
                    parts.add(RunFiles.JSON.readValue(line, Part.class));
                }
            }
        }
        return parts;
    }
}
