/// What a processor without a readable sensor may draw: busy time and a table.
@NullMarked
package io.neurojoule.sensor.estimate;

import org.jspecify.annotations.NullMarked;
