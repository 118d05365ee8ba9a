package io.neurojoule.report;

import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/// `results.csv`: one line per row of the result with every digit; an absent figure is an empty field.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc4180">RFC 4180</a> for the quoting; lines end with LF
public final class CsvReport {
    private CsvReport() {}

    /// Writes heading and rows.
    public static void write(ExperimentResult result, Appendable out) throws IOException {
        out.append(RowField.ALL.stream().map(RowField::name).collect(Collectors.joining(",")))
                .append('\n');
        for (ResultRow row : result.rows()) {
            out.append(RowField.ALL.stream()
                            .map(field -> quoted(field.exact(row)))
                            .collect(Collectors.joining(",")))
                    .append('\n');
        }
    }

    /// Writes a file in UTF-8, replacing what was there.
    public static void write(ExperimentResult result, Path file) throws IOException {
        try (Writer out = Files.newBufferedWriter(file)) {
            write(result, out);
        }
    }

    private static String quoted(String text) {
        boolean special = text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return special ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }
}
