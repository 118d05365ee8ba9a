package io.neurojoule.sensor.ipmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.analysis.Integral.Unavailable;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Against ipmi_sim of OpenIPMI, which has cipher suite 3 and not 17.
@Timeout(120)
class IpmiLabTest {
    private static final Ticker TICKER = Ticker.monotonic();

    @TempDir
    private Path folder = Path.of("");

    private static Sensor only(Discovery found) {
        assertThat(found.sensors()).as("%s", found.missing()).hasSize(1);
        return found.sensors().getFirst();
    }

    private static int index(Sensor sensor, String id) {
        return sensor.channels().stream().map(Channel::id).toList().indexOf(id);
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    private static long raw(Sensor sensor, String id) throws IOException {
        return read(sensor).raw(index(sensor, id));
    }

    private static int watts(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    /// node = (60 + 100) / 0.92 = 173.9 W.
    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void theWattsAreThoseOfTheTruthAndOfTwoOtherPrograms() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            long from = TICKER.nanos();
            Sensor sensor = only(lab.discover(Map.of()));

            long ours = raw(sensor, "ipmi:bmc1/node");
            String ipmitool = LabBmc.run(ipmitool("dcmi", "power", "reading"));
            String ipmiDcmi = LabBmc.run(List.of(
                    "ipmi-dcmi",
                    "-D",
                    "LAN_2_0",
                    "-W",
                    "opensesspriv",
                    "-h",
                    "127.0.0.1:" + LabBmc.PORT,
                    "-u",
                    "ADMIN",
                    "-p",
                    "ADMIN",
                    "--get-system-power-statistics"));
            sensor.close();
            long to = TICKER.nanos();

            int second = watts(ipmitool, "Instantaneous power reading: +(\\d+) Watts");
            int third = watts(ipmiDcmi, "Current Power +: (\\d+) Watts");
            double truth = Lab.truth(lab.truth(), from, to).getOrDefault("node", 0.0) / (to - from) * 1e9;
            System.out.printf(
                    "DCMI: truth %.3f W, ours %d W, ipmitool %d W, ipmi-dcmi %d W%n", truth, ours, second, third);
            assertThat((double) ours).isCloseTo(truth, within(0.51));
            assertThat(ours).isEqualTo(second).isEqualTo(third);
        }
    }

