package io.neurojoule.sensor.ipmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What bytes mean.
class AnswersTest {
    private static final long SECOND_NANOS = 1_000_000_000L;

    private static byte[] hex(String text) {
        return HexFormat.ofDelimiter(" ").parseHex(text);
    }

    private static List<PowerSensor> parse(byte[] record, List<String> troubles) {
        return PowerSensor.parse(record, (name, why) -> troubles.add(name + ": " + why)).stream()
                .toList();
    }

    @Test
    void aPowerReadingHasItsFieldsInOrder() throws IOException {
        // DCMI 1.5, table 6-16, behind the completion code: 210 W, 1 to 511 W, mean 100 W, period 1000 ms, active.
        Dcmi reading = Dcmi.parse(hex("dc d2 00 01 00 ff 01 64 00 00 00 00 60 e8 03 00 00 40"));

        assertThat(reading).isEqualTo(new Dcmi(210, 1, 511, 100, 1000, true));
        assertThat(reading.plausibleWatts()).isEqualTo(210);
    }

    @Test
    void everyBitOfTheStateButTheSixthIsIgnored() throws IOException {
        Dcmi idle = Dcmi.parse(hex("dc d2 00 01 00 ff 01 64 00 00 00 00 60 e8 03 00 00 bf"));

        assertThatThrownBy(idle::plausibleWatts).hasMessageContaining("not active");
    }

    @Test
    void anEnergyReadingOfTheEmulatedXccIsUnderstood() throws IOException {
        // As `ipmitool raw 0x3a 0x32 4 2 0 0 0` printed it.
        XccEnergy energy = XccEnergy.parse(hex("0b 00 79 e4 6d 00 2b 00 6c f1 05 6b 5b 01"));

        assertThat(energy).isEqualTo(new XccEnergy(0x6de479L * 1000 + 0x2b, 0x6b05f16cL * 1000 + 0x15b));
    }

    @Test
    void anEnergyReadingWhoseFractionsAreNoneIsRefused() {
        assertThatThrownBy(() -> XccEnergy.parse(hex("0b 00 79 e4 6d 00 e8 03 6c f1 05 6b 5b 01")))
                .hasMessageContaining("1000 mJ");
        assertThatThrownBy(() -> XccEnergy.parse(hex("0b 00 79 e4 6d 00 00 00 6c f1 05 6b e8 03")))
                .hasMessageContaining("1000 ms");
    }

    @Test
    void aSensorsFactorsAreSignedAndScaled() {
        PowerSensor sensor = parse(SdrRecords.full(7, "P", SdrRecords.WATTS, 300, -200, -1, 1), new ArrayList<>())
                .getFirst();

        assertThat(sensor.scale()).isCloseTo(3000, within(1e-9));
        assertThat(sensor.baseWatts()).isCloseTo(-200, within(1e-9));
        assertThat(sensor.number()).isEqualTo(7);
    }

    @Test
    void bothExponentsOfAnOffsetCountAndItIsSignedIn10Bits() {
        PowerSensor plus = parse(SdrRecords.full(7, "P", SdrRecords.WATTS, 3, 5, 2, -1), new ArrayList<>())
                .getFirst();
        PowerSensor minus = parse(SdrRecords.full(7, "P", SdrRecords.WATTS, 3, -300, -2, 0), new ArrayList<>())
                .getFirst();

        // (3 · 100 + 5 · 10²) · 10⁻¹ = 80 W
        assertThat(100 * plus.scale() + plus.baseWatts()).isCloseTo(80, within(1e-9));
        assertThat(minus.baseWatts()).isCloseTo(-3, within(1e-9));
    }

    @Test
    void aClockThatWasSetBackByLessThanTenSecondsIsAnchoredAnewWhereValuesComeEverySecond() {
        BmcClock clock = new BmcClock(2 * SECOND_NANOS + SECOND_NANOS / 2);
        clock.anchor(100_000, 100 * SECOND_NANOS);
        assertThat(clock.toNanos(101_000, 101 * SECOND_NANOS)).isEqualTo(101 * SECOND_NANOS);

        assertThat(clock.toNanos(94_000, 102 * SECOND_NANOS)).isEqualTo(102 * SECOND_NANOS);
        assertThat(clock.toNanos(95_000, 103 * SECOND_NANOS)).isEqualTo(103 * SECOND_NANOS);
    }

    @Test
    void aReadingInTwosComplementIsSigned() throws IOException {
        byte[] record = SdrRecords.watts(7, "P", 1);
        record[20] = (byte) 0x80;

        PowerSensor sensor = parse(record, new ArrayList<>()).getFirst();

        assertThat(sensor.reading(hex("ff c0"))).isEqualTo(-1);
    }

