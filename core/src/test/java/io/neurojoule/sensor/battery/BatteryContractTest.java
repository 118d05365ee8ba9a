package io.neurojoule.sensor.battery;

import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;

class BatteryContractTest extends PowerSourceContract {
    @Override
    protected PowerSource source() {
        return new BatterySource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        BatteryTree tree = new BatteryTree(root.resolve("sys"));
        tree.battery("BAT0", "Discharging").with("power_now", 9_000_000);
        tree.supply("AC", "Mains").with("online", 0);
        return tree.config();
    }
}
