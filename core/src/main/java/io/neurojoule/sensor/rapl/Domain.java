package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import java.util.Set;

/// One RAPL domain of one package or die, named alike whichever way it is read.
///
/// @param part `package`, `core`, `uncore`, `dram` or `psys`
/// @param place `0`, or `0-die-1` where the hardware counts per die; empty for psys; `0-cpu-5` for the core that has
/// CPU 5
record Domain(String part, String place) {
    static final Domain PSYS = new Domain("psys", "");

    private static final String CPU = "-cpu-";

    /// One core of AMD's, which counts each.
    ///
    /// @param cpu the first of its hardware threads
    static Domain core(int socket, int cpu) {
        return new Domain("core", socket + CPU + cpu);
    }

    String component() {
        return place.isEmpty() ? part : part + "-" + place;
    }

    String id() {
        return RaplSource.NAME + ":" + component();
    }

    /// Graphics and cores that sleep may use nothing for a while; what has the whole package or memory in it does not.
    boolean mayStandStill() {
        return part.equals("uncore") || part.equals("core");
    }

    /// Memory is beside the package, not in it; psys has all of them in it. All packages of a node together are `cpu`,
    /// all its memory is `memory`, where something else measures the sum.
    Component toComponent() {
        return switch (part) {
            case "psys" -> new Component(Kind.PLATFORM, component(), Set.of());
            case "package" -> new Component(Kind.CPU, component(), Set.of("cpu", "psys"));
            case "dram" -> new Component(Kind.DRAM, component(), Set.of("memory", "psys"));
            case "core" -> new Component(Kind.CORES, component(), Set.of(whole(), "cpu", "psys"));
            case "uncore" -> new Component(Kind.UNCORE, component(), Set.of(whole(), "cpu", "psys"));
            default -> throw new IllegalStateException("no such RAPL domain: " + part);
        };
    }

    private String whole() {
        return "package-" + place.split(CPU, -1)[0];
    }

    /// Where neither limit nor maximum is stated: far above any processor or memory of one package known today, yet
    /// low enough to tell a wrapped counter from one that was reset.
    double generousWatts() {
        return part.equals("dram") ? 500 : 2000;
    }
}
