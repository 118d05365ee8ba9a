/// What a machine draws from its batteries while no mains adapter feeds it.
@NullMarked
package io.neurojoule.sensor.battery;

import org.jspecify.annotations.NullMarked;
