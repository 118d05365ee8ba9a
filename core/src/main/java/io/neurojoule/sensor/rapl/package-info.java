/// The energy counters of x86 processors: through perf where that is permitted, else through powercap.
@NullMarked
package io.neurojoule.sensor.rapl;

import org.jspecify.annotations.NullMarked;
