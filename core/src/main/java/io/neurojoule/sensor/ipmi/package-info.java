/// The power that a server's management controller (BMC) measures: DCMI power reading, Lenovo's energy counter, and the
/// power sensors of the sensor data repository; through the kernel's device or over the network (RMCP+).
///
/// One [BmcSensor] per controller asks a [Bmc], which is a [DeviceBmc] or a [LanBmc].
@NullMarked
package io.neurojoule.sensor.ipmi;

import org.jspecify.annotations.NullMarked;
