/// What a power source is: sensors, channels, components, and how a figure was obtained.
@NullMarked
package io.neurojoule.sensor;

import org.jspecify.annotations.NullMarked;
