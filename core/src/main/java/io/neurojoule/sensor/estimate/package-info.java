/// CPU power without a sensor: busy time and a stated spread, always ESTIMATED.
@NullMarked
package io.neurojoule.sensor.estimate;

import org.jspecify.annotations.NullMarked;
