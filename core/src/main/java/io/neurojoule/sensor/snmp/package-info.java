/// Power and energy of outlets and inlets, as a power distribution unit tells them by SNMP.
@NullMarked
package io.neurojoule.sensor.snmp;

import org.jspecify.annotations.NullMarked;
