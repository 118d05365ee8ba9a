package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import io.neurojoule.time.WallClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One GPU while it is looked for: asks for each register once and keeps those that answer.
final class Board {
    /// Counters and power are renewed every 20 to 100 ms, by product: Alumet and Zeus found so, NVIDIA states nothing.
    /// The slowest is declared for all.
    private static final Duration REFRESH = Duration.ofMillis(100);

    /// nvml.h, nvmlDeviceGetPowerUsage and NVML_FI_DEV_POWER_AVERAGE.
    private static final Duration ONE_SECOND = Duration.ofSeconds(1);

    /// nvml.h, nvmlDeviceGetPowerUsage: stated for Fermi and Kepler (compute capability 2 and 3), for nothing newer.
    private static final double KEPLER_ACCURACY = 0.05;

    private static final int KEPLER = 3;

    /// The share of the time in which GA100 (compute capability 8.0: A100, A30) and GH100 (9.0: H100, H200) look at
    /// their power: Yang, Adamek, Armour, SC24, for A100 and H100. Whether a mean of one second looks at all of it, and
    /// whether the counter adds up more than that, NVIDIA does not say.
    ///
    /// @see <a href="https://arxiv.org/abs/2312.02741">Part-time Power Measurements</a>
    private static final Map<Integer, Double> SEEN = Map.of(80, 0.25, 90, 0.25);

    /// The products whose counter was measured to add up far more than that, docs/measured/nvidia-h200.md, and the most
    /// that it was off for a load in step with it.
    private static final Pattern COUNTS_MORE = Pattern.compile("\\bH[12]00\\b");

    private static final double COUNTER_ACCURACY = 0.06;

    private static final double MILLI = 1e-3;
    private static final double MEGA = 1e6;
    private static final double PERCENT = 1e-2;

    /// Of nvml.h.
    private static final int FIELD_POWER_AVERAGE = 185;

    private static final int FIELD_POWER_INSTANT = 186;
    private static final int SCOPE_GPU = 0;
    private static final int SCOPE_MODULE = 1;
    private static final int TEMPERATURE_OF_GPU = 0;
    private static final int CLOCK_SM = 1;
    private static final int CLOCK_MEMORY = 2;

    private static final int LONGEST_NAME = 96;
    private static final int PCI_INFO_BYTES = 68;
    private static final int PCI_BUS_ID = 36;

    private final Nvml nvml;
    private final MemorySegment device;
    private final Gpu gpu;
    private final String via;
    private final Optional<Component> module;
    private final Component component;
    private final OptionalDouble limitWatts;
    private final OptionalInt computeCapability;
    private final List<Register.Scalar> scalars = new ArrayList<>();
    private final List<Register.Field> fields = new ArrayList<>();
    private final Map<Channel, Missing> refused = new LinkedHashMap<>();

    /// @throws RefusedException if NVML does not give the GPU out
    Board(Nvml nvml, int index, Path sysfs) throws RefusedException {
        this.nvml = nvml;
        device = handle(nvml, index);
        gpu = gpu(nvml, index, device);
        via = "nvml %s, %s, %s".formatted(driverVersion(nvml), gpu.name(), gpu.uuid());
        module = sharesModule() ? Optional.of(Modules.component(sysfs, gpu.pciBusId())) : Optional.empty();
        Set<String> within = new HashSet<>();
        module.ifPresent(shared -> {
            within.add(shared.id());
            within.addAll(shared.within());
        });
        component = new Component(Kind.ACCELERATOR, "gpu-" + gpu.pciBusId(), within);
        limitWatts = limitWatts();
        computeCapability = computeCapability();
    }

