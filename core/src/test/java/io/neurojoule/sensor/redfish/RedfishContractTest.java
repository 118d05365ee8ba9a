package io.neurojoule.sensor.redfish;

import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class RedfishContractTest extends PowerSourceContract {
    private MadeController controller;

    @BeforeEach
    void start() throws IOException {
        controller = new MadeController()
                .withEnvironment("{\"PowerWatts\": {\"Reading\": 204.5}, \"EnergyJoules\": {\"Reading\": 1234567.8}}");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    @Override
    protected PowerSource source() {
        return new RedfishSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        return nothing().withNamed(Map.of("bmc1", controller.settings(root)));
    }
}
