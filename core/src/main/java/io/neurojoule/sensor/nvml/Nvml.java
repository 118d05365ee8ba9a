package io.neurojoule.sensor.nvml;

import io.neurojoule.ffm.CFunction;
import io.neurojoule.ffm.NativeLibrary;
import io.neurojoule.ffm.NativeLibrary.NativeLibraryException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Optional;

/// The functions of NVML that are used, as nvml.h 12.6 declares them. All but one return an nvmlReturn_t, 0 if good.
///
/// What is optional came with some later driver.
///
/// @param init               counts: the library works until `shutdown` was called as often
/// @param energy             mJ since the driver was loaded
/// @param fields             an array of nvmlFieldValue_t is filled in; each has a result of its own
/// @param clocksEventReasons since driver 535
/// @param throttleReasons    the same under its older name
/// @param c2cMode            whether the GPU shares a module with a CPU (NVLink-C2C: Grace-Hopper, Grace-Blackwell)
record Nvml(
        @CFunction(value = "nvmlInit_v2", returns = int.class)
        MethodHandle init,

        @CFunction(value = "nvmlShutdown", returns = int.class)
        MethodHandle shutdown,

        @CFunction(
                value = "nvmlErrorString",
                returns = MemorySegment.class,
                parameters = {int.class})
        MethodHandle errorString,

        @CFunction(
                value = "nvmlSystemGetDriverVersion",
                returns = int.class,
                parameters = {MemorySegment.class, int.class})
        MethodHandle driverVersion,

        @CFunction(
                value = "nvmlDeviceGetCount_v2",
                returns = int.class,
                parameters = {MemorySegment.class})
        MethodHandle count,

        @CFunction(
                value = "nvmlDeviceGetHandleByIndex_v2",
                returns = int.class,
                parameters = {int.class, MemorySegment.class})
        MethodHandle handle,

        @CFunction(
                value = "nvmlDeviceGetPciInfo_v3",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        MethodHandle pciInfo,

        @CFunction(
                value = "nvmlDeviceGetUUID",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class, int.class})
        MethodHandle uuid,

        @CFunction(
                value = "nvmlDeviceGetName",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class, int.class})
        MethodHandle name,

        @CFunction(
                value = "nvmlDeviceGetPowerUsage",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        MethodHandle power,

        @CFunction(
                value = "nvmlDeviceGetTotalEnergyConsumption",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> energy,

        @CFunction(
                value = "nvmlDeviceGetFieldValues",
                returns = int.class,
                parameters = {MemorySegment.class, int.class, MemorySegment.class})
        Optional<MethodHandle> fields,

        @CFunction(
                value = "nvmlDeviceGetEnforcedPowerLimit",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> powerLimit,

        @CFunction(
                value = "nvmlDeviceGetCudaComputeCapability",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> computeCapability,

        @CFunction(
                value = "nvmlDeviceGetMigMode",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> migMode,

        @CFunction(
                value = "nvmlDeviceGetC2cModeInfoV",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> c2cMode,

        @CFunction(
                value = "nvmlDeviceGetTemperature",
                returns = int.class,
                parameters = {MemorySegment.class, int.class, MemorySegment.class})
        Optional<MethodHandle> temperature,

        @CFunction(
                value = "nvmlDeviceGetClockInfo",
                returns = int.class,
                parameters = {MemorySegment.class, int.class, MemorySegment.class})
        Optional<MethodHandle> clock,

        @CFunction(
                value = "nvmlDeviceGetUtilizationRates",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> utilisation,

        @CFunction(
                value = "nvmlDeviceGetCurrentClocksEventReasons",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> clocksEventReasons,

        @CFunction(
                value = "nvmlDeviceGetCurrentClocksThrottleReasons",
                returns = int.class,
                parameters = {MemorySegment.class, MemorySegment.class})
        Optional<MethodHandle> throttleReasons) {
    static final String LIBRARY = "libnvidia-ml.so.1";

    static final int SUCCESS = 0;
    static final int NOT_SUPPORTED = 3;
    static final int NO_PERMISSION = 4;
    static final int DRIVER_NOT_LOADED = 9;
    static final int LIBRARY_NOT_FOUND = 12;
    static final int FUNCTION_NOT_FOUND = 13;
    static final int GPU_IS_LOST = 15;
    static final int VERSION_MISMATCH = 18;

    private static final int LONGEST_TEXT = 256;

    /// @throws NativeLibraryException if the loader does not find the library (LD_LIBRARY_PATH, ld.so.cache)
    static Nvml bind() throws NativeLibraryException {
        return NativeLibrary.bind(Nvml.class, MethodHandles.lookup(), List.of(LIBRARY));
    }

    /// Calls a function of a device that fills in one place.
    static int call(MethodHandle function, MemorySegment device, MemorySegment out) {
        try {
            return (int) function.invokeExact(device, out);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("NVML", e);
        }
    }

    /// Calls any other function; not for reading, as it makes garbage.
    static int call(MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("NVML", e);
        }
    }

    int fieldValues(MemorySegment device, int count, MemorySegment values) {
        try {
            return (int) fields.orElseThrow().invokeExact(device, count, values);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("NVML", e);
        }
    }

    /// The driver's own words for a result, and its number.
    String words(int result) {
        try {
            MemorySegment text = (MemorySegment) errorString.invokeExact(result);
            return text.equals(MemorySegment.NULL)
                    ? "NVML error " + result
                    : "%s (NVML error %d)"
                            .formatted(text.reinterpret(LONGEST_TEXT).getString(0), result);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("NVML", e);
        }
    }
}
