package io.neurojoule.sensor;

/// How a figure was obtained, from strong to weak. Every figure carries one.
public enum Basis {
    /// Read from a sensor.
    MEASURED,
    /// Read from another tool's log.
    REPLAYED,
    /// A difference or ratio of measured figures.
    DERIVED,
    /// A model with measured inputs.
    MODELLED,
    /// No sensor: utilisation and a table.
    ESTIMATED,
    /// An emulated source.
    SIMULATED,
    /// No figure; a reason stands beside it.
    UNAVAILABLE;

    /// The weaker of two: the basis of their sum.
    public Basis and(Basis other) {
        return compareTo(other) >= 0 ? this : other;
    }

    /// The basis of a difference or ratio whose terms have this basis: at best [#DERIVED].
    public Basis derived() {
        return and(DERIVED);
    }
}
