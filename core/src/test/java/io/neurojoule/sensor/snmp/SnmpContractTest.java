package io.neurojoule.sensor.snmp;

import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class SnmpContractTest extends PowerSourceContract {
    private MadeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new MadeAgent().withRaritanInlet(2045, 5_000_000);
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    @Override
    protected PowerSource source() {
        return new SnmpSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        return nothing().withNamed(Map.of("pdu1", agent.settings("device", "raritan")));
    }
}
