package io.neurojoule.sensor;

/// What a channel measures; `raw * scale` is in its unit.
public enum Quantity {
    /// A counter that only grows (apart from wrap and reset).
    ENERGY("J"),
    POWER("W"),
    VOLTAGE("V"),
    CURRENT("A"),
    TEMPERATURE("°C"),
    FREQUENCY("Hz"),
    /// A share of what is possible, e.g. how busy a device was.
    UTILISATION(""),
    /// Bits with a meaning each, e.g. why a clock is held down.
    FLAGS("");

    private final String unit;

    Quantity(String unit) {
        this.unit = unit;
    }

    /// The SI unit, without prefix; empty for a share or bits.
    public String unit() {
        return unit;
    }
}
