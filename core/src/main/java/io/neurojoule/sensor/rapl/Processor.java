package io.neurojoule.sensor.rapl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What `/proc/cpuinfo` says of the first CPU that matters here.
///
/// @param vendor    e.g. `GenuineIntel`; empty where nothing is said
/// @param family    −1 where nothing is said, as is the model
/// @param isVirtual false where nothing is said
record Processor(String vendor, int family, int model, boolean isVirtual) {
    static Processor of(Path proc) {
        try {
            return parse(Files.readString(proc.resolve("cpuinfo")));
        } catch (IOException e) {
            return parse("");
        }
    }

    static Processor parse(String cpuinfo) {
        boolean virtual = (" " + value(cpuinfo, "flags") + " ").contains(" hypervisor ");
        return new Processor(
                value(cpuinfo, "vendor_id"), number(cpuinfo, "cpu family"), number(cpuinfo, "model"), virtual);
    }

    boolean isAmd() {
        return vendor.equals("AuthenticAMD") || vendor.equals("HygonGenuine");
    }

    private static String value(String cpuinfo, String key) {
        return cpuinfo.lines()
                .map(line -> line.split(":", 2))
                .filter(pair -> pair.length == 2 && pair[0].strip().equals(key))
                .map(pair -> pair[1].strip())
                .findFirst()
                .orElse("");
    }

    private static int number(String cpuinfo, String key) {
        String value = value(cpuinfo, key);
        return value.matches("\\d{1,9}") ? Integer.parseInt(value) : -1;
    }
}
