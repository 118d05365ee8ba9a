/// From a recording to joules per element, with bounds, intervals and findings. Reads data only; runs nothing.
@NullMarked
package io.neurojoule.analysis;

import org.jspecify.annotations.NullMarked;
