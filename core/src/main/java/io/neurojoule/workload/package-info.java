/// What a network under test is, from both sides of the process border.
@NullMarked
package io.neurojoule.workload;

import org.jspecify.annotations.NullMarked;
