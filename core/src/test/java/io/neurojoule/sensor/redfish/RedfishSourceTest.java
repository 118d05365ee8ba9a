package io.neurojoule.sensor.redfish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedfishSourceTest {
    private static final String METRICS = MadeController.CHASSIS + "/EnvironmentMetrics";

    @TempDir
    Path directory;

    private MadeController controller;
    private Discovery found = new Discovery(List.of(), List.of());

    @BeforeEach
    void start() throws IOException {
        controller = new MadeController();
    }

    @AfterEach
    void stop() throws IOException {
        for (Sensor sensor : found.sensors()) {
            sensor.close();
        }
        controller.close();
    }

    private Discovery discover(String... more) throws IOException {
        found = described(controller.settings(directory, more));
        return found;
    }

    private static Discovery described(Map<String, String> settings) {
        return new RedfishSource().discover(SourceConfig.thisMachine().withNamed(Map.of("bmc1", settings)));
    }

    private Sensor sensor(String id) {
        return found.sensors().stream()
                .filter(sensor -> sensor.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    private static double value(Sensor sensor, int channel) throws IOException {
        return read(sensor).raw(channel) * sensor.channels().get(channel).scale();
    }

    private Missing onlyMissing() {
        assertThat(found.missing()).hasSize(1);
        return found.missing().getFirst();
    }

    @Test
    void whatNewerFirmwareHasIsPreferred() throws IOException {
        controller.withEnvironment(
                "{\"PowerWatts\": {\"Reading\": 204.5}, \"EnergyJoules\": {\"Reading\": 1234567.8}}");
        controller.resources.put(
                MadeController.CHASSIS + "/Power", "{\"PowerControl\": [{\"PowerConsumedWatts\": 999}]}");

        discover();

        assertThat(found.missing()).isEmpty();
        assertThat(found.sensors())
                .extracting(Sensor::id, Sensor::via)
                .containsExactlyInAnyOrder(
                        tuple("redfish:bmc1/node", "EnvironmentMetrics"),
                        tuple("redfish:bmc1/supply-1", "PowerSubsystem"),
                        tuple("redfish:bmc1/supply-2", "PowerSubsystem"));
        assertThat(sensor("redfish:bmc1/node").channels())
                .extracting(Channel::id, Channel::quantity)
                .containsExactly(
                        tuple("redfish:bmc1/node", Quantity.POWER), tuple("redfish:bmc1/node-energy", Quantity.ENERGY));
        assertThat(value(sensor("redfish:bmc1/supply-2"), 0)).isEqualTo(102.5);
    }

    @Test
    void olderFirmwareIsReadThroughPower() throws IOException {
        controller.withPower("""
                {"PowerControl": [{"Name": "Server", "PowerConsumedWatts": 344}, {"Name": "CPU", "PowerConsumedWatts": 90}],
                 "PowerSupplies": [{"PowerInputWatts": 180}, {"PowerInputWatts": null}]}""");

        discover();

        Sensor power = sensor("redfish:bmc1/node");
        assertThat(power.via()).isEqualTo("Power");
        assertThat(power.channels())
                .extracting(Channel::id)
                .containsExactly("redfish:bmc1/node", "redfish:bmc1/supply-1", "redfish:bmc1/supply-2");
        assertThat(value(power, 0)).isEqualTo(344);
        assertThat(read(power).failure(2)).contains("null");
    }

    @Test
    void aResourceThatIsLinkedAndNotThereLeadsToTheOlderOne() throws IOException {
        controller.withEnvironment("{}");
        controller.resources.remove(METRICS);
        controller.resources.put(
                MadeController.CHASSIS + "/Power", "{\"PowerControl\": [{\"PowerConsumedWatts\": 344}]}");

        discover();

        assertThat(sensor("redfish:bmc1/node").via()).isEqualTo("Power");
    }

    @Test
    void decimalsAreKeptAsShownAndTheirStepIsTheScale() throws IOException {
        controller.withEnvironment(
                "{\"PowerWatts\": {\"Reading\": 210.0}, \"EnergyJoules\": {\"Reading\": 4442400123.75}}");

        discover();

        Sensor node = sensor("redfish:bmc1/node");
        assertThat(read(node).raw(0)).isEqualTo(2100);
        assertThat(node.channels().get(0).scale()).isEqualTo(0.1);
        assertThat(read(node).raw(1)).isEqualTo(444_240_012_375L);
        assertThat(node.channels().get(1).scale()).isEqualTo(0.01);
    }

    @Test
    void wholeWattsAreNotKnownMoreExactlyThanToAWatt() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");

        discover();

        assertThat(sensor("redfish:bmc1/node").channels().getFirst().scale()).isEqualTo(1.0);
    }

    @Test
    void kilowattHoursAreTakenOnlyWithoutJoulesAndSayTheirStep() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}, \"EnergykWh\": {\"Reading\": 1234.567}}");

        discover();

        Sensor node = sensor("redfish:bmc1/node");
        assertThat(read(node).raw(1)).isEqualTo(1_234_567);
        assertThat(node.channels().get(1).scale()).isEqualTo(3600.0);
    }

    @Test
    void whatIsNoNumberIsAGapWithItsReason() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210.5}, \"EnergyJoules\": {\"Reading\": 7.5}}");
        discover();
        Sensor node = sensor("redfish:bmc1/node");

        Map<String, String> reasons = Map.of(
                "null", "null",
                "\"N/A\"", "no number",
                "0", "no value now",
                "-1", "no value now",
                "1e999999999", "meant",
                "1e-999999999", "meant");
        for (Map.Entry<String, String> one : reasons.entrySet()) {
            controller.resources.put(
                    METRICS,
                    "{\"PowerWatts\": {\"Reading\": %s}, \"EnergyJoules\": {\"Reading\": 7.5}}"
                            .formatted(one.getKey()));
            Reading reading = read(node);
            assertThat(reading.isSet(0)).as(one.getKey()).isFalse();
            assertThat(reading.failure(0)).as(one.getKey()).contains("/PowerWatts/Reading", one.getValue());
            assertThat(reading.raw(1)).as(one.getKey()).isEqualTo(75);
        }
        controller.resources.put(METRICS, "{\"PowerWatts\": {\"Reading\": 210.5}, \"EnergyJoules\": {\"Reading\": 0}}");
        assertThat(read(node).failure(1)).contains("no value now");
        controller.resources.put(METRICS, "{}");
        assertThat(read(node).failure(0)).contains("does not have it");
    }

    @Test
    void anEndedSessionIsRenewedOnce() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        discover();
        long before = controller.sessionsMade();

        controller.tokens.clear();
        read(sensor("redfish:bmc1/node"));
        read(sensor("redfish:bmc1/supply-1"));

        assertThat(controller.sessionsMade()).isEqualTo(before + 1).isEqualTo(2);
    }

    @Test
    void theLastSensorThatIsClosedEndsTheSession() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        discover();
        List<Sensor> sensors = found.sensors();

        sensors.get(0).close();
        sensors.get(0).close();
        sensors.get(1).close();
        assertThat(controller.tokens).hasSize(1);
        sensors.get(2).close();

        assertThat(controller.tokens).isEmpty();
        assertThat(controller.asked.getLast()).startsWith("DELETE /redfish/v1/SessionService/Sessions/");
    }

    @Test
    void nothingIsLeftOpenWhereNothingIsFound() throws IOException {
        controller.resources.put(MadeController.CHASSIS, "{}");

        discover();

        assertThat(onlyMissing().code()).isEqualTo("redfish-no-power");
        assertThat(controller.tokens).isEmpty();
    }

    @Test
    void basicMakesNoSession() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");

        discover("login", "basic");

        assertThat(value(sensor("redfish:bmc1/node"), 0)).isEqualTo(210);
        assertThat(controller.sessionsMade()).isZero();
    }

    @Test
    void aWrongPasswordIsToldAndStandsInNoMessage() throws IOException {
        Map<String, String> settings = new HashMap<>(controller.settings(directory));
        Files.writeString(directory.resolve("wrong"), "not-the-password");
        settings.put("password_file", directory.resolve("wrong").toString());

        found = described(settings);

        assertThat(onlyMissing().code()).isEqualTo("redfish-login");
        assertThat(onlyMissing().state()).isEqualTo(State.NOT_PERMITTED);
        assertThat(onlyMissing().toString()).contains("root").doesNotContain("not-the-password");
        assertThat(onlyMissing().channel()).get().extracting(Channel::id).isEqualTo("redfish:bmc1/node");
    }

    @Test
    void aLoginThatIsRefusedIsNotTriedUntilTheAccountIsLocked() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        discover();
        controller.statuses.put(METRICS, 401);
        Sensor node = sensor("redfish:bmc1/node");

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> read(node)).isInstanceOf(RefusedException.class);
        }

        assertThatThrownBy(() -> read(node)).isInstanceOf(SensorGoneException.class);
        assertThat(controller.sessionsMade()).isEqualTo(4);
    }

    @Test
    void whatTheControllerRefusesIsExplained() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        discover();
        Sensor node = sensor("redfish:bmc1/node");
        Map<Integer, String> reasons =
                Map.of(403, "may not read", 404, "no such resource", 503, "busy", 500, "cannot answer");

        reasons.forEach((status, reason) -> {
            controller.statuses.put(METRICS, status);
            assertThatThrownBy(() -> read(node))
                    .hasMessageContaining("HTTP " + status)
                    .hasMessageContaining(reason);
        });

        controller.statuses.clear();
        assertThat(value(node, 0)).isEqualTo(210);
    }

    @Test
    void anAnswerThatBeginsAndNeverEndsIsAGap() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        discover();

        controller.resources.put(METRICS, "begin and stop");

        assertThatThrownBy(() -> read(sensor("redfish:bmc1/node"))).hasMessageContaining("no answer within 5 s");
    }

    @Test
    void suppliesArePartsOfTheMachineAndNeverAddedToIt() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        discover();
        Component node = sensor("redfish:bmc1/node").channels().getFirst().component();
        Component one = sensor("redfish:bmc1/supply-1").channels().getFirst().component();
        Component other = sensor("redfish:bmc1/supply-2").channels().getFirst().component();

        assertThat(node.contains(one)).isTrue();
        assertThat(node.contains(other)).isTrue();
        assertThat(one.overlaps(other)).isFalse();
        assertThat(node).isEqualTo(Component.of(Kind.NODE, "node"));
    }

    @Test
    void anotherMachineIsNotTheNode() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 0}}");

        discover("of", "db7");

        Sensor machine = sensor("redfish:bmc1/node");
        Component component = machine.channels().getFirst().component();
        assertThat(component).isEqualTo(Component.of(Kind.BEYOND, "machine-db7"));
        assertThat(component.contains(
                        sensor("redfish:bmc1/supply-1").channels().getFirst().component()))
                .isTrue();
        assertThat(Component.of(Kind.NODE, "node").overlaps(component)).isFalse();
        assertThat(value(machine, 0)).as("another machine may be off").isZero();
    }

    @Test
    void oneOfSeveralChassisMustBeNamed() throws IOException {
        controller.withEnvironment("{\"PowerWatts\": {\"Reading\": 210}}");
        controller.resources.put("/redfish/v1/Chassis", """
                {"Members": [{"@odata.id": "/redfish/v1/Chassis/1"}, {"@odata.id": "/redfish/v1/Chassis/Enclosure"}]}""");

        discover();
        assertThat(onlyMissing().hint()).contains("chassis=ID", "1, Enclosure");
        discover("chassis", "2");
        assertThat(onlyMissing().why()).contains("no chassis '2'");
        discover("chassis", "1");
        assertThat(value(sensor("redfish:bmc1/node"), 0)).isEqualTo(210);
    }

    @Test
    void aLinkToAnotherHostIsNotFollowed() throws IOException {
        controller.resources.put(MadeController.CHASSIS, """
                {"EnvironmentMetrics": {"@odata.id": "//elsewhere.example/x"},
                 "Power": {"@odata.id": "http://elsewhere.example/x"}}""");

        discover();

        assertThat(onlyMissing().code()).isEqualTo("redfish-no-power");
    }

    @Test
    void aPageThatIsNoJsonIsNoController() throws IOException {
        controller.resources.put("/redfish/v1/", "<html>");

        discover();

        assertThat(onlyMissing().code()).isEqualTo("redfish-answer");
    }

    @Test
    void whereNobodyListensThatIsSaid() throws IOException {
        Map<String, String> settings = controller.settings(directory);
        controller.close();

        found = described(settings);

        assertThat(onlyMissing().code()).isEqualTo("redfish-unreachable");
        assertThat(onlyMissing().why()).contains("nothing listens");
    }

    @Test
    void settingsThatMakeNoSenseAreRefusedByName() throws IOException {
        Map<String, String> good = controller.settings(directory);
        Map<Map<String, String>, String> wrong = Map.of(
                Map.of("url", "http://10.0.0.7"), "password to the network",
                Map.of("url", "https://root:pw@10.0.0.7"), "password_env",
                Map.of("url", "10.0.0.7"), "url must be",
                Map.of("login", "digest"), "session, basic",
                Map.of("sha256", "abc"), "64 hexadecimal digits",
                Map.of("certificate", "/nowhere/x.pem"), "/nowhere/x.pem",
                Map.of("of", "a b"), "of must be",
                Map.of("refresh", "0"), "refresh",
                Map.of("password", "x"), "no setting 'password'");

        wrong.forEach((change, words) -> {
            Map<String, String> settings = new HashMap<>(good);
            settings.putAll(change);
            assertThatThrownBy(() -> described(settings))
                    .as(change.toString())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("redfish:bmc1")
                    .hasMessageContaining(words)
                    .message()
                    .doesNotContain(MadeController.PASSWORD)
                    .doesNotContain("root:pw");
        });
        Map<String, String> noUser = new HashMap<>(good);
        noUser.remove("user");
        assertThatThrownBy(() -> described(noUser)).hasMessageContaining("add user=NAME");
    }
}
