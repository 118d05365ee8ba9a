package io.neurojoule.sensor.nvml;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// NVML's functions in Java, with made-up boards: for what the laboratory's library cannot play. Layouts and numbers
/// follow nvml.h 12.6.
final class FakeNvml {
    /// A made-up GPU; what it refuses, by function or `field:ID:SCOPE`, is in `results`.
    static final class Made {
        String name = "NVIDIA A100-SXM4-40GB";
        String busId = "00000000:41:00.0";
        String uuid = "GPU-1ab0c0de-0000-4000-8000-000000000000";
        int capability = 80;
        boolean split;
        boolean onModule;
        long energyMillijoules = 5_000_000_000_000L;
        int powerMilliwatts = 250_000;
        int limitMilliwatts = 400_000;
        long stampMicros;
        final Map<String, Integer> results = new HashMap<>();

        Made refusing(String function, int result) {
            results.put(function, result);
            return this;
        }

        private int result(String function) {
            return results.getOrDefault("all", results.getOrDefault(function, Nvml.SUCCESS));
        }
    }

    final List<Made> boards = new ArrayList<>();
    final Set<String> lacks = new HashSet<>();
    int initResult;
    int users;

    static FakeNvml of(Made... boards) {
        FakeNvml fake = new FakeNvml();
        fake.boards.addAll(List.of(boards));
        return fake;
    }

    NvmlSource source() {
        return new NvmlSource(this::functions);
    }

    Nvml functions() {
        return new Nvml(
                bound("init"),
                bound("shutdown"),
                bound("errorString", int.class),
                bound("driverVersion", MemorySegment.class, int.class),
                bound("count", MemorySegment.class),
                bound("handle", int.class, MemorySegment.class),
                bound("pciInfo", MemorySegment.class, MemorySegment.class),
                bound("uuid", MemorySegment.class, MemorySegment.class, int.class),
                bound("name", MemorySegment.class, MemorySegment.class, int.class),
                bound("power", MemorySegment.class, MemorySegment.class),
                optional("energy", MemorySegment.class, MemorySegment.class),
                optional("fields", MemorySegment.class, int.class, MemorySegment.class),
                optional("powerLimit", MemorySegment.class, MemorySegment.class),
                optional("computeCapability", MemorySegment.class, MemorySegment.class, MemorySegment.class),
                optional("migMode", MemorySegment.class, MemorySegment.class, MemorySegment.class),
                optional("c2cMode", MemorySegment.class, MemorySegment.class),
                optional("temperature", MemorySegment.class, int.class, MemorySegment.class),
                optional("clock", MemorySegment.class, int.class, MemorySegment.class),
                optional("utilisation", MemorySegment.class, MemorySegment.class),
                optional("clocksEventReasons", MemorySegment.class, MemorySegment.class),
                optional("throttleReasons", MemorySegment.class, MemorySegment.class));
    }

    private Optional<MethodHandle> optional(String name, Class<?>... parameters) {
        return lacks.contains(name) ? Optional.empty() : Optional.of(bound(name, parameters));
    }

    private MethodHandle bound(String name, Class<?>... parameters) {
        Class<?> returns = name.equals("errorString") ? MemorySegment.class : int.class;
        try {
            return MethodHandles.lookup().bind(this, name, MethodType.methodType(returns, parameters));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(name, e);
        }
    }

    int init() {
        users += initResult == 0 ? 1 : 0;
        return initResult;
    }

    int shutdown() {
        users--;
        return Nvml.SUCCESS;
    }

    MemorySegment errorString(int result) {
        return Arena.ofAuto().allocate(256).copyFrom(Arena.ofAuto().allocateFrom("made-up error " + result));
    }

    int driverVersion(MemorySegment out, int length) {
        out.setString(0, "580.65.06");
        return length >= 80 ? Nvml.SUCCESS : 7;
    }

    int count(MemorySegment out) {
        out.set(ValueLayout.JAVA_INT, 0, boards.size());
        return Nvml.SUCCESS;
    }

