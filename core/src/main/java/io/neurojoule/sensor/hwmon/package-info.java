/// Power, energy and volt-ampere readings that Linux drivers give through hwmon.
@NullMarked
package io.neurojoule.sensor.hwmon;

import org.jspecify.annotations.NullMarked;
