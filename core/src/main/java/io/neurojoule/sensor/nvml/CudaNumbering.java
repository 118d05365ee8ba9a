package io.neurojoule.sensor.nvml;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// How CUDA counts the GPUs of one machine.
final class CudaNumbering {
    private final List<Gpu> inPciOrder;
    private final Optional<String> order;

    CudaNumbering(List<Gpu> gpus, Optional<String> order) {
        inPciOrder = gpus.stream().sorted(Gpu.PCI_ORDER).toList();
        this.order = order.map(String::strip);
    }

    CudaDevice device(int ordinal, Optional<String> visible) {
        if (visible.isEmpty()) {
            return ordinal < inPciOrder.size()
                    ? numbered(ordinal)
                    : new CudaDevice.Unknown(
                            "there is no cuda:%d: this machine has %d GPUs".formatted(ordinal, inPciOrder.size()));
        }
        String[] names = visible.get().split(",", -1);
        for (int i = 0; i <= ordinal; i++) {
            String name = i < names.length ? names[i].strip() : "";
            // CUDA sees nothing from the first name on that means no GPU.
            if (!name.startsWith("MIG-") && !isNumber(name) && named(name).isEmpty()) {
                return new CudaDevice.Unknown("there is no cuda:%d: CUDA_VISIBLE_DEVICES='%s' shows %d GPUs"
                        .formatted(ordinal, visible.get(), i));
            }
        }
        String name = names[ordinal].strip();
        if (name.startsWith("MIG-")) {
            return new CudaDevice.Unknown("cuda:%d is the MIG instance %s; energy and power are those of its whole GPU"
                    .formatted(ordinal, name));
        }
        return named(name).<CudaDevice>map(CudaDevice.Known::new).orElseGet(() -> numbered(Integer.parseInt(name)));
    }

    private boolean isNumber(String name) {
        return name.matches("[0-9]{1,4}") && Integer.parseInt(name) < inPciOrder.size();
    }

    /// The beginning of a UUID is enough if it means one GPU.
    private Optional<Gpu> named(String name) {
        List<Gpu> meant = name.startsWith("GPU-")
                ? inPciOrder.stream().filter(gpu -> gpu.hasUuidBeginning(name)).toList()
                : List.of();
        return meant.size() == 1 ? Optional.of(meant.getFirst()) : Optional.empty();
    }

    private CudaDevice numbered(int number) {
        boolean alike = inPciOrder.stream().map(Gpu::name).distinct().count() == 1;
        if (alike || order.equals(Optional.of("PCI_BUS_ID"))) {
            return new CudaDevice.Known(inPciOrder.get(number));
        }
        return new CudaDevice.Unknown(
                "this machine has different GPUs, and CUDA's number %d among them is not known without CUDA_DEVICE_ORDER=PCI_BUS_ID; set that for the network, or name its GPU by UUID in CUDA_VISIBLE_DEVICES (%s)"
                        .formatted(
                                number,
                                inPciOrder.stream()
                                        .sorted(Comparator.comparingInt(Gpu::index))
                                        .map(gpu -> gpu.name() + " " + gpu.uuid())
                                        .reduce((a, b) -> a + ", " + b)
                                        .orElse("none")));
    }
}
