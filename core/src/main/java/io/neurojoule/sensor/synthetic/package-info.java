/// Counters of a known constant power, to try the rest of the road without hardware.
@NullMarked
package io.neurojoule.sensor.synthetic;

import org.jspecify.annotations.NullMarked;
