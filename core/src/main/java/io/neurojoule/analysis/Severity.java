package io.neurojoule.analysis;

/// How much a finding matters for the figure that it names.
public enum Severity {
    /// Good to know.
    INFO,
    /// The figure stands, with less confidence.
    WARNING,
    /// There is no figure, or it must not be used.
    ERROR
}
