package io.neurojoule.sensor.rapl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What `/proc/cpuinfo` says that matters here; false where it says nothing.
record Processor(boolean isAmd, boolean isVirtual) {
    static Processor of(Path proc) {
        try {
            return parse(Files.readString(proc.resolve("cpuinfo")));
        } catch (IOException e) {
            return new Processor(false, false);
        }
    }

    static Processor parse(String cpuinfo) {
        boolean amd = cpuinfo.contains("AuthenticAMD") || cpuinfo.contains("HygonGenuine");
        boolean virtual = cpuinfo.lines()
                .filter(line -> line.startsWith("flags"))
                .anyMatch(line -> (line + " ").contains(" hypervisor "));
        return new Processor(amd, virtual);
    }
}
