/// What is asked for, and the loop that does it.
@NullMarked
package io.neurojoule.experiment;

import org.jspecify.annotations.NullMarked;
