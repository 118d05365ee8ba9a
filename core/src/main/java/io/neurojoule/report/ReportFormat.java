package io.neurojoule.report;

import java.io.IOException;

/// A way to write a result down, found through META-INF/services.
///
/// A format is text and depends on the report alone: no clock, no locale, nothing of the machine that writes it. A
/// figure that is not there is shown as absent, never as 0, and every figure stands with its basis. The contract is the
/// test `ReportFormatContract`. Used by one thread at a time; needs a public constructor without parameters.
public interface ReportFormat {
    /// The word for `report --to`: lower case, different from every other format's.
    String name();

    /// The file in the `report` directory of a run, different from every other format's; scripts rely on it.
    String fileName();

    /// Writes the whole report. The file that it becomes is written in UTF-8 and put in place by [Report#save].
    ///
    /// @throws IOException if `out` throws it
    void write(Report report, Appendable out) throws IOException;
}
