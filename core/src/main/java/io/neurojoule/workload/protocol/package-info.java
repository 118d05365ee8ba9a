/// The messages of the network protocol NWP 1, as JSON trees.
@NullMarked
package io.neurojoule.workload.protocol;

import org.jspecify.annotations.NullMarked;
