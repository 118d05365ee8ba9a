/// Results for people and for other programs. Reads data only; computes no result.
///
/// Each format is a plug-in, see [io.neurojoule.report.ReportFormat]; docs/reference/reports.md lists them.
@NullMarked
package io.neurojoule.report;

import org.jspecify.annotations.NullMarked;
