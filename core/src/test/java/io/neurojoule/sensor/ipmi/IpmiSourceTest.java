package io.neurojoule.sensor.ipmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Against a controller of the test's own: what ipmi_sim cannot show ([IpmiLabTest] has the rest).
@Timeout(60)
class IpmiSourceTest {
    @TempDir
    private Path folder = Path.of("");

    private final FakeBmc bmc;

    IpmiSourceTest() throws IOException {
        bmc = new FakeBmc();
    }

    @AfterEach
    void end() {
        bmc.close();
    }

    private SourceConfig config(Map<String, String> more) throws IOException {
        Map<String, String> all =
                new HashMap<>(Map.of("user", FakeBmc.USER, "password", FakeBmc.PASSWORD, "cipher", "17"));
        all.putAll(more);
        return LabBmc.config(folder, bmc.port(), all);
    }

    private Discovery discover() throws IOException {
        return new IpmiSource().discover(config(Map.of()));
    }

    private static Sensor only(Discovery found) {
        assertThat(found.sensors()).as("%s", found.missing()).hasSize(1);
        return found.sensors().getFirst();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    private static List<String> codes(Discovery found) {
        return found.missing().stream().map(Missing::code).toList();
    }

    @ParameterizedTest
    @EnumSource(CipherSuite.class)
    void bothSuitesReadTheSameWatts(CipherSuite suite) throws IOException {
        bmc.only(suite);

        Sensor sensor = only(new IpmiSource().discover(config(Map.of("cipher", String.valueOf(suite.id())))));

        assertThat(read(sensor).raw(0)).isEqualTo(210);
        assertThat(sensor.via()).isEqualTo("rmcp+");
        sensor.close();
    }

    @Test
    void aLostPacketIsSentAgainWithANewSequenceNumber() throws IOException {
        Sensor sensor = only(discover());
        int before = bmc.sequences().size();
        bmc.ignore(2);

        assertThat(read(sensor).raw(0)).isEqualTo(210);

        List<Integer> sequences =
                bmc.sequences().subList(before, bmc.sequences().size());
        assertThat(sequences).hasSize(3).doesNotHaveDuplicates().isSorted();
        assertThat(bmc.opened()).isEqualTo(1);
        sensor.close();
    }

    @Test
    void aSessionThatTheControllerHasForgottenIsAGapAndThenOpenedAgain() throws IOException {
        Sensor sensor = only(discover());
        bmc.restart();

        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class).hasMessageContaining("does not answer");

        assertThat(read(sensor).raw(0)).isEqualTo(210);
        assertThat(bmc.opened()).isEqualTo(2);
        sensor.close();
    }

    @Test
    void zeroWattsOfAnActiveMeasurementIsAGap() throws IOException {
        Sensor sensor = only(discover());
        bmc.watts(0, true);

        Reading reading = read(sensor);

        assertThat(reading.isSet(0)).isFalse();
        assertThat(reading.failure(0)).contains("0 W, which a running machine cannot draw");
        sensor.close();
    }

    @Test
    void anAnswerOfTheWrongLengthOrGroupIsAGap() throws IOException {
        Sensor sensor = only(discover());

        for (int[] answer : List.of(new int[] {0}, new int[] {0, 0xDC, 210, 0}, new int[19])) {
            bmc.answer(0x2C, 0x02, answer);
            assertThat(read(sensor).isSet(0)).as("%d bytes", answer.length).isFalse();
        }
        sensor.close();
    }

    @Test
    void aControllerWithoutPowerIsAbsent() throws IOException {
        bmc.answer(0x2C, 0x02, 0xC1);

        Discovery found = discover();

        assertThat(found.sensors()).isEmpty();
        assertThat(codes(found)).containsExactly("ipmi-no-power");
    }

    @Test
    void sensorsOfWattsAreThereWithoutDcmi() throws IOException {
        bmc.answer(0x2C, 0x02, 0xC1)
                .record(SdrRecords.watts(0x30, "PSU1 Input", 4))
                .answer(0x04, 0x2D, 0, 50, 0xC0, 0);

        Discovery found = discover();

        Sensor sensor = only(found);
        assertThat(sensor.channels()).extracting(Channel::id).containsExactly("ipmi:bmc1/psu1-input");
        assertThat(codes(found)).contains("ipmi-dcmi-unsupported");
        sensor.close();
    }

