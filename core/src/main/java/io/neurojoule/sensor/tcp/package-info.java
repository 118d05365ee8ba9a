/// Any socket that answers a line with a value, or sends lines unasked: bench meters (SCPI), gateways.
@NullMarked
package io.neurojoule.sensor.tcp;

import org.jspecify.annotations.NullMarked;
