package io.neurojoule.sensor.xrt;

import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;

class XrtContractTest extends PowerSourceContract {
    @Override
    protected PowerSource source() {
        return new XrtSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        XrtTree tree = new XrtTree(root.resolve("sys"));
        tree.card("0000:81:00.1", "xmc.u.12582912");
        tree.card("0000:c1:00.1", "xmc.u.13631488");
        return tree.config();
    }
}