    @Test
    void onlyWattsAreTakenAndNamesBecomeIds() throws IOException {
        bmc.record(SdrRecords.full(1, "Inlet Temp", SdrRecords.DEGREES, 1, 0, 0, 0))
                .record(SdrRecords.locator())
                .record(SdrRecords.watts(2, "PSU1 Input", 4))
                .record(SdrRecords.watts(3, " PSU1_(Input) ", 4))
                .record(SdrRecords.watts(4, "psu1 input", 4))
                .record(SdrRecords.watts(5, "Node", 4))
                .answer(0x04, 0x2D, 0, 50, 0xC0, 0);

        Sensor sensor = only(discover());

        assertThat(sensor.channels())
                .extracting(Channel::id)
                .containsExactly(
                        "ipmi:bmc1/node",
                        "ipmi:bmc1/psu1-input",
                        "ipmi:bmc1/psu1_-input",
                        "ipmi:bmc1/psu1-input-2",
                        "ipmi:bmc1/node-2");
        assertThat(read(sensor).raw(1)).isEqualTo(50);
        sensor.close();
    }

    @Test
    void aRepositoryThatAnotherReaderTakesAndThatGivesLittleAtOnceIsRead() throws IOException {
        bmc.record(SdrRecords.watts(1, "A power sensor", 4))
                .record(SdrRecords.watts(2, "Another power", 4))
                .answer(0x04, 0x2D, 0, 50, 0xC0, 0)
                .longestPart(5);
        int[] asked = {0};
        Bmc taken = new Bmc() {
            @Override
            public byte[] ask(Request request, long untilNanos) throws IOException {
                asked[0]++;
                if (asked[0] == 5) {
                    FakeBmc unused = bmc.cancelReservation();
                }
                return bmc.ask(request, untilNanos);
            }

            @Override
            public String via() {
                return "test";
            }

            @Override
            public String where() {
                return "test";
            }

            @Override
            public void close() {
                bmc.close();
            }
        };

        List<PowerSensor> sensors = Sdr.powerSensors(taken, Ticker.monotonic(), Long.MAX_VALUE, (name, why) -> {});

        assertThat(sensors).extracting(PowerSensor::name).containsExactly("A power sensor", "Another power");
    }

    @Test
    void aSensorThatHasNoReadingIsAGapOfItsChannelOnly() throws IOException {
        bmc.record(SdrRecords.watts(2, "PSU1 Input", 4)).answer(0x04, 0x2D, 0, 50, 0xE0, 0);
        Sensor sensor = only(discover());

        Reading reading = read(sensor);

        assertThat(reading.isSet(0)).isTrue();
        assertThat(reading.failure(1)).contains("'PSU1 Input'").contains("unavailable");
        sensor.close();
    }

    @Test
    void theVendorsCommandIsSentToThatVendorOnly() throws IOException {
        bmc.energy(1000, 5, 1_700_000_000L, 0);

        Sensor sensor = only(discover());

        assertThat(sensor.channels()).extracting(Channel::id).containsExactly("ipmi:bmc1/node");
        sensor.close();
    }

    @Test
    void lenovosCounterIsInMillijoulesAndStamped() throws IOException {
        bmc.lenovo().energy(4_000_000_000L, 5, 1_700_000_000L, 0);
        Sensor sensor = only(discover());

        long before = read(sensor).sourceNanos(1);
        bmc.energy(4_000_000_200L, 5, 1_700_000_000L, 10);
        Reading reading = read(sensor);

        assertThat(sensor.channels().get(1).id()).isEqualTo("ipmi:bmc1/node-energy");
        assertThat(reading.raw(1)).isEqualTo(4_000_000_200_005L);
        assertThat(reading.sourceNanos(1)).isGreaterThan(before);
        sensor.close();
    }

    @Test
    void theLongerFormOfLaterModelsIsNotTakenForTheCounter() throws IOException {
        bmc.lenovo().answer(0x3A, 0x32, new int[41]);

        Discovery found = discover();

        Sensor sensor = only(found);
        assertThat(sensor.channels()).extracting(Channel::id).containsExactly("ipmi:bmc1/node");
        assertThat(codes(found)).contains("ipmi-energy-unsupported");
        sensor.close();
    }

    @Test
    void aPowerSupplyIsPartOfTheNodeAndNeverAddedToIt() throws IOException {
        bmc.record(SdrRecords.watts(2, "PSU1", 4))
                .record(SdrRecords.watts(3, "PSU2", 4))
                .answer(0x04, 0x2D, 0, 5, 0xC0);

        Sensor sensor = only(discover());

        Component node = sensor.channels().get(0).component();
        Component first = sensor.channels().get(1).component();
        Component second = sensor.channels().get(2).component();
        assertThat(node).isEqualTo(Component.of(Kind.NODE, "node"));
        assertThat(node.contains(first)).isTrue();
        assertThat(first.kind()).isEqualTo(Kind.RAIL);
        assertThat(first.overlaps(second)).isFalse();
        sensor.close();
    }

