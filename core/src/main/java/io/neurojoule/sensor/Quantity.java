package io.neurojoule.sensor;

/// What a channel measures; `raw * scale` is in its unit.
public enum Quantity {
    /// A counter that only grows (apart from wrap and reset).
    ENERGY("J"),
    POWER("W"),
    VOLTAGE("V"),
    CURRENT("A"),
    TEMPERATURE("°C"),
    FREQUENCY("Hz");

    private final String unit;

    Quantity(String unit) {
        this.unit = unit;
    }

    /// The SI unit, without prefix.
    public String unit() {
        return unit;
    }
}