    /// A BMC's value is up to a second old and the mean of a second: the window begins and ends with the same power.
    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void theEnergyOfChangingPowerIsTheTruthWithinItsBound() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "square:50,200,4")) {
            Sensor sensor = only(lab.discover(Map.of()));
            Samples samples = new Samples(sensor, "ipmi:bmc1/node", 1, 14);
            sensor.close();
            long from = samples.time(2);
            long to = from + 8_000_000_000L;

            Integral integral = Energy.of(samples.signal(), from, to);

            double truth = Lab.truth(lab.truth(), from, to).getOrDefault("node", 0.0);
            System.out.printf("square, 8 s: truth %.1f J, DCMI %s%n", truth, integral);
            assertThat(integral).isInstanceOfSatisfying(Energy.class, energy -> {
                assertThat(energy.joules()).isCloseTo(truth, within(energy.boundJoules()));
                assertThat(energy.joules()).isCloseTo(truth, within(0.1 * truth));
            });
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void lenovosCounterHasTheEnergyBetweenItsOwnTimeStamps() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "square:50,200,1.7")) {
            Sensor sensor = only(lab.discover(Map.of()));
            Samples samples = new Samples(sensor, "ipmi:bmc1/node-energy", 0.5, 10);
            sensor.close();
            int last = samples.signal().size() - 1;

            double joules = (samples.raw(last) - samples.raw(0)) * 1e-3;

            double truth =
                    Lab.truth(lab.truth(), samples.time(0), samples.time(last)).getOrDefault("node", 0.0);
            System.out.printf(
                    "XCC, %.3f s: truth %.3f J, counter %.3f J%n",
                    (samples.time(last) - samples.time(0)) * 1e-9, truth, joules);
            // The anchor is at most a poll late (20 ms on a busy machine), where the power may be 163 W higher or
            // lower.
            assertThat(samples.time(last) - samples.time(0)).isGreaterThan(3_000_000_000L);
            assertThat(joules).isCloseTo(truth, within(0.1 * 163));
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void aCounterThatStandsStillIsSeenByTheAnalysis() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            Sensor sensor = only(lab.discover(Map.of("refresh", "0.05")));
            lab.fault("ipmi,stuck");
            Samples samples = new Samples(sensor, "ipmi:bmc1/node-energy", 0.5, 12);
            sensor.close();
            int last = samples.signal().size() - 1;

            // The fault began between the first two values.
            Integral integral = Energy.of(samples.signal(), samples.time(2), samples.time(last));

            assertThat(integral)
                    .isInstanceOfSatisfying(
                            Unavailable.class, none -> assertThat(none.code()).isEqualTo("counter-frozen"));
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void sensorsOfTheRepositoryReadAsIpmitoolReadsThem() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            Sensor sensor = only(lab.discover(Map.of()));
            Channel psu = sensor.channels().get(index(sensor, "ipmi:bmc1/psu1-input"));
            // The emulated controller looks at its sensors once a second.
            long raw = new Samples(sensor, psu.id(), 1, 3).raw(2);
            sensor.close();

            String ipmitool = LabBmc.run(ipmitool("sdr", "elist"));

            assertThat(raw * psu.scale()).isEqualTo(watts(ipmitool, "PSU1 Input .* (\\d+) Watts"));
            assertThat(sensor.channels())
                    .extracting(Channel::id)
                    .containsExactly(
                            "ipmi:bmc1/node",
                            "ipmi:bmc1/node-energy",
                            "ipmi:bmc1/pwr-consumption",
                            "ipmi:bmc1/psu1-input");
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void aWrongPasswordIsToldWithTheUser() throws Exception {
        try (LabBmc lab = LabBmc.start(folder)) {
            Missing missing = missing(lab.discover(Map.of("password", "WRONG")));

            assertThat(missing.code()).isEqualTo("ipmi-login");
            assertThat(missing.why())
                    .contains("another password for user ADMIN")
                    .doesNotContain("WRONG");
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void aUserAPrivilegeAndACipherThatItDoesNotHaveAreTold() throws Exception {
        try (LabBmc lab = LabBmc.start(folder)) {
            Missing user = missing(lab.discover(Map.of("user", "nobody")));
            Missing cipher = missing(lab.discover(Map.of("cipher", "17")));
            Missing privilege = missing(lab.discover(Map.of("privilege", "user")));

            assertThat(user.why()).contains("status 0x0d, it has no such user");
            assertThat(cipher.why()).contains("status 0x04").contains("cipher (3 or 17)");
            assertThat(privilege.code()).isEqualTo("ipmi-privilege");
            assertThat(privilege.why()).contains("0xd4");
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void aSilentControllerIsAGapThatEndsInTimeAndItsSessionIsOpenedAgain() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            Sensor sensor = only(lab.discover(Map.of()));
            lab.fault("ipmi,silent,for=4");
            pause(0.5);

            long before = TICKER.nanos();
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:19623 does not answer to DCMI Get Power Reading");
            assertThat(TICKER.nanos() - before).isLessThan(5_500_000_000L);

            pause(2);
            assertThat(raw(sensor, "ipmi:bmc1/node")).isEqualTo(174);
            sensor.close();
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void anAnswerThatComesTooLateIsNeverTakenForALaterOne() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            Sensor sensor = only(lab.discover(Map.of()));
            lab.fault("ipmi,stall=4,for=2");

            assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class);

            // The stalled controller works off what was sent meanwhile, one by one.
            long until = TICKER.nanos() + 40_000_000_000L;
            Optional<Reading> again = Optional.empty();
            while (again.isEmpty() && TICKER.nanos() < until) {
                again = tryRead(sensor);
            }
            assertThat(again.orElseThrow().raw(0)).isEqualTo(174);
            sensor.close();
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void aRefusalIsAGapOfThatChannelWithItsCodeInWords() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            Sensor sensor = only(lab.discover(Map.of()));
            lab.fault("ipmi,badcc=0xc0");

            Reading reading = read(sensor);

            assertThat(reading.isSet(0)).isFalse();
            assertThat(reading.failure(0)).contains("completion code 0xc0, the controller is busy");
            assertThat(reading.isSet(index(sensor, "ipmi:bmc1/psu1-input"))).isTrue();
            sensor.close();
        }
    }

    @LabTest(needs = {"ipmi_sim", "ipmitool", "ipmi-dcmi"})
    void aMeasurementThatIsNotActiveIsAGapAndNeverZero() throws Exception {
        try (LabBmc lab = LabBmc.start(folder, "--rapl", "intel-1s", "--profile", "const:100")) {
            Sensor sensor = only(lab.discover(Map.of()));
            lab.fault("ipmi,enodata");

            Reading reading = read(sensor);

            assertThat(reading.isSet(0)).isFalse();
            assertThat(reading.failure(0)).contains("not active");
            sensor.close();
        }
    }

    private static Missing missing(Discovery found) {
        assertThat(found.sensors().stream()
                        .flatMap(sensor -> sensor.channels().stream())
                        .map(Channel::id))
                .doesNotContain("ipmi:bmc1/node");
        for (Sensor sensor : found.sensors()) {
            assertThatCode(sensor::close).doesNotThrowAnyException();
        }
        return found.missing().getFirst();
    }

    private static Optional<Reading> tryRead(Sensor sensor) {
        try {
            return Optional.of(read(sensor));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static List<String> ipmitool(String... command) {
        List<String> line = new ArrayList<>(List.of(
                "ipmitool",
                "-I",
                "lanplus",
                "-C",
                "3",
                "-H",
                "127.0.0.1",
                "-p",
                String.valueOf(LabBmc.PORT),
                "-U",
                "ADMIN",
                "-P",
                "ADMIN"));
        line.addAll(List.of(command));
        return line;
    }

    private static void pause(double seconds) {
        long until = TICKER.nanos() + (long) (seconds * 1e9);
        for (long left = until - TICKER.nanos(); left > 0; left = until - TICKER.nanos()) {
            LockSupport.parkNanos(left);
        }
    }

    /// One channel, read as the recorder reads it.
    private static final class Samples {
        private final Channel channel;
        private final long[] times;
        private final long[] reads;
        private final long[] raws;

        Samples(Sensor sensor, String id, double period, int count) throws IOException {
            int i = index(sensor, id);
            channel = sensor.channels().get(i);
            times = new long[count];
            reads = new long[count];
            raws = new long[count];
            for (int k = 0; k < count; k++) {
                long before = TICKER.nanos();
                Reading reading = read(sensor);
                reads[k] = TICKER.nanos() - before;
                times[k] = reading.isStamped(i) ? reading.sourceNanos(i) : before + reads[k] / 2;
                raws[k] = reading.raw(i);
                pause(period - reads[k] * 1e-9);
            }
        }

        /// Repeated time stamps are left out.
        Signal signal() {
            int[] kept = IntStream.range(0, times.length)
                    .filter(k -> k == 0 || times[k] > times[k - 1])
                    .toArray();
            return new Signal(channel, pick(times, kept), pick(reads, kept), pick(raws, kept), List.of());
        }

        private static long[] pick(long[] from, int... kept) {
            return Arrays.stream(kept).mapToLong(k -> from[k]).toArray();
        }

        long time(int k) {
            return signal().timeNanos()[k];
        }

        long raw(int k) {
            return signal().raw()[k];
        }
    }
}