    @Test
    void aSensorAtTheEndOfItsScaleHasNoReading() throws IOException {
        byte[] signed = SdrRecords.watts(7, "P", 4);
        signed[20] = (byte) 0x80;
        PowerSensor plain =
                parse(SdrRecords.watts(7, "P", 4), new ArrayList<>()).getFirst();
        PowerSensor both = parse(signed, new ArrayList<>()).getFirst();

        assertThat(plain.reading(hex("fe c0"))).isEqualTo(254);
        assertThatThrownBy(() -> plain.reading(hex("ff c0"))).hasMessageContaining("end of its scale, 1020 W");
        assertThat(both.reading(hex("7e c0"))).isEqualTo(126);
        assertThatThrownBy(() -> both.reading(hex("7f c0"))).hasMessageContaining("end of its scale, 508.0 W");
    }

    @Test
    void aSensorThatIsNotScannedHasNoReading() {
        PowerSensor sensor =
                parse(SdrRecords.watts(7, "P", 1), new ArrayList<>()).getFirst();

        assertThatThrownBy(() -> sensor.reading(hex("05 80"))).hasMessageContaining("does not scan");
    }

    @Test
    void sensorsThatCannotBeReadRightlyAreLeftOutWithTheReason() {
        byte[] elsewhere = SdrRecords.watts(1, "ME", 1);
        elsewhere[5] = 0x2C;
        byte[] curved = SdrRecords.watts(2, "Curve", 1);
        curved[23] = 0x0A;
        byte[] ones = SdrRecords.watts(3, "Ones", 1);
        ones[20] = 0x40;
        List<String> troubles = new ArrayList<>();

        for (byte[] record : List.of(elsewhere, curved, ones, SdrRecords.watts(4, "Zero", 0))) {
            assertThat(parse(record, troubles)).isEmpty();
        }

        assertThat(troubles)
                .containsExactly(
                        "ME: it belongs to another controller (0x2c) behind this one",
                        "Curve: its readings are not linear",
                        "Ones: its readings are neither unsigned nor in two's complement",
                        "Zero: its factor is not above 0");
    }

    @Test
    void wattsPerSomethingAndPercentAreNotWatts() {
        for (int units : new int[] {0x01, 0x02, 0x08, 0x18}) {
            byte[] record = SdrRecords.watts(1, "P", 1);
            record[20] = (byte) units;
            assertThat(parse(record, new ArrayList<>())).as("%02x", units).isEmpty();
        }
    }

    @Test
    void everyCompletionCodeHasWords() {
        for (int code = 1; code < 256; code++) {
            assertThat(CompletionException.words(code)).as("%02x", code).isNotBlank();
        }
        assertThat(CompletionException.words(0xC1)).isEqualTo("it does not support this command");
        assertThat(CompletionException.words(0xD4)).contains("privilege");
        assertThat(new CompletionException(Dcmi.REQUEST, 0xFF))
                .hasMessage("DCMI Get Power Reading (raw 0x2c 0x02 0xdc 0x01 0x00 0x00): completion code 0xff, "
                        + "an error that it does not specify");
    }

    @Test
    void differencesOfTheControllersClockAreKept() {
        BmcClock clock = new BmcClock(10 * SECOND_NANOS);
        clock.anchor(5_000_000L, 100 * SECOND_NANOS);

        assertThat(clock.toNanos(5_000_000L, 100 * SECOND_NANOS + 7)).isEqualTo(100 * SECOND_NANOS);
        assertThat(clock.toNanos(5_001_500L, 103 * SECOND_NANOS)).isEqualTo(101_500_000_000L);
    }

    @Test
    void aStampIsNeverInTheFuture() {
        BmcClock clock = new BmcClock(10 * SECOND_NANOS);
        clock.anchor(0, 100 * SECOND_NANOS);

        long now = 101 * SECOND_NANOS;

        assertThat(clock.toNanos(1_200, now)).isEqualTo(now);
        assertThat(clock.toNanos(2_200, now + SECOND_NANOS)).isEqualTo(now + SECOND_NANOS);
    }

    @Test
    void aClockThatWasSetIsAnchoredAnew() {
        BmcClock clock = new BmcClock(10 * SECOND_NANOS);
        clock.anchor(1_000_000L, 100 * SECOND_NANOS);

        assertThat(clock.toNanos(500L, 101 * SECOND_NANOS)).isEqualTo(101 * SECOND_NANOS);
        assertThat(clock.toNanos(1_500L, 102 * SECOND_NANOS + 5)).isEqualTo(102 * SECOND_NANOS);
    }

    @Test
    void aStampThatStandsStillKeepsItsTimeHoweverLong() {
        BmcClock clock = new BmcClock(10 * SECOND_NANOS);
        clock.anchor(0, 0);
        long first = clock.toNanos(1_000, 2 * SECOND_NANOS);

        assertThat(clock.toNanos(1_000, 60 * SECOND_NANOS)).isEqualTo(first);
    }
}