    static int count(Nvml nvml) throws RefusedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            good(Nvml.call(nvml.count(), out));
            return out.get(ValueLayout.JAVA_INT, 0);
        }
    }

    static MemorySegment handle(Nvml nvml, int index) throws RefusedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            good(Nvml.call(nvml.handle(), index, out));
            return out.get(ValueLayout.ADDRESS, 0);
        }
    }

    static Gpu gpu(Nvml nvml, int index, MemorySegment device) throws RefusedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pci = arena.allocate(PCI_INFO_BYTES, 8);
            good(Nvml.call(nvml.pciInfo(), device, pci));
            MemorySegment uuid = arena.allocate(LONGEST_NAME);
            good(Nvml.call(nvml.uuid(), device, uuid, LONGEST_NAME));
            MemorySegment name = arena.allocate(LONGEST_NAME);
            good(Nvml.call(nvml.name(), device, name, LONGEST_NAME));
            return new Gpu(index, busId(pci.getString(PCI_BUS_ID)), uuid.getString(0), name.getString(0));
        }
    }

    /// NVML writes the domain with eight digits and capitals, Linux with at least four and small letters.
    static String busId(String written) {
        int colon = written.indexOf(':');
        return "%04x%s"
                .formatted(
                        Integer.parseUnsignedInt(written.substring(0, colon), 16),
                        written.substring(colon).toLowerCase(Locale.ROOT));
    }

    private static String driverVersion(Nvml nvml) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(LONGEST_NAME);
            return Nvml.call(nvml.driverVersion(), out, LONGEST_NAME) == Nvml.SUCCESS
                    ? out.getString(0)
                    : "of an unknown version";
        }
    }

    private static void good(int result) throws RefusedException {
        if (result != Nvml.SUCCESS) {
            throw new RefusedException(result);
        }
    }

    /// Adds a sensor of all that answers, and tells what does not.
    void open(List<Sensor> sensors, List<Missing> missing) {
        if (isSplit()) {
            missing.add(Refusals.mig(name(), gpu.pciBusId()).of(energy()));
            return;
        }
        try {
            measures();
            boolean silent = Stream.concat(scalars.stream(), fields.stream())
                    .noneMatch(register -> register.channel().component().equals(component));
            refused.forEach((channel, why) -> missing.add(silent ? why.of(channel) : why));
            if (scalars.isEmpty() && fields.isEmpty()) {
                return;
            }
            signals();
            good(Nvml.call(nvml.init()));
            RegisterStamps stamps = new RegisterStamps(Ticker.monotonic(), WallClock.ofThisMachine());
            sensors.add(new GpuSensor(nvml, gpu, device, via, stamps, scalars, fields));
        } catch (RefusedException e) {
            missing.add(
                    Refusals.ofGpu(name(), e.result(), nvml.words(e.result())).of(energy()));
        }
    }

    private void measures() throws RefusedException {
        Channel energy = energy();
        tell(energy, nvml.energy().isPresent() ? scalar(energy, nvml.energy().get(), true) : Nvml.FUNCTION_NOT_FOUND);
        Channel power = power();
        tell(power, scalar(power, nvml.power(), false));
        field(gauge("power-instant", component, Duration.ZERO), FIELD_POWER_INSTANT, SCOPE_GPU);
        field(gauge("power-average", component, ONE_SECOND), FIELD_POWER_AVERAGE, SCOPE_GPU);
        if (module.isPresent()
                && !field(gauge("module-power", module.get(), Duration.ZERO), FIELD_POWER_INSTANT, SCOPE_MODULE)) {
            field(gauge("module-power", module.get(), ONE_SECOND), FIELD_POWER_AVERAGE, SCOPE_MODULE);
        }
    }

    private void tell(Channel channel, int result) {
        if (result != Nvml.SUCCESS) {
            refused.put(channel, Refusals.ofChannel(channel, name(), result, nvml.words(result)));
        }
    }

    /// Why the energy was what it was; what is refused is left out.
    private void signals() throws RefusedException {
        if (nvml.temperature().isPresent()) {
            scalar(
                    signal("temperature", Quantity.TEMPERATURE, 1),
                    MethodHandles.insertArguments(nvml.temperature().get(), 1, TEMPERATURE_OF_GPU),
                    false);
        }
        if (nvml.clock().isPresent()) {
            MethodHandle clock = nvml.clock().get();
            scalar(
                    signal("sm-clock", Quantity.FREQUENCY, MEGA),
                    MethodHandles.insertArguments(clock, 1, CLOCK_SM),
                    false);
            scalar(
                    signal("memory-clock", Quantity.FREQUENCY, MEGA),
                    MethodHandles.insertArguments(clock, 1, CLOCK_MEMORY),
                    false);
        }
        if (nvml.utilisation().isPresent()) {
            // Two numbers are filled in; the first is how busy the GPU was, the second its memory.
            scalar(
                    signal("utilisation", Quantity.UTILISATION, PERCENT),
                    nvml.utilisation().get(),
                    false);
        }
        Optional<MethodHandle> reasons = nvml.clocksEventReasons().or(nvml::throttleReasons);
        if (reasons.isPresent()) {
            scalar(signal("throttle-reasons", Quantity.FLAGS, 1), reasons.get(), true);
        }
    }

    /// Asks once, and keeps the register if it answers.
    private int scalar(Channel channel, MethodHandle function, boolean isLong) throws RefusedException {
        try (Arena arena = Arena.ofConfined()) {
            int result = alive(Nvml.call(function, device, arena.allocate(ValueLayout.JAVA_LONG)));
            if (result == Nvml.SUCCESS) {
                scalars.add(new Register.Scalar(channel, function, isLong));
            }
            return result;
        }
    }

    private boolean field(Channel channel, int id, int scope) throws RefusedException {
        if (nvml.fields().isEmpty()) {
            return false;
        }
        Register.Field field = new Register.Field(channel, id, scope);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = GpuSensor.fieldValues(arena, List.of(field));
            int whole = alive(nvml.fieldValues(device, 1, values));
            boolean answers = whole == Nvml.SUCCESS && alive(GpuSensor.fieldResult(values, 0)) == Nvml.SUCCESS;
            if (answers) {
                fields.add(field);
            }
            return answers;
        }
    }

    private static int alive(int result) throws RefusedException {
        if (result == Nvml.GPU_IS_LOST) {
            throw new RefusedException(result);
        }
        return result;
    }

    private Channel energy() {
        Channel energy = limited(Channel.counter(gpu.id() + "/energy", component, MILLI, 0, REFRESH));
        return COUNTS_MORE.matcher(gpu.name()).find() ? energy.withAccuracy(COUNTER_ACCURACY) : partTime(energy);
    }

    /// On Ampere and newer a mean of one second, but for GA100 (compute capability 8.0: A100, A30), which gives the
    /// instantaneous power as all older GPUs do. Of what does not tell its architecture the mean is assumed.
    private Channel power() {
        int tenths = computeCapability.orElse(Integer.MAX_VALUE);
        Channel power = gauge("power", component, tenths <= 80 ? Duration.ZERO : ONE_SECOND);
        return tenths / 10 <= KEPLER ? power.withAccuracy(KEPLER_ACCURACY) : power;
    }

    private Channel gauge(String part, Component of, Duration averagedOver) {
        Channel power = Channel.power(gpu.id() + "/" + part, of, MILLI, REFRESH, averagedOver);
        return of.equals(component) ? partTime(limited(power)) : power;
    }

    private Channel limited(Channel channel) {
        return limitWatts.isPresent() ? channel.withMaxWatts(limitWatts.getAsDouble()) : channel;
    }

    private Channel partTime(Channel channel) {
        Optional<Double> seen = Optional.ofNullable(SEEN.get(computeCapability.orElse(0)));
        return seen.isPresent() ? channel.withSeenShare(seen.get()) : channel;
    }

    private Channel signal(String part, Quantity quantity, double scale) {
        return Channel.signal(gpu.id() + "/" + part, component, quantity, scale, Duration.ZERO);
    }

    private OptionalDouble limitWatts() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            boolean known = nvml.powerLimit().isPresent()
                    && Nvml.call(nvml.powerLimit().get(), device, out) == Nvml.SUCCESS
                    && out.get(ValueLayout.JAVA_INT, 0) > 0;
            return known ? OptionalDouble.of(out.get(ValueLayout.JAVA_INT, 0) * MILLI) : OptionalDouble.empty();
        }
    }

    /// E.g. 80 for 8.0.
    private OptionalInt computeCapability() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
            boolean known = nvml.computeCapability().isPresent()
                    && Nvml.call(nvml.computeCapability().get(), device, major, minor) == Nvml.SUCCESS;
            return known
                    ? OptionalInt.of(10 * major.get(ValueLayout.JAVA_INT, 0) + minor.get(ValueLayout.JAVA_INT, 0))
                    : OptionalInt.empty();
        }
    }

    /// Whether it is split into MIG instances.
    private boolean isSplit() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment current = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment pending = arena.allocate(ValueLayout.JAVA_INT);
            return nvml.migMode().isPresent()
                    && Nvml.call(nvml.migMode().get(), device, current, pending) == Nvml.SUCCESS
                    && current.get(ValueLayout.JAVA_INT, 0) == 1;
        }
    }

    /// Whether a CPU is on the same module: Grace-Hopper, Grace-Blackwell.
    private boolean sharesModule() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment enabled = arena.allocate(ValueLayout.JAVA_INT);
            return nvml.c2cMode().isPresent()
                    && Nvml.call(nvml.c2cMode().get(), device, enabled) == Nvml.SUCCESS
                    && enabled.get(ValueLayout.JAVA_INT, 0) == 1;
        }
    }

    private String name() {
        return "%s at %s".formatted(gpu.name(), gpu.pciBusId());
    }

    /// NVML does not give the GPU out.
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private final int result;

        RefusedException(int result) {
            super("NVML error " + result);
            this.result = result;
        }

        int result() {
            return result;
        }
    }
}
