package io.neurojoule.report;

class CsvReportTest extends ReportFormatContract {
    @Override
    protected ReportFormat format() {
        return new CsvReport();
    }
}
