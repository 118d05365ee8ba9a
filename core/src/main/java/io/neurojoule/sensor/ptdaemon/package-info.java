/// Wall meters behind SPEC's PTDaemon, as benchmarks of SPEC and MLPerf use them.
@NullMarked
package io.neurojoule.sensor.ptdaemon;

import org.jspecify.annotations.NullMarked;
