package io.neurojoule.report;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/// `results.csv`: one line per row of the result with every digit; an absent figure is an empty field.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc4180">RFC 4180</a> for the quoting; lines end with LF
public final class CsvReport implements ReportFormat {
    @Override
    public String name() {
        return "csv";
    }

    @Override
    public String fileName() {
        return "results.csv";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        table(RowField.ALL, report.result().rows(), out);
    }

    static <R> void table(List<RowField<R>> fields, List<R> rows, Appendable out) throws IOException {
        out.append(fields.stream().map(RowField::name).collect(Collectors.joining(",")))
                .append('\n');
        for (R row : rows) {
            out.append(fields.stream().map(field -> quoted(field.exact(row))).collect(Collectors.joining(",")))
                    .append('\n');
        }
    }

    static String quoted(String text) {
        boolean special = text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return special ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }
}
