package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Quantity;
import java.nio.file.Path;

/// Why NVML gives nothing, and what to do about it.
final class Refusals {
    private static final String IN_A_CONTAINER =
            "In a container: start it with the NVIDIA Container Toolkit (docker run --gpus all …).";

    private Refusals() {}

    static Missing otherMachine(Path sysfs) {
        return Missing.absent(
                "nvml-absent",
                Nvml.LIBRARY,
                "NVML knows the GPUs of this machine only, and --sysfs names another tree: " + sysfs,
                "Leave out --sysfs.");
    }

    static Missing noLibrary(String why) {
        return Missing.absent(
                "nvml-absent",
                Nvml.LIBRARY,
                "the library of the NVIDIA driver cannot be loaded: " + why,
                "With an NVIDIA GPU: install its driver; if the library is in a folder of its own, name that in"
                        + " LD_LIBRARY_PATH. "
                        + IN_A_CONTAINER);
    }

    static Missing noGpu() {
        return Missing.absent(
                "nvml-absent",
                Nvml.LIBRARY,
                "the NVIDIA driver shows no GPU",
                "Look with: nvidia-smi -L. " + IN_A_CONTAINER);
    }

    /// Of a call that has to do with no single GPU.
    static Missing ofDriver(int result, String words) {
        return switch (result) {
            case Nvml.LIBRARY_NOT_FOUND -> noLibrary(words);
            case Nvml.DRIVER_NOT_LOADED ->
                Missing.broken(
                                "nvml-driver",
                                Nvml.LIBRARY,
                                "the library is there, but the NVIDIA kernel driver is not loaded: " + words,
                                "Ask for the driver to be loaded. " + IN_A_CONTAINER)
                        .withAdmin("modprobe nvidia");
            case Nvml.VERSION_MISMATCH ->
                Missing.broken(
                                "nvml-driver",
                                Nvml.LIBRARY,
                                "the library and the NVIDIA kernel driver have different versions, as after an update"
                                        + " of the driver: "
                                        + words,
                                "Reboot, or load the new kernel driver while nothing uses the GPU. In a container:"
                                        + " restart it with the NVIDIA Container Toolkit, which brings the host's"
                                        + " library, and ship none in the image.")
                        .withAdmin("modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia", "modprobe nvidia");
            case Nvml.NO_PERMISSION -> denied(Nvml.LIBRARY, words);
            default -> unreadable(Nvml.LIBRARY, words);
        };
    }

    /// Of a call for one GPU.
    static Missing ofGpu(String gpu, int result, String words) {
        return switch (result) {
            case Nvml.GPU_IS_LOST ->
                Missing.broken(
                        "nvml-lost",
                        gpu,
                        "the GPU fell off its bus or cannot be reached any more: " + words,
                        "The kernel log says why: sudo dmesg | grep -i xid. A reboot usually brings it back.");
            case Nvml.NO_PERMISSION -> denied(gpu, words);
            default -> unreadable(gpu, words);
        };
    }

    /// Of the energy or the power of one GPU.
    static Missing ofChannel(Channel channel, String gpu, int result, String words) {
        String what = channel.id();
        return switch (result) {
            case Nvml.NOT_SUPPORTED, Nvml.FUNCTION_NOT_FOUND ->
                channel.quantity() == Quantity.ENERGY
                        ? Missing.absent(
                                "nvml-unsupported",
                                what,
                                "%s has no energy counter, which came with Volta: %s".formatted(gpu, words),
                                "Its energy is computed from power readings where it gives these; use windows of some seconds.")
                        : Missing.absent(
                                "nvml-unsupported",
                                what,
                                "%s or its driver does not tell its power: %s".formatted(gpu, words),
                                "See whether nvidia-smi -q -d POWER shows it. If not, meter the machine at the wall.");
            case Nvml.NO_PERMISSION -> denied(what, words);
            default -> unreadable(what, words);
        };
    }

    static Missing mig(String gpu, String pciBusId) {
        return Missing.absent(
                "nvml-mig",
                gpu,
                "the GPU is split into MIG instances, and its energy and power are those of all of them together",
                "Measure on a GPU that is not split, or ask for MIG to be switched off (nvidia-smi -i " + pciBusId
                        + " -mig 0; it ends all instances).");
    }

    private static Missing denied(String what, String words) {
        return Missing.notPermitted(
                        "nvml-permission",
                        what,
                        "this user may not use the GPU: " + words,
                        "Ask for access to the device files (ls -l /dev/nvidia*). " + IN_A_CONTAINER)
                .withAdmin("chmod a+rw /dev/nvidiactl /dev/nvidia[0-9]*");
    }

    private static Missing unreadable(String what, String words) {
        return Missing.broken(
                "nvml-unreadable",
                what,
                "NVML failed: " + words,
                "See whether nvidia-smi works; the kernel log may say why not: sudo dmesg | grep -i nvrm");
    }
}
