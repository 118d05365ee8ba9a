package io.neurojoule.sensor.ipmi;

import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class IpmiContractTest extends PowerSourceContract {
    private final FakeBmc bmc;

    IpmiContractTest() throws IOException {
        bmc = new FakeBmc();
    }

    @BeforeEach
    void fill() {
        bmc.record(SdrRecords.watts(0x30, "PSU1 Input", 4))
                .record(SdrRecords.watts(0x31, "PSU2 Input", 4))
                .answer(0x04, 0x2D, 0, 50, 0xC0, 0);
    }

    @AfterEach
    void end() {
        bmc.close();
    }

    @Override
    protected PowerSource source() {
        return new IpmiSource();
    }

    @Override
    protected SourceConfig present() throws IOException {
        return LabBmc.config(
                root, bmc.port(), Map.of("user", FakeBmc.USER, "password", FakeBmc.PASSWORD, "cipher", "17"));
    }
}
