package io.neurojoule.sensor.nvml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// As CUDA's programming guide describes its environment variables.
class CudaDeviceTest {
    private static final String PCI = "PCI_BUS_ID";

    /// NVML's order is neither PCI's nor CUDA's.
    private static final List<Gpu> SAME = List.of(
            new Gpu(0, "0000:c1:00.0", "GPU-cc000000-0000-4000-8000-000000000000", "NVIDIA A100"),
            new Gpu(1, "0000:41:00.0", "GPU-aa000000-0000-4000-8000-000000000000", "NVIDIA A100"),
            new Gpu(2, "0001:01:00.0", "GPU-ab000000-0000-4000-8000-000000000000", "NVIDIA A100"));

    private static final List<Gpu> DIFFERENT = List.of(
            new Gpu(0, "0000:c1:00.0", "GPU-cc000000-0000-4000-8000-000000000000", "NVIDIA A100"),
            new Gpu(1, "0000:41:00.0", "GPU-aa000000-0000-4000-8000-000000000000", "NVIDIA T400"));

    private static String cuda(int ordinal, List<Gpu> gpus, Map<String, String> environment) {
        return switch (CudaDevice.of(ordinal, gpus, environment)) {
            case CudaDevice.Known known -> known.gpu().pciBusId();
            case CudaDevice.Unknown unknown -> "? " + unknown.reason();
        };
    }

    private static Map<String, String> visible(String gpus) {
        return Map.of("CUDA_VISIBLE_DEVICES", gpus);
    }

    @Test
    void gpusOfOneProductAreInPciOrderWhateverNvmlSays() {
        assertThat(cuda(0, SAME, Map.of())).isEqualTo("0000:41:00.0");
        assertThat(cuda(1, SAME, Map.of())).isEqualTo("0000:c1:00.0");
        assertThat(cuda(2, SAME, Map.of())).isEqualTo("0001:01:00.0");
    }

    @Test
    void amongDifferentGpusANumberIsNotKnown() {
        String answer = cuda(0, DIFFERENT, Map.of());

        assertThat(answer)
                .startsWith("? ")
                .contains("CUDA_DEVICE_ORDER=PCI_BUS_ID")
                .contains("GPU-cc000000");
        assertThat(cuda(0, DIFFERENT, Map.of("CUDA_DEVICE_ORDER", "FASTEST_FIRST")))
                .startsWith("? ");
        assertThat(cuda(0, DIFFERENT, visible("1"))).startsWith("? ");
    }

    @Test
    void inPciOrderANumberIsKnown() {
        assertThat(cuda(1, DIFFERENT, Map.of("CUDA_DEVICE_ORDER", PCI))).isEqualTo("0000:c1:00.0");
        assertThat(cuda(0, DIFFERENT, Map.of("CUDA_DEVICE_ORDER", PCI, "CUDA_VISIBLE_DEVICES", "1")))
                .isEqualTo("0000:c1:00.0");
    }

    @Test
    void aUuidOrItsBeginningIsKnownInAnyOrder() {
        assertThat(cuda(0, DIFFERENT, visible("GPU-aa000000-0000-4000-8000-000000000000")))
                .isEqualTo("0000:41:00.0");
        assertThat(cuda(1, DIFFERENT, visible("GPU-aa,GPU-cc"))).isEqualTo("0000:c1:00.0");
        assertThat(cuda(0, SAME, visible("GPU-a"))).as("of two").startsWith("? ");
    }

    @Test
    void theListRenumbersWhatItShows() {
        assertThat(cuda(0, SAME, visible("2,0"))).isEqualTo("0001:01:00.0");
        assertThat(cuda(1, SAME, visible(" 2 , 0 "))).isEqualTo("0000:41:00.0");
        assertThat(cuda(2, SAME, visible("2,0"))).contains("shows 2 GPUs");
    }

    @Test
    void nothingIsVisibleFromTheFirstInvalidNameOn() {
        assertThat(cuda(0, SAME, visible("0,-1,1"))).isEqualTo("0000:41:00.0");
        assertThat(cuda(1, SAME, visible("0,-1,1"))).contains("shows 1 GPUs");
        assertThat(cuda(2, SAME, visible("0,-1,1"))).contains("shows 1 GPUs");
        assertThat(cuda(1, SAME, visible("0,7,1"))).startsWith("? ");
        assertThat(cuda(0, SAME, visible(""))).contains("shows 0 GPUs");
        assertThat(cuda(0, SAME, visible("GPU-ff"))).startsWith("? ");
    }

    @Test
    void aMigInstanceIsNoGpuOfItsOwn() {
        assertThat(cuda(0, SAME, visible("MIG-1ab0c0de-0000-4000-8000-000000000001")))
                .startsWith("? ")
                .contains("MIG");
    }

    @Test
    void whatIsNotThereIsNotGuessed() {
        assertThat(cuda(3, SAME, Map.of())).contains("3 GPUs");
        assertThat(cuda(0, List.of(), Map.of())).contains("0 GPUs");
        assertThatThrownBy(() -> CudaDevice.of(-1, SAME, Map.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
