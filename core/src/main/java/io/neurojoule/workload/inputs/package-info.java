/// Values of a network's inputs: the same for the same seeds, whatever runs the network.
@NullMarked
package io.neurojoule.workload.inputs;

import org.jspecify.annotations.NullMarked;
