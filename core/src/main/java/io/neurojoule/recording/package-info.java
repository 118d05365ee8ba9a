/// From a sensor's reading to the run directory and back.
@NullMarked
package io.neurojoule.recording;

import org.jspecify.annotations.NullMarked;
