package io.neurojoule.sensor.ipmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What we take for RMCP+ is what another program takes for it.
@Timeout(60)
class FakeBmcTest {
    @ParameterizedTest
    @EnumSource(CipherSuite.class)
    void ipmitoolUnderstandsIt(CipherSuite suite) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/ipmitool")), "no ipmitool here");
        try (FakeBmc bmc = new FakeBmc().only(suite)) {
            String said = LabBmc.run(List.of(
                    "ipmitool",
                    "-I",
                    "lanplus",
                    "-C",
                    String.valueOf(suite.id()),
                    "-H",
                    "127.0.0.1",
                    "-p",
                    String.valueOf(bmc.port()),
                    "-U",
                    FakeBmc.USER,
                    "-P",
                    FakeBmc.PASSWORD,
                    "dcmi",
                    "power",
                    "reading"));

            assertThat(said).containsPattern("Instantaneous power reading: +210 Watts");
        }
    }
}
