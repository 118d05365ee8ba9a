/// The power counters of HPE Cray nodes, /sys/cray/pm_counters.
@NullMarked
package io.neurojoule.sensor.cray;

import org.jspecify.annotations.NullMarked;
