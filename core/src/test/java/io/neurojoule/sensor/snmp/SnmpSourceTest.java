package io.neurojoule.sensor.snmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snmp4j.smi.Counter32;
import org.snmp4j.smi.Counter64;
import org.snmp4j.smi.Gauge32;
import org.snmp4j.smi.Integer32;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;

class SnmpSourceTest {
    private static final String APC = "1.3.6.1.4.1.318.1.1.";
    private static final String OTHER = "1.3.6.1.4.1.99999.1.0";

    @TempDir
    Path directory;

    private MadeAgent agent;
    private Discovery found = new Discovery(List.of(), List.of());

    @BeforeEach
    void start() throws IOException {
        agent = new MadeAgent();
    }

    @AfterEach
    void stop() throws IOException {
        for (Sensor sensor : found.sensors()) {
            sensor.close();
        }
        agent.close();
    }

    private Discovery discover(String... more) {
        return discover(Map.of("pdu1", agent.settings(more)));
    }

    private Discovery discover(Map<String, Map<String, String>> devices) {
        found = new SnmpSource().discover(SourceConfig.thisMachine().withNamed(devices));
        return found;
    }

    private Map<String, Channel> channels() {
        return found.sensors().stream()
                .flatMap(sensor -> sensor.channels().stream())
                .collect(Collectors.toMap(channel -> channel.id().replace("snmp:", ""), channel -> channel));
    }

    private Component component(String id) {
        return channels().values().stream()
                .filter(channel -> channel.id().equals("snmp:" + id))
                .findFirst()
                .orElseThrow()
                .component();
    }

    private Sensor only() {
        assertThat(found.sensors()).hasSize(1);
        return found.sensors().getFirst();
    }

    private Reading read() throws IOException {
        Reading reading = new Reading(only().channels().size());
        only().read(reading);
        return reading;
    }

    private Missing missing() {
        assertThat(found.missing()).isNotEmpty();
        return found.missing().getFirst();
    }

    @Test
    void raritanSaysItselfHowManyDecimalsItHas() throws IOException {
        agent.withRaritanInlet(2045, 5_000_000);

        discover("device", "raritan");

        assertThat(only().channels())
                .extracting(Channel::id)
                .containsExactly("snmp:pdu1/inlet", "snmp:pdu1/inlet-energy");
        assertThat(only().channels()).extracting(Channel::scale).containsExactly(0.1, 3600.0);
        assertThat(read().raw(0)).isEqualTo(2045);
        assertThat(only().via()).isEqualTo("v2c raritan");
    }

    @Test
    void withoutDecimalsNoNumberIsAssumed() {
        agent.with(MadeAgent.RARITAN_INLET + 5, new Gauge32(2045));

        discover("device", "raritan");

        assertThat(found.sensors()).isEmpty();
        assertThat(missing().code()).isEqualTo("snmp-no-value");
        assertThat(missing().why()).contains("how many decimals");
        assertThat(missing().channel()).get().extracting(Channel::id).isEqualTo("snmp:pdu1/inlet");
    }

    @Test
    void apcIsReadInWattsOrElseInHundredthsOfAKilowatt() throws IOException {
        agent.with(APC + "26.4.3.1.5.1", new Integer32(21)).with(APC + "26.4.3.1.9.1", new Integer32(50_000));

        discover("device", "apc");

        assertThat(only().channels()).extracting(Channel::scale).containsExactly(10.0, 360_000.0);
        assertThat(read().raw(0)).isEqualTo(21);
        assertThat(found.missing()).isEmpty();

        agent.with(APC + "12.1.16.0", new Integer32(208));
        only().close();
        discover("device", "apc");
        assertThat(only().channels().getFirst().scale()).isEqualTo(1.0);
        assertThat(read().raw(0)).isEqualTo(208);
    }

    @Test
    void theMakerIsKnownByItsOwnWord() {
        agent.withRaritanInlet(2045, 1)
                .with(APC + "12.1.16.0", new Integer32(208))
                .with("1.3.6.1.2.1.1.2.0", new OID("1.3.6.1.4.1.13742.6"));

        discover();

        assertThat(only().via()).isEqualTo("v2c raritan");
    }

    @Test
    void theMakerIsKnownByTheNumbersThatItHas() {
        agent.with(APC + "12.1.16.0", new Integer32(208));

        discover();

        assertThat(only().via()).isEqualTo("v2c apc");
    }

