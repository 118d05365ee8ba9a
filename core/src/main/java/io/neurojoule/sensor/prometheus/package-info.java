/// A metric of a Prometheus exporter, e.g. the node exporter of another host.
@NullMarked
package io.neurojoule.sensor.prometheus;

import org.jspecify.annotations.NullMarked;
