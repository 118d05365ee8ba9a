package io.neurojoule.report;

class JsonReportTest extends ReportFormatContract {
    @Override
    protected ReportFormat format() {
        return new JsonReport();
    }
}