    @Test
    void anotherMachineIsNoMemberOfTheNode() throws IOException {
        bmc.record(SdrRecords.watts(2, "PSU1", 4)).answer(0x04, 0x2D, 0, 5, 0xC0);

        Sensor sensor = only(new IpmiSource().discover(config(Map.of("of", "rack7"))));

        Component other = sensor.channels().get(0).component();
        assertThat(other).isEqualTo(Component.of(Kind.BEYOND, "machine-rack7"));
        assertThat(other.contains(sensor.channels().get(1).component())).isTrue();
        sensor.close();
    }

    @Test
    void twoControllersOfThisMachineAreRefused() throws IOException {
        Map<String, String> one = config(Map.of()).named().getOrDefault("bmc1", Map.of());
        SourceConfig two = config(Map.of()).withNamed(Map.of("a", one, "b", one));

        assertThatThrownBy(() -> new IpmiSource().discover(two))
                .isInstanceOf(SettingsException.class)
                .hasMessage("ipmi:a and ipmi:b: a machine has one controller; say of=NAME for those of other machines");
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() throws IOException {
        Map<String, String> wrong = Map.of(
                "cipher", "2",
                "privilege", "root",
                "port", "0",
                "user", "a-name-of-more-than-16",
                "password", "a password of more than twenty bytes",
                "refresh", "0",
                "colour", "red");

        for (Map.Entry<String, String> one : wrong.entrySet()) {
            SourceConfig config = config(Map.of(one.getKey(), one.getValue()));
            assertThatThrownBy(() -> new IpmiSource().discover(config))
                    .as(one.getKey())
                    .isInstanceOf(SettingsException.class)
                    .message()
                    .contains(one.getKey())
                    .doesNotContain("more than twenty");
        }
    }

    @Test
    void nobodyAtTheAddressIsTold() throws IOException {
        int port = bmc.port();
        bmc.close();

        Discovery found = new IpmiSource().discover(LabBmc.config(folder, port, Map.of()));

        Missing missing = found.missing().getLast();
        assertThat(missing.code()).isEqualTo("ipmi-unreachable");
        assertThat(missing.what()).isEqualTo("127.0.0.1:" + port);
        assertThat(missing.channel()).isPresent();
    }

    @Test
    void anotherTreeSwitchesTheDeviceOff() throws IOException {
        IpmiSource source = new IpmiSource(
                path -> {
                    throw new AssertionError("opened " + path);
                },
                Ticker.monotonic());

        Discovery found = source.discover(new SourceConfig(folder, folder));

        assertThat(codes(found)).containsExactly("ipmi-absent");
        assertThat(found.missing().getFirst().why()).contains("--sysfs");
    }

    @Test
    void noDeviceIsAbsentWithTheDriversToLoad() {
        IpmiSource source = new IpmiSource(
                path -> {
                    throw new NoSuchFileException(path);
                },
                Ticker.monotonic());

        Missing missing = source.discover(SourceConfig.thisMachine()).missing().getFirst();

        assertThat(missing.state()).isEqualTo(State.ABSENT);
        assertThat(missing.code()).isEqualTo("ipmi-absent");
        assertThat(missing.admin()).contains("modprobe ipmi_devintf");
    }

    @Test
    void aDeviceThatIsNotForUsIsToldWithTheLinesForAnAdministrator() {
        IpmiSource source = new IpmiSource(
                path -> {
                    throw new AccessDeniedException(path);
                },
                Ticker.monotonic());

        Missing missing = source.discover(SourceConfig.thisMachine()).missing().getFirst();

        assertThat(missing.state()).isEqualTo(State.NOT_PERMITTED);
        assertThat(missing.code()).isEqualTo("ipmi-permission");
        assertThat(missing.hint()).contains("can also switch the machine off");
        assertThat(missing.admin()).contains("chmod 0660 /dev/ipmi0");
        assertThat(missing.channel().map(Channel::id)).contains("ipmi:node");
    }

    @Test
    void theDeviceGivesTheNodeItself() throws IOException {
        bmc.record(SdrRecords.full(2, "PSU1", SdrRecords.WATTS, 2, -5, 1, -1)).answer(0x04, 0x2D, 0, 200, 0xC0);
        IpmiSource source = new IpmiSource(path -> bmc, Ticker.monotonic());

        Sensor sensor = only(source.discover(SourceConfig.thisMachine()));

        assertThat(sensor.id()).isEqualTo("ipmi:local");
        assertThat(sensor.channels()).extracting(Channel::id).containsExactly("ipmi:node", "ipmi:psu1");
        Channel psu = sensor.channels().get(1);
        // (2 * 200 - 5 * 10) * 0.1
        assertThat(read(sensor).raw(1) * psu.scale() + psu.baseWatts()).isCloseTo(35, within(1e-9));
        sensor.close();
    }

    @Test
    void passwordsAreNotInWhatIsPrinted() {
        LanBmc.Account account = new LanBmc.Account("me", new byte[] {'x'}, 2, CipherSuite.SHA256);

        assertThat(account.toString()).isEqualTo("me, cipher suite 17");
    }
}
