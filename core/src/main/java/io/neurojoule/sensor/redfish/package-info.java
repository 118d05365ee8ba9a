/// Power of a machine as its management controller tells it by Redfish.
@NullMarked
package io.neurojoule.sensor.redfish;

import org.jspecify.annotations.NullMarked;
