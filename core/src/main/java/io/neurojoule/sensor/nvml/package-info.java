/// NVIDIA GPUs by the driver's own library, NVML: energy counter, power, and why a clock was held down.
@NullMarked
package io.neurojoule.sensor.nvml;

import org.jspecify.annotations.NullMarked;
