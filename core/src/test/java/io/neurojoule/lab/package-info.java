/// The lab for tests: programs run against emulated sensors of which the true energy is known.
@NullMarked
package io.neurojoule.lab;

import org.jspecify.annotations.NullMarked;
