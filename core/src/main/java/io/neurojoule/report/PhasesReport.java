package io.neurojoule.report;

import java.io.IOException;

/// `phases.csv`: one line per phase and method, written beside `results.csv` where there are any; no format of its own.
public final class PhasesReport implements ReportFormat {
    @Override
    public String name() {
        return "phases";
    }

    @Override
    public String fileName() {
        return "phases.csv";
    }

    @Override
    public void write(Report report, Appendable out) throws IOException {
        CsvReport.table(RowField.PHASES, report.result().phases(), out);
    }
}
