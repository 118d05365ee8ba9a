package io.neurojoule.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.neurojoule.workload.Load;
import org.jspecify.annotations.Nullable;

/// One point of the sweep.
///
/// @param id e.g. `cpu-fp32-b64`
public record Cell(String id, String target, String model, String precision, int batch, Load load) {
    public Cell {
        BatchList.check(batch);
    }

    /// The cell with the id that follows from its coordinates: `cpu-fp32-b64`, `triton-fp32-b1-c8`.
    public static Cell of(String target, String model, String precision, int batch, Load load) {
        String id = "%s-%s-b%d".formatted(target, precision, batch);
        return new Cell(
                load.equals(Load.BACK_TO_BACK) ? id : id + "-" + load.label(), target, model, precision, batch, load);
    }

    /// As in `plan.json`; older ones know no load.
    @JsonCreator
    static Cell read(String id, String target, String model, String precision, int batch, @Nullable String load) {
        return new Cell(id, target, model, precision, batch, load == null ? Load.BACK_TO_BACK : Load.parse(load));
    }
}
