package io.neurojoule.sensor.nvml;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which GPU it is. The PCI bus id and the UUID stay the same over reboots, the index need not.
///
/// @param index    NVML's, as `nvidia-smi` shows it; neither stable nor CUDA's (that is [CudaDevice])
/// @param pciBusId lower case, e.g. `0000:41:00.0`
/// @param uuid     e.g. `GPU-8932f937-d72c-4106-c12f-20bd9faed9f6`
/// @param name     of the product, e.g. `NVIDIA A100-SXM4-40GB`
public record Gpu(int index, String pciBusId, String uuid, String name) {
    static final Comparator<Gpu> PCI_ORDER =
            Comparator.comparingLong(gpu -> Long.parseLong(gpu.pciBusId.replaceAll("[:.]", ""), 16));

    private static final Pattern ALIAS = Pattern.compile("nvml:(?:gpu([0-9]{1,4})|(GPU-[0-9a-fA-F-]+))((?:/.*)?)");

    /// What names a GPU by its index or UUID, written with its bus id: `nvml:gpu0/energy` and
    /// `nvml:GPU-8932f937/energy` become `nvml:0000:41:00.0/energy`. Of a UUID its beginning is enough where that is
    /// the only one. Anything else is given back as it is; empty if no or no single GPU is meant.
    public static Optional<String> resolve(String selector, List<Gpu> gpus) {
        Matcher alias = ALIAS.matcher(selector);
        if (!alias.matches()) {
            return Optional.of(selector);
        }
        Optional<String> index = Optional.ofNullable(alias.group(1));
        String uuid = String.valueOf(alias.group(2));
        List<Gpu> meant = gpus.stream()
                .filter(gpu ->
                        index.isPresent() ? gpu.index == Integer.parseInt(index.get()) : gpu.hasUuidBeginning(uuid))
                .toList();
        return meant.size() == 1 ? Optional.of(meant.getFirst().id() + alias.group(3)) : Optional.empty();
    }

    /// Of its sensor, e.g. `nvml:0000:41:00.0`.
    public String id() {
        return NvmlSource.NAME + ":" + pciBusId;
    }

    boolean hasUuidBeginning(String beginning) {
        return uuid.toLowerCase(Locale.ROOT).startsWith(beginning.toLowerCase(Locale.ROOT));
    }
}
