package io.neurojoule.sensor;

import java.util.Set;

/// A part of the machine that draws power.
///
/// @param id     unique on the host, e.g. `package-0`, `dram-0`, `psys`, `gpu-0000:41:00.0`
/// @param within ids of the components that this one is a part of, e.g. `core-0` is within `package-0` and `psys`
public record Component(Kind kind, String id, Set<String> within) {
    /// Kinds of components; what is measured at [#NODE] or [#WALL] contains everything on the host.
    public enum Kind {
        CORES,
        UNCORE,
        DRAM,
        /// A processor package, or one die of it where the hardware counts dies.
        CPU,
        ACCELERATOR,
        RAIL,
        BOARD,
        /// RAPL's psys: packages and more, vendor dependent.
        PLATFORM,
        NODE,
        WALL,
        /// Another machine, or more than the machine under measurement, such as a whole rack: no boundary has it unless
        /// the experiment names it, and nothing of this machine is in it.
        BEYOND
    }

    /// The value of a setting `of` that means the machine under measurement.
    public static final String THIS_MACHINE = "node";

    public Component {
        within = Set.copyOf(within);
    }

    /// A component that is not declared a part of another.
    public static Component of(Kind kind, String id) {
        return new Component(kind, id, Set.of());
    }

    /// All that a machine draws, as its own controller tells it.
    ///
    /// @param of [#THIS_MACHINE], or the name that the user gives to another one
    public static Component node(String of) {
        return of.equals(THIS_MACHINE) ? of(Kind.NODE, "node") : of(Kind.BEYOND, "machine-" + of);
    }

    /// Whether the energy of `part` is already in the energy of this one, so that adding both would count it twice.
    public boolean contains(Component part) {
        boolean whole = kind == Kind.NODE || kind == Kind.WALL;
        return part.within.contains(id) || (whole && part.kind.compareTo(kind) < 0);
    }

    /// Whether both describe the same energy, or one contains the other.
    public boolean overlaps(Component other) {
        return id.equals(other.id) || contains(other) || other.contains(this);
    }
}
