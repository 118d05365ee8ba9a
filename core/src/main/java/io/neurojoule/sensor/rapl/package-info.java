/// RAPL energy counters of CPU packages and memory.
@NullMarked
package io.neurojoule.sensor.rapl;

import org.jspecify.annotations.NullMarked;
