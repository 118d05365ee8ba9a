package io.neurojoule.sensor.hwmon;

import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;

/// A board with one chip of each way of reading: a power file, volts and amperes, a counter.
class HwmonContractTest extends PowerSourceContract {
    @Override
    protected PowerSource source() {
        return new HwmonSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        HwmonTree tree = new HwmonTree(root.resolve("sys"));
        tree.chip(0, "platform/soc/i2c-3/3-0040", "ina226").with("power1_input", 4_250_000);
        tree.chip(1, "platform/soc/i2c-1/1-0040", "ina3221")
                .with("in1_input", 5000)
                .with("curr1_input", 1200)
                .with("in2_input", 4960)
                .with("curr2_input", "no number");
        tree.chip(2, "pci0000:00/0000:00:01.0/0000:03:00.0", "i915").with("energy1_input", 123_456_789);
        return tree.config();
    }
}
