/// The network's side of NWP 1 for networks written in Java, and its loop.
@NullMarked
package io.neurojoule.workload.worker;

import org.jspecify.annotations.NullMarked;