    @Test
    void whatCouldBeTwoMakesIsAskedFor() {
        agent.withRaritanInlet(2045, 1).with(APC + "12.1.16.0", new Integer32(208));

        discover();

        assertThat(found.sensors()).isEmpty();
        assertThat(missing().code()).isEqualTo("snmp-device");
        assertThat(missing().hint()).contains("device=apc");
    }

    @Test
    void anotherDeviceIsReadByItsOid() throws IOException {
        agent.with(OTHER, new Counter32(4_000_000_000L));

        discover("oid", "." + OTHER, "scale", "0.001", "unit", "J", "max_watts", "500");

        Channel energy = only().channels().getFirst();
        assertThat(energy.id()).isEqualTo("snmp:pdu1/energy");
        assertThat(energy.wrapsAt()).isEqualTo(1L << 32);
        assertThat(energy.maxWatts()).hasValue(500);
        assertThat(read().raw(0)).isEqualTo(4_000_000_000L);
    }

    @Test
    void aCounterOf64BitsDoesNotWrap() {
        agent.with(OTHER, new Counter64(5_000_000_000L));

        discover("oid", OTHER, "unit", "J");

        assertThat(only().channels().getFirst().wrapsAt()).isZero();
    }

    @Test
    void whatIsNoNumberIsAGapWithItsReason() throws IOException {
        agent.withRaritanInlet(2045, 5_000_000);
        discover("device", "raritan");

        agent.with(MadeAgent.RARITAN_INLET + 5, new OctetString("N/A"));
        assertThat(read().failure(0)).contains("no number", "N/A");
        assertThat(read().raw(1)).isEqualTo(5_000_000);
        agent.with(MadeAgent.RARITAN_INLET + 5, new Integer32(-1));
        assertThat(read().failure(0)).contains("no value now");
        agent.numbers.remove(new OID(MadeAgent.RARITAN_INLET + 5));
        assertThat(read().failure(0)).contains("does not have it", "noSuchInstance");
    }

    @Test
    void aDeviceThatFallsSilentIsAGapAndIsReadAgainWhenItAnswers() throws IOException {
        agent.withRaritanInlet(2045, 5_000_000);
        discover("device", "raritan");

        agent.isSilent = true;
        assertThatThrownBy(this::read).isInstanceOf(IOException.class).hasMessageContaining("no answer within 2.5 s");
        agent.isSilent = false;

        assertThat(read().raw(0)).isEqualTo(2045);
    }

