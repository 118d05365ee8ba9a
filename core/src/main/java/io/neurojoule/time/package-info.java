/// Clocks: the only room that reads them.
@NullMarked
package io.neurojoule.time;

import org.jspecify.annotations.NullMarked;
