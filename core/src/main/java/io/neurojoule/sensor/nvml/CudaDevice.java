package io.neurojoule.sensor.nvml;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The GPU that a CUDA program calls `cuda:N`, or why that cannot be told from outside.
///
/// @see <a href="https://docs.nvidia.com/cuda/cuda-c-programming-guide/#cuda-environment-variables">CUDA environment
/// variables</a>
public sealed interface CudaDevice {
    /// It is this one.
    record Known(Gpu gpu) implements CudaDevice {}

    /// It cannot be told, or there is none.
    ///
    /// @param reason one sentence, with the remedy
    record Unknown(String reason) implements CudaDevice {}

    /// Which GPU `cuda:ordinal` is for a process with this environment (`CUDA_VISIBLE_DEVICES`, `CUDA_DEVICE_ORDER`).
    ///
    /// CUDA numbers GPUs from fast to slow unless `CUDA_DEVICE_ORDER=PCI_BUS_ID`; what it takes for fast is not
    /// documented. So the number of a GPU among different ones is known only in PCI order. Among GPUs of one product
    /// PCI order is taken.
    ///
    /// @param ordinal     N of `cuda:N`, >= 0
    /// @param gpus        all that NVML shows, in any order
    /// @param environment of the process that uses CUDA, not of this one
    static CudaDevice of(int ordinal, List<Gpu> gpus, Map<String, String> environment) {
        if (ordinal < 0) {
            throw new IllegalArgumentException("ordinal must be >= 0: " + ordinal);
        }
        return new CudaNumbering(gpus, Optional.ofNullable(environment.get("CUDA_DEVICE_ORDER")))
                .device(ordinal, Optional.ofNullable(environment.get("CUDA_VISIBLE_DEVICES")));
    }
}
