package io.neurojoule.report;

class TextReportTest extends ReportFormatContract {
    @Override
    protected ReportFormat format() {
        return new TextReport();
    }
}
