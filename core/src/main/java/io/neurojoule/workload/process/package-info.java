/// The profiler's side of a network in a child process.
@NullMarked
package io.neurojoule.workload.process;

import org.jspecify.annotations.NullMarked;
