package io.neurojoule.sensor.snmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Energy;
import io.neurojoule.lab.LabTest;
import io.neurojoule.lab.Probed;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// net-snmp's snmpd in front of the laboratory's power distribution units, of which the true power is known.
class SnmpLabTest {
    private static final int PORT = 9671;
    private static final Component WALL = Component.of(Kind.WALL, "wall");
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Map<String, String> SECRETS =
            Map.of("COMMUNITY", "public", "AUTH", "powerlab-auth", "PRIV", "powerlab-priv", "WRONG", "powerlab-wrong");
    private static final String V2C = "snmp:pdu1,host=127.0.0.1,port=" + PORT + ",community_env=COMMUNITY";
    private static final String V3 = "snmp:pdu1,host=127.0.0.1,port=" + PORT
            + ",version=3,user=reader,auth=SHA,priv=AES,priv_password_env=PRIV,auth_password_env=";

    private static Probed probe(List<String> lab, double seconds, String source) throws Exception {
        List<String> options = new ArrayList<>(List.of("--rapl", "intel-2s", "--snmp", String.valueOf(PORT)));
        options.addAll(lab);
        return Probed.run(options, SECRETS, seconds, source);
    }

    private static Signal power(Probed probed, String id) {
        return probed.signal(Channel.power(id, WALL, probed.scale(id), SECOND, SECOND));
    }

    private static Signal energy(Probed probed, String id) {
        return probed.signal(Channel.counter(id, WALL, probed.scale(id), 1L << 32, SECOND));
    }

    private static void contains(Signal signal, List<long[]> windows, List<Double> truths, double share) {
        for (int i = 0; i < windows.size(); i++) {
            Energy read = Probed.energy(signal, windows.get(i));
            assertThat(Math.abs(read.joules() - truths.get(i) * share))
                    .as("%s, window %d: %s, truth %s", signal.channel().id(), i, read, truths.get(i) * share)
                    .isLessThanOrEqualTo(read.boundJoules());
        }
    }

    @LabTest(needs = "snmpd")
    void anApcUnitIsReadByV2c() throws Exception {
        Probed probed = probe(List.of("--profile", "const:100"), 9, V2C + ",device=apc,outlets=5;6");
        List<long[]> windows = Probed.windows(power(probed, "snmp:pdu1/inlet"), 2.5, 4, 1);
        List<Double> truth = probed.truth("node", windows);

        assertThat(probed.lines("gap")).isEmpty();
        contains(power(probed, "snmp:pdu1/inlet"), windows, truth, 1);
        contains(power(probed, "snmp:pdu1/outlet-5"), windows, truth, 0.6);
        contains(power(probed, "snmp:pdu1/outlet-6"), windows, truth, 0.4);
        contains(energy(probed, "snmp:pdu1/inlet-energy"), windows, truth, 1);
        contains(energy(probed, "snmp:pdu1/outlet-5-energy"), windows, truth, 0.6);
        assertThat(probed.scale("snmp:pdu1/outlet-5-energy")).isEqualTo(360_000.0);
    }

    @LabTest(needs = "snmpd")
    void aRaritanUnitIsReadByV3WithItsDecimals() throws Exception {
        Probed probed = probe(List.of("--profile", "const:100"), 9, V3 + "AUTH,device=raritan,outlets=5;6");
        Signal outlet = power(probed, "snmp:pdu1/outlet-5");
        List<long[]> windows = Probed.windows(outlet, 2.5, 4, 1);
        List<Double> truth = probed.truth("node", windows);

        assertThat(probed.lines("gap")).isEmpty();
        assertThat(probed.lines("channel snmp:pdu1/outlet-5").getFirst()).contains("v3 raritan");
        assertThat(Probed.energy(outlet, windows.getFirst()).joules())
                .isCloseTo(truth.getFirst() * 0.6, within(4 * 0.1 + 1e-6));
        contains(energy(probed, "snmp:pdu1/outlet-5-energy"), windows, truth, 0.6);
    }

    @LabTest(needs = "snmpd")
    void theBoundContainsTheTruthOfASquareLoad() throws Exception {
        Probed probed = probe(List.of("--profile", "square:50,200,3"), 20, V3 + "AUTH,device=raritan,outlets=5");
        List<long[]> windows = Probed.windows(power(probed, "snmp:pdu1/inlet"), 2.5, 4.7, 3);
        List<Double> truths = probed.truth("node", windows);

        contains(power(probed, "snmp:pdu1/inlet"), windows, truths, 1);
        contains(power(probed, "snmp:pdu1/outlet-5"), windows, truths, 0.6);
        contains(energy(probed, "snmp:pdu1/inlet-energy"), windows, truths, 1);
    }

    @LabTest(needs = "snmpd")
    void aWrongPasswordOfV3IsToldAsSuch() throws Exception {
        Probed probed = probe(List.of(), 1, V3 + "WRONG,device=apc");

        assertThat(probed.lines("missing").getFirst())
                .startsWith("missing snmp-login auth or its password is wrong")
                .doesNotContain("powerlab");
    }

    @LabTest(needs = "snmpd")
    void everyFaultIsAGapWithItsReasonAndEndsWithTheFault() throws Exception {
        Probed probed = probe(
                List.of(
                        "--profile", "const:100",
                        "--fault", "snmp,vanish,from=9,to=11",
                        "--fault", "snmp,garbage=off,from=12,to=14",
                        "--fault", "snmp,silent,from=15,to=20"),
                32,
                V2C + ",device=apc");

        assertThat(probed.lines("gap snmp:pdu1/inlet"))
                .anyMatch(line -> line.contains("does not have it (noSuch"))
                .anyMatch(line -> line.contains("no number") && line.contains("off"))
                .anyMatch(line -> line.contains("no answer within 2.5 s"));
        assertThat(probed.lines("value snmp:pdu1/inlet").stream()
                        .map(line -> line.substring(line.lastIndexOf(' ')))
                        .distinct())
                .as("a fault never changes a value")
                .hasSize(1);
        assertThat(probed.lines().getLast()).startsWith("value");
    }
}
