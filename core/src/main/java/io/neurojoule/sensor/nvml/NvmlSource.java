package io.neurojoule.sensor.nvml;

import io.neurojoule.ffm.NativeLibrary.NativeLibraryException;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// NVIDIA GPUs through NVML, the library of their driver: one sensor per GPU, known by its PCI bus id.
///
/// The library is found as the system's loader finds it, so `LD_LIBRARY_PATH` is honoured.
public final class NvmlSource implements PowerSource {
    static final String NAME = "nvml";

    private final Loader loader;

    public NvmlSource() {
        this(Nvml::bind);
    }

    NvmlSource(Loader loader) {
        this.loader = loader;
    }

    /// Loads the library.
    @FunctionalInterface
    interface Loader {
        /// @throws NativeLibraryException if it is not there
        /// @throws IllegalCallerException if this program may not make native calls
        Nvml load() throws NativeLibraryException;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        Settings unused = Settings.of(NAME, config.options(), List.of());
        return config.isThisMachine()
                ? withNvml(nvml -> boards(nvml, config), Discovery::of)
                : Discovery.of(Refusals.otherMachine(config.sysfs()));
    }

    @Override
    public Optional<String> resolve(String shortName) {
        return shortName.startsWith(NAME + ":") ? Gpu.resolve(shortName, gpus()) : Optional.empty();
    }

    /// `cuda:N`, by the rules of [CudaDevice].
    @Override
    public Optional<String> component(String device, Map<String, String> environment) {
        if (!device.matches("cuda(:[0-9]{1,4})?")) {
            return Optional.empty();
        }
        List<Gpu> gpus = gpus();
        if (gpus.isEmpty()) {
            return Optional.empty();
        }
        int ordinal = device.contains(":") ? Integer.parseInt(device.substring(device.indexOf(':') + 1)) : 0;
        return switch (CudaDevice.of(ordinal, gpus, environment)) {
            case CudaDevice.Known known -> Optional.of("gpu-" + known.gpu().pciBusId());
            case CudaDevice.Unknown unknown -> throw new SettingsException(device + ": " + unknown.reason());
        };
    }

    /// The GPUs that NVML shows now, in its order; empty where there is none. For names that a user gives
    /// ([Gpu#resolve], [CudaDevice#of]).
    public List<Gpu> gpus() {
        return withNvml(NvmlSource::identities, unused -> List.of());
    }

    /// NVML counts its users: what is opened in between goes on working after the end.
    private <T> T withNvml(Function<Nvml, T> use, Function<Missing, T> without) {
        Nvml nvml;
        try {
            nvml = loader.load();
        } catch (NativeLibraryException | IllegalCallerException e) {
            return without.apply(Refusals.noLibrary(String.valueOf(e.getMessage())));
        }
        int result = Nvml.call(nvml.init());
        if (result != Nvml.SUCCESS) {
            return without.apply(Refusals.ofDriver(result, nvml.words(result)));
        }
        try {
            return use.apply(nvml);
        } finally {
            int unused = Nvml.call(nvml.shutdown());
        }
    }

    private static Discovery boards(Nvml nvml, SourceConfig config) {
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        try {
            int count = Board.count(nvml);
            for (int index = 0; index < count; index++) {
                try {
                    new Board(nvml, index, config.sysfs()).open(sensors, missing);
                } catch (Board.RefusedException e) {
                    missing.add(Refusals.ofGpu("GPU " + index + " of NVML", e.result(), nvml.words(e.result())));
                }
            }
            if (count == 0) {
                missing.add(Refusals.noGpu());
            }
        } catch (Board.RefusedException e) {
            missing.add(Refusals.ofDriver(e.result(), nvml.words(e.result())));
        }
        return new Discovery(sensors, missing);
    }

    private static List<Gpu> identities(Nvml nvml) {
        List<Gpu> gpus = new ArrayList<>();
        try {
            int count = Board.count(nvml);
            for (int index = 0; index < count; index++) {
                try {
                    gpus.add(Board.gpu(nvml, index, Board.handle(nvml, index)));
                } catch (Board.RefusedException e) {
                    // discover() tells why
                }
            }
        } catch (Board.RefusedException e) {
            return List.of(); // discover() tells why
        }
        return gpus;
    }
}
