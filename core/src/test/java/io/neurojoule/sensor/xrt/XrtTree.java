package io.neurojoule.sensor.xrt;

import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A made tree after XRT's xmc.c, with the readings of an Alveo U280 as its page at PC2 (Noctua 2) shows them.
record XrtTree(Path sysfs) {
    Path card(String address, String instance) throws IOException {
        Path xmc = Files.createDirectories(
                sysfs.resolve("bus/pci/devices").resolve(address).resolve(instance));
        with(xmc, "xmc_power", 58_360_411);
        with(xmc, "xmc_12v_pex_vol", 12_100);
        with(xmc, "xmc_12v_pex_curr", 2_650);
        with(xmc, "xmc_12v_aux_vol", 12_150);
        with(xmc, "xmc_12v_aux_curr", 1_900);
        with(xmc, "xmc_3v3_pex_vol", 3_300);
        with(xmc, "xmc_3v3_pex_curr", 900);
        with(xmc, "xmc_vccint_vol", 850);
        with(xmc, "xmc_vccint_curr", 21_000);
        with(xmc, "xmc_fpga_temp", 41);
        return xmc;
    }

    static void with(Path xmc, String file, Object content) throws IOException {
        Files.writeString(xmc.resolve(file), content + "\n");
    }

    SourceConfig config() {
        return new SourceConfig(sysfs, sysfs.resolveSibling("proc"));
    }
}
