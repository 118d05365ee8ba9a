/// The energy counters of x86 processors: through perf where that is permitted, else through powercap, else from its
/// registers.
@NullMarked
package io.neurojoule.sensor.rapl;

import org.jspecify.annotations.NullMarked;