    int handle(int index, MemorySegment out) {
        out.set(ValueLayout.ADDRESS, 0, MemorySegment.ofAddress(index + 1));
        return boards.get(index).result("handle");
    }

    private Made board(MemorySegment device) {
        return boards.get((int) device.address() - 1);
    }

    int pciInfo(MemorySegment device, MemorySegment out) {
        out.setString(36, board(device).busId);
        return board(device).result("pciInfo");
    }

    int uuid(MemorySegment device, MemorySegment out, int length) {
        out.setString(0, board(device).uuid);
        return length >= 96 ? board(device).result("uuid") : 7;
    }

    int name(MemorySegment device, MemorySegment out, int length) {
        out.setString(0, board(device).name);
        return length >= 96 ? board(device).result("name") : 7;
    }

    private int whole(MemorySegment device, String function, MemorySegment out, int value) {
        int result = board(device).result(function);
        if (result == Nvml.SUCCESS) {
            out.set(ValueLayout.JAVA_INT, 0, value);
        }
        return result;
    }

    int power(MemorySegment device, MemorySegment out) {
        return whole(device, "power", out, board(device).powerMilliwatts);
    }

    int energy(MemorySegment device, MemorySegment out) {
        int result = board(device).result("energy");
        if (result == Nvml.SUCCESS) {
            out.set(ValueLayout.JAVA_LONG, 0, board(device).energyMillijoules);
        }
        return result;
    }

    /// The module draws 300 W more than the GPU.
    int fields(MemorySegment device, int count, MemorySegment values) {
        Made board = board(device);
        for (int i = 0; i < count; i++) {
            long at = 40L * i;
            int id = values.get(ValueLayout.JAVA_INT, at);
            int scope = values.get(ValueLayout.JAVA_INT, at + 4);
            boolean offered = scope == 0 || (scope == 1 && board.onModule);
            values.set(ValueLayout.JAVA_LONG, at + 8, board.stampMicros);
            values.set(ValueLayout.JAVA_INT, at + 24, 1);
            values.set(
                    ValueLayout.JAVA_INT,
                    at + 28,
                    offered ? board.result("field:" + id + ":" + scope) : Nvml.NOT_SUPPORTED);
            values.set(ValueLayout.JAVA_INT, at + 32, board.powerMilliwatts + 300_000 * scope);
        }
        return board.result("fields");
    }

    int powerLimit(MemorySegment device, MemorySegment out) {
        return whole(device, "powerLimit", out, board(device).limitMilliwatts);
    }

    int computeCapability(MemorySegment device, MemorySegment major, MemorySegment minor) {
        major.set(ValueLayout.JAVA_INT, 0, board(device).capability / 10);
        return whole(device, "computeCapability", minor, board(device).capability % 10);
    }

    int migMode(MemorySegment device, MemorySegment current, MemorySegment pending) {
        pending.set(ValueLayout.JAVA_INT, 0, 0);
        return whole(device, "migMode", current, board(device).split ? 1 : 0);
    }

    int c2cMode(MemorySegment device, MemorySegment out) {
        return whole(device, "c2cMode", out, board(device).onModule ? 1 : 0);
    }

    int temperature(MemorySegment device, int sensor, MemorySegment out) {
        return whole(device, "temperature", out, 61 + sensor);
    }

    int clock(MemorySegment device, int type, MemorySegment out) {
        return whole(device, "clock", out, type == 1 ? 1410 : 1215);
    }

    int utilisation(MemorySegment device, MemorySegment out) {
        out.set(ValueLayout.JAVA_INT, 4, 40);
        return whole(device, "utilisation", out, 97);
    }

    int clocksEventReasons(MemorySegment device, MemorySegment out) {
        out.set(ValueLayout.JAVA_LONG, 0, 0x4L);
        return board(device).result("clocksEventReasons");
    }

    int throttleReasons(MemorySegment device, MemorySegment out) {
        out.set(ValueLayout.JAVA_LONG, 0, 0x8L);
        return board(device).result("throttleReasons");
    }
}
