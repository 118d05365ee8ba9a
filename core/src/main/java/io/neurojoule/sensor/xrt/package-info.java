/// The card controller (XMC) of AMD/Xilinx FPGA cards, as older versions of XRT show it.
@NullMarked
package io.neurojoule.sensor.xrt;

import org.jspecify.annotations.NullMarked;
