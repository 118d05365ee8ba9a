package io.neurojoule.experiment;

/// One point of the sweep.
///
/// @param id e.g. `cpu-fp32-b64`
public record Cell(String id, String target, String model, String precision, int batch) {
    public Cell {
        BatchList.check(batch);
    }

    /// The cell with the id that follows from its coordinates.
    public static Cell of(String target, String model, String precision, int batch) {
        return new Cell("%s-%s-b%d".formatted(target, precision, batch), target, model, precision, batch);
    }
}
