package io.neurojoule.sensor.rapl;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Where a kind of processor has its energy counters, and what a step of each is worth.
///
/// Only models whose units Linux knows: one that is merely likely would be a wrong number.
///
/// @param unit     the register that tells the step, in bits 8 to 12: 2^−n J
/// @param counters of a package or die, or of the platform, in the low 32 bits
/// @param fixed    exponents of steps that the unit register does not tell, by domain part: 16 for 2^−16 J
/// @see <a href="https://github.com/torvalds/linux/blob/v6.15/arch/x86/events/rapl.c">the kernel's table of models</a>
record Registers(long unit, List<Counter> counters, Map<String, Integer> fixed) {
    /// Of the core that the CPU belongs to; AMD and Hygon.
    static final long AMD_CORE = 0xC001029AL;

    private static final Registers AMD =
            new Registers(0xC0010299L, List.of(new Counter("package", 0xC001029BL)), Map.of());

    private static final Registers INTEL = intel(Map.of());

    /// 15.3 µJ in the data sheets.
    private static final Registers INTEL_SERVER = intel(Map.of("dram", 16));

    private static final Registers SAPPHIRE_RAPIDS = intel(Map.of("dram", 16, "psys", 0));

    /// Zen and later; Hygon's Dhyana.
    private static final Set<Integer> AMD_FAMILIES = Set.of(0x17, 0x18, 0x19, 0x1A);

    private static final int INTEL_FAMILY = 6;

    /// Sandy Bridge to Lunar Lake, without the older Atoms, whose unit is another.
    private static final Set<Integer> INTEL_MODELS = Set.of(
            0x2A, 0x2D, 0x3A, 0x3E, 0x3C, 0x45, 0x46, 0x3D, 0x47, 0x4E, 0x5E, 0x8E, 0x9E, 0x66, 0x5C, 0x5F, 0x7A, 0x7E,
            0x7D, 0xA5, 0xA6, 0x8C, 0x8D, 0x97, 0x9A, 0xBE, 0xB7, 0xBA, 0xBF, 0xAA, 0xAC, 0xC5, 0xC6, 0xBD);

    /// Haswell, Broadwell, Skylake to Cooper Lake, Ice Lake; Xeon Phi.
    private static final Set<Integer> INTEL_SERVERS = Set.of(0x3F, 0x4F, 0x56, 0x55, 0x6A, 0x6C, 0x57, 0x85);

    /// With Emerald Rapids.
    private static final Set<Integer> SAPPHIRE_RAPIDS_MODELS = Set.of(0x8F, 0xCF);

    /// @param part `package`, `core`, `uncore`, `dram` or `psys`
    record Counter(String part, long address) {}

    /// Empty for a model that is not known.
    static Optional<Registers> of(Processor processor) {
        if (processor.isAmd()) {
            return AMD_FAMILIES.contains(processor.family()) ? Optional.of(AMD) : Optional.empty();
        }
        if (!processor.vendor().equals("GenuineIntel") || processor.family() != INTEL_FAMILY) {
            return Optional.empty();
        }
        int model = processor.model();
        if (INTEL_SERVERS.contains(model)) {
            return Optional.of(INTEL_SERVER);
        }
        if (SAPPHIRE_RAPIDS_MODELS.contains(model)) {
            return Optional.of(SAPPHIRE_RAPIDS);
        }
        return INTEL_MODELS.contains(model) ? Optional.of(INTEL) : Optional.empty();
    }

    private static Registers intel(Map<String, Integer> fixed) {
        return new Registers(
                0x606,
                List.of(
                        new Counter("package", 0x611),
                        new Counter("dram", 0x619),
                        new Counter("core", 0x639),
                        new Counter("uncore", 0x641),
                        new Counter("psys", 0x64D)),
                fixed);
    }

    /// Joules per step.
    ///
    /// @param value of the unit register
    double scale(String part, long value) {
        int exponent = fixed.getOrDefault(part, (int) (value >> 8 & 0x1F));
        return Math.scalb(1.0, -exponent);
    }
}
