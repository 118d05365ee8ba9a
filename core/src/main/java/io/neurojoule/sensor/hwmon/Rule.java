package io.neurojoule.sensor.hwmon;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/// What is known about chips of a name; the first row of the table that fits holds.
///
/// @param name    of the chip
/// @param kind    what its readings are a part of
/// @param refresh how often it brings a new value, where it has no file that tells; ZERO when unknown
/// @param means   whether a value is the mean since the one before
/// @param pairs   numbers of the volts and the amperes that belong together; where a chip has no power file
record Rule(Pattern name, Kind kind, Duration refresh, boolean means, List<Pair> pairs) {
    /// What a chip's readings are.
    enum Kind {
        /// Rails beside each other.
        RAILS,
        /// The same, where the input of a Jetson module may be among them.
        MODULE_RAILS,
        GPU,
        /// An FPGA card: its total, and rails inside it.
        CARD,
        /// An ACPI power meter.
        METER,
        /// Parts of a processor package.
        PACKAGE,
        /// Temperatures of a processor only.
        CPU_TEMPERATURE,
        /// PMBus: the input of a supply and its outputs.
        SUPPLY,
        /// Nothing is known: no two readings are ever added.
        UNKNOWN
    }

    /// `inV` and `currA`.
    record Pair(int volts, int amperes) {}

    private static final List<Pair> NONE = List.of();
    private static final List<Pair> FIRST = List.of(new Pair(1, 1));

    /// Kernel documents are below docs.kernel.org/hwmon.
    private static final List<Rule> TABLE = List.of(
            // ina3221.rst: in1..3 are the buses, in4..6 the shunts, in7 their sum. Jetson software asks ten times a
            // second; the chip itself is faster.
            row("ina3221.*", Kind.MODULE_RAILS, 100, false, List.of(new Pair(1, 1), new Pair(2, 2), new Pair(3, 3))),
            // ina2xx.rst: in0 is the shunt, in1 the bus. 68.1 ms: data sheet of the INA219, 128 samples.
            row("ina2(19|20)(_.*)?", Kind.RAILS, 69, false, FIRST),
            // ina2xx.c: 16 conversions of 2.2 ms each are averaged unless told otherwise.
            row("ina(209|226|228|23[01378]|260|700|780)(_.*)?", Kind.RAILS, 36, true, FIRST),
            // ltc2945.rst, ltc4260.rst, ltc4261.rst: in1 is the supply. ltc2947.rst: in0 is; 100 ms per cycle.
            // About 7.5 conversions a second: data sheets of LTC2945 and LTC4261.
            row("ltc(2945|4260|4261)", Kind.RAILS, 150, false, FIRST),
            row("ltc2947", Kind.RAILS, 100, false, List.of(new Pair(0, 1))),
            // gpu/amdgpu/thermal: the stretch that is averaged depends on the ASIC. The driver kept values for 100 ms,
            // newer ones for 1 ms.
            row("amdgpu", Kind.GPU, 100, false, NONE),
            // ABI/testing/sysfs-driver-intel-{i915,xe}-hwmon; the registers are of the kind that RAPL reads.
            row("i915(_gt\\d+)?|xe", Kind.GPU, 1, false, NONE),
            // acpi_power_meter.rst: power1_average_interval tells.
            row("power_meter", Kind.METER, 1000, true, NONE),
            // XRT: the card's controller is asked once a second.
            row(".*hwmon_sdm", Kind.CARD, 1000, false, NONE),
            row("xilinx_.*|.*[-_](user|mgmt)", Kind.CARD, 1000, false, NONE),
            // intel-m10-bmc-hwmon.rst
            row("(n3000|d5005|n5010|n6000)bmc[-_]hwmon", Kind.CARD, 1000, false, NONE),
            row("zenpower|amd_energy|fam15h_power", Kind.PACKAGE, 0, false, NONE),
            // coretemp.c keeps a value for a second; k10temp.rst
            row("coretemp|k10temp", Kind.CPU_TEMPERATURE, 1000, false, NONE));

    private static Rule row(String name, Kind kind, int refreshMillis, boolean means, List<Pair> pairs) {
        return new Rule(Pattern.compile(name), kind, Duration.ofMillis(refreshMillis), means, pairs);
    }

    /// Chips on PMBus have many names; the labels `pin` and `pout1` tell (pmbus.rst). Up to Linux 5.8 the driver kept
    /// values for a second.
    private static final Rule PMBUS = row(".*", Kind.SUPPLY, 1000, false, NONE);

    private static final Rule OTHER = row(".*", Kind.UNKNOWN, 0, false, NONE);

    static Rule of(Chip chip) {
        for (Rule rule : TABLE) {
            if (rule.name.matcher(chip.name()).matches()) {
                return rule;
            }
        }
        boolean pmbus = chip.files().stream()
                .filter(file -> file.matches("(power|curr)\\d+_label"))
                .anyMatch(file -> chip.text(file).orElse("").matches("pin|pout\\d*|iin|iout\\d*"));
        return pmbus ? PMBUS : OTHER;
    }
}