    @Test
    void ofADeviceThatNeverAnswersEachOutletIsMissing() {
        agent.isSilent = true;

        discover("outlets", "5;6");

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing())
                .extracting(one -> one.channel().map(Channel::id).orElse(""))
                .containsExactly("snmp:pdu1/outlet-5", "snmp:pdu1/outlet-6");
        assertThat(missing().code()).isEqualTo("snmp-unreachable");
        assertThat(missing().hint()).contains("community");
    }

    @Test
    void aWholeDeviceIsTheWallOfTheMachineThatItAloneFeeds() {
        agent.withRaritanInlet(2045, 5_000_000);

        discover("device", "raritan");

        assertThat(component("pdu1/inlet")).isEqualTo(Component.of(Kind.WALL, "wall"));
        assertThat(component("pdu1/inlet-energy")).isEqualTo(component("pdu1/inlet"));
    }

    @Test
    void oneOutletIsTheWallAndTheInletIsMoreThanIt() {
        agent.withRaritanInlet(2045, 5_000_000).withRaritanOutlet(5, 1200);

        discover("device", "raritan", "outlets", "5");

        assertThat(component("pdu1/outlet-5").kind()).isEqualTo(Kind.WALL);
        assertThat(component("pdu1/outlet-5").id()).isEqualTo("wall");
        assertThat(component("pdu1/inlet").kind()).isEqualTo(Kind.BEYOND);
        assertThat(component("pdu1/inlet").contains(component("pdu1/outlet-5"))).isTrue();
    }

    @Test
    void theOutletsOfOneMachineAreDifferentPartsOfItsWall() throws IOException {
        agent.withRaritanOutlet(5, 1200).withRaritanOutlet(6, 800);
        try (MadeAgent second = new MadeAgent().withRaritanOutlet(3, 500)) {
            discover(Map.of(
                    "a", agent.settings("device", "raritan", "outlets", "5;6"),
                    "b", second.settings("device", "raritan", "outlets", "3")));

            List<Component> outlets =
                    List.of(component("a/outlet-5"), component("a/outlet-6"), component("b/outlet-3"));
            for (Component one : outlets) {
                assertThat(one.kind()).isEqualTo(Kind.WALL);
                assertThat(one.within()).contains("wall");
                assertThat(outlets).filteredOn(one::overlaps).containsExactly(one);
            }
        }
    }

    @Test
    void powerAndEnergyOfOneFeedAreOneComponentAndWithoutANameTheyAreRefused() {
        agent.with(OTHER, new Counter32(4_000)).with(OTHER + ".1", new Counter32(200));

        discover(Map.of(
                "p", agent.settings("oid", OTHER + ".1", "unit", "W", "feed", "a"),
                "e", agent.settings("oid", OTHER, "unit", "J", "feed", "a")));

        assertThat(component("p/power")).isEqualTo(Component.of(Kind.WALL, "wall"));
        assertThat(component("e/energy")).isEqualTo(component("p/power"));
        assertThatThrownBy(() -> discover(Map.of(
                        "p", agent.settings("oid", OTHER + ".1", "unit", "W"),
                        "e", agent.settings("oid", OTHER, "unit", "J"))))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("say feed=NAME of each");
    }

    @Test
    void theOnlyFeedOfARunningMachineIsNeverZero() throws IOException {
        agent.with(OTHER, new Counter32(0));

        discover("oid", OTHER, "unit", "W");

        Reading reading = read();
        assertThat(reading.isSet(0)).isFalse();
        assertThat(reading.failure(0)).contains("0 W");
    }

    @Test
    void whatFeedsAnotherMachineIsNotTheWall() {
        agent.withRaritanOutlet(5, 1200);

        discover("device", "raritan", "outlets", "5", "of", "db7");

        assertThat(component("pdu1/outlet-5").kind()).isEqualTo(Kind.BEYOND);
        assertThat(Component.node("db7").contains(component("pdu1/outlet-5"))).isTrue();
        assertThat(Component.of(Kind.WALL, "wall").overlaps(component("pdu1/outlet-5")))
                .isFalse();
    }

    @Test
    void manyOutletsAreAskedForInRequestsThatFitIntoAPacket() throws IOException {
        IntStream.rangeClosed(1, 40).forEach(n -> agent.withRaritanOutlet(n, 1000 + n));

        discover(
                "device",
                "raritan",
                "outlets",
                IntStream.rangeClosed(1, 40).mapToObj(String::valueOf).collect(Collectors.joining(";")));

        Reading reading = read();
        assertThat(reading.size()).isEqualTo(40);
        assertThat(IntStream.range(0, 40).mapToLong(reading::raw))
                .containsExactly(IntStream.rangeClosed(1, 40)
                        .mapToLong(n -> 1000 + n)
                        .boxed()
                        .toArray(Long[]::new));
        assertThat(agent.mostAsked).isEqualTo(16);
    }

    @Test
    void anUnknownHostIsTold() {
        discover(Map.of("pdu1", Map.of("host", "no-such-host.invalid")));

        assertThat(missing().code()).isEqualTo("snmp-unreachable");
        assertThat(missing().why()).isEqualTo("no such host");
    }

    @Test
    void settingsThatMakeNoSenseAreRefusedByName() throws IOException {
        Path secret = directory.resolve("secret");
        Files.writeString(secret, "s3cret!\n");
        String file = secret.toString();
        Map<Map<String, String>, String> wrong = Map.of(
                Map.of("version", "1"), "2c, 3",
                Map.of("version", "3"), "'user'",
                Map.of("user", "me"), "version=3",
                Map.of("version", "3", "user", "me", "auth", "SHA"), "auth_password_env",
                Map.of("version", "3", "user", "me", "auth", "SHA", "auth_password_file", file), "8 characters",
                Map.of("outlets", "5;x"), "outlets must be",
                Map.of("outlets", "5;5"), "outlets must be",
                Map.of("oid", "1.3", "outlets", "5", "unit", "W"), "keep one",
                Map.of("oid", "1.3"), "'unit'",
                Map.of("unit", "W"), "oid=");

        wrong.forEach((change, words) -> {
            Map<String, String> settings = new HashMap<>(agent.settings());
            settings.putAll(change);
            assertThatThrownBy(() -> discover(Map.of("pdu1", settings)))
                    .as(change.toString())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("snmp:pdu1")
                    .hasMessageContaining(words)
                    .message()
                    .doesNotContain("s3cret!");
        });
    }
}
