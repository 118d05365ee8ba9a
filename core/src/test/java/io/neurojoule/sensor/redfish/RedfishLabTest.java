package io.neurojoule.sensor.redfish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Energy;
import io.neurojoule.lab.LabTest;
import io.neurojoule.lab.Probed;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The laboratory's controller, of which the true power is known.
class RedfishLabTest {
    private static final int PORT = 9653;
    private static final Map<String, String> PASSWORD = Map.of("BMC_PW", "powerlab");
    private static final String PLAIN =
            "redfish:bmc1,url=http://127.0.0.1:%d,user=root,password_env=BMC_PW".formatted(PORT);
    private static final String TLS =
            "redfish:bmc1,url=https://127.0.0.1:%d,user=root,password_env=BMC_PW".formatted(PORT);

    private static Probed probe(List<String> lab, double seconds, String source) throws Exception {
        List<String> options = new ArrayList<>(List.of("--rapl", "intel-2s", "--redfish", String.valueOf(PORT)));
        options.addAll(lab);
        return Probed.run(options, PASSWORD, seconds, source);
    }

    private static Signal power(Probed probed, String id) {
        return probed.signal(Channel.power(
                id,
                Component.node(Component.THIS_MACHINE),
                probed.scale(id),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1)));
    }

    private static Signal energy(Probed probed) {
        String id = "redfish:bmc1/node-energy";
        return probed.signal(Channel.counter(
                id, Component.node(Component.THIS_MACHINE), probed.scale(id), 0, Duration.ofSeconds(1)));
    }

    @LabTest
    void aConstantLoadIsReadToATenthOfAWattInASession() throws Exception {
        Probed probed = probe(List.of("--profile", "const:100"), 9, PLAIN + ",login=session");
        Signal node = power(probed, "redfish:bmc1/node");
        List<long[]> windows = Probed.windows(node, 2.5, 4, 1);

        double truth = probed.truth("node", windows).getFirst();

        assertThat(probed.lines("gap")).isEmpty();
        assertThat(probed.lines("channel redfish:bmc1/node").getFirst()).contains("EnvironmentMetrics");
        assertThat(Probed.energy(node, windows.getFirst()).joules()).isCloseTo(truth, within(4 * 0.05 + 1e-6));
        Energy counted = Probed.energy(energy(probed), windows.getFirst());
        assertThat(Math.abs(counted.joules() - truth)).isLessThanOrEqualTo(counted.boundJoules());
        double supplies = Probed.energy(power(probed, "redfish:bmc1/supply-1"), windows.getFirst())
                        .joules()
                + Probed.energy(power(probed, "redfish:bmc1/supply-2"), windows.getFirst())
                        .joules();
        assertThat(supplies).isCloseTo(truth, within(4 * 0.1 + 1e-6));
    }

    @LabTest
    void theBoundContainsTheTruthOfASquareLoadWithBasicLogin() throws Exception {
        Probed probed = probe(List.of("--profile", "square:50,200,3"), 20, PLAIN + ",login=basic");
        Signal node = power(probed, "redfish:bmc1/node");
        List<long[]> windows = Probed.windows(node, 2.5, 4.7, 3);

        List<Double> truths = probed.truth("node", windows);

        for (int i = 0; i < windows.size(); i++) {
            Energy read = Probed.energy(node, windows.get(i));
            Energy counted = Probed.energy(energy(probed), windows.get(i));
            assertThat(Math.abs(read.joules() - truths.get(i)))
                    .as("power, window %d: %s, truth %s", i, read, truths.get(i))
                    .isLessThanOrEqualTo(read.boundJoules());
            assertThat(Math.abs(counted.joules() - truths.get(i)))
                    .as("energy, window %d: %s, truth %s", i, counted, truths.get(i))
                    .isLessThanOrEqualTo(counted.boundJoules());
        }
    }

    @LabTest
    void aCertificateThatIsPinnedByItsSha256IsTrusted() throws Exception {
        Probed probed = probe(List.of("--redfish-tls"), 1, TLS + ",sha256={sha256}");

        assertThat(probed.lines("missing")).isEmpty();
        assertThat(probed.lines("value redfish:bmc1/node")).isNotEmpty();
    }

    @LabTest
    void aCertificateInAFileIsTrusted() throws Exception {
        Probed probed = probe(List.of("--redfish-tls"), 1, TLS + ",certificate={certificate}");

        assertThat(probed.lines("missing")).isEmpty();
        assertThat(probed.lines("value redfish:bmc1/node")).isNotEmpty();
    }

    @LabTest
    void aCertificateSignedByItselfIsRefusedWithTheSettingThatPinsIt() throws Exception {
        Probed probed = probe(List.of("--redfish-tls"), 1, TLS);

        assertThat(probed.lines("channel redfish:bmc1/node")).isEmpty();
        assertThat(probed.lines("missing").getFirst())
                .startsWith("missing redfish-certificate")
                .containsPattern("then add: sha256=[0-9a-f]{64}");
    }

    @LabTest
    void anotherCertificateThanThePinnedOneIsRefused() throws Exception {
        Probed probed = probe(List.of("--redfish-tls"), 1, TLS + ",sha256=" + "0".repeat(64));

        assertThat(probed.lines("missing").getFirst())
                .startsWith("missing redfish-certificate")
                .contains("not the pinned one");
    }

    @LabTest
    void everyFaultIsAGapWithItsReasonAndEndsWithTheFault() throws Exception {
        Probed probed = probe(
                List.of(
                        "--profile", "const:100",
                        "--fault", "redfish,enodata,from=9,to=11",
                        "--fault", "redfish,garbage,from=12,to=14",
                        "--fault", "redfish,badcc=503,from=15,to=17",
                        "--fault", "redfish,silent,from=18,to=25"),
                32,
                PLAIN);

        assertThat(probed.lines("gap redfish:bmc1/node"))
                .anyMatch(line -> line.contains("null"))
                .anyMatch(line -> line.contains("no JSON"))
                .anyMatch(line -> line.contains("HTTP 503"));
        // Silence of 7 s has one read of 5 s in it, whichever sensor's turn it is.
        assertThat(probed.lines("gap")).anyMatch(line -> line.contains("no answer within 5 s"));
        assertThat(probed.lines("value redfish:bmc1/node").stream()
                        .map(line -> line.substring(line.lastIndexOf(' ')))
                        .distinct())
                .as("a fault never changes a value")
                .hasSize(1);
        assertThat(probed.lines().getLast()).startsWith("value");
        assertThat(probed.lines("gap").toString()).doesNotContain("powerlab");
    }
}
