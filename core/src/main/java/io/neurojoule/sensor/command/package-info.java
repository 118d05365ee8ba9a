/// Any program that prints values: the way in for smart plugs, bench meters and new boards.
@NullMarked
package io.neurojoule.sensor.command;

import org.jspecify.annotations.NullMarked;
