/// A network that only spends time.
@NullMarked
package io.neurojoule.workload.synthetic;

import org.jspecify.annotations.NullMarked;
