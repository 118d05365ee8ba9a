package io.neurojoule.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MeterTest {
    private static Meter meter(String... pairs) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            values.put(pairs[i], pairs[i + 1]);
        }
        return Meter.of("http:plug", Settings.of("http:plug", values, Meter.KEYS));
    }

    @Test
    void twoMetersOfTheNodeAreOneComponentUnlessTheUserSaysOtherwise() {
        assertThat(meter("unit", "W", "kind", "node").channel().component())
                .isEqualTo(Component.node(Component.THIS_MACHINE));
        assertThat(meter("unit", "W", "kind", "wall").channel().component().id())
                .isEqualTo("wall");
        assertThat(meter("unit", "W", "kind", "wall", "id", "cord-b")
                        .channel()
                        .component()
                        .id())
                .isEqualTo("cord-b");
        assertThat(meter("unit", "W", "kind", "board").channel().component().id())
                .isEqualTo("http-plug");
    }

    @Test
    void everyDecimalIsKeptExactly() throws IOException {
        for (long seed = 0; seed < 1000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int digits = random.nextInt(0, 10);
            BigDecimal number = BigDecimal.valueOf(random.nextLong(1_000_000_000L), random.nextInt(0, digits + 1));
            Meter meter = meter("unit", "W", "digits", String.valueOf(digits));

            long raw = meter.raw(random.nextBoolean() ? number.toPlainString() : number.toEngineeringString());

            assertThat(BigDecimal.valueOf(raw, digits)).as("seed %d", seed).isEqualByComparingTo(number);
        }
    }

    @Test
    void theExponentThatInstrumentsWriteIsRead() throws IOException {
        assertThat(meter("unit", "W").raw("+1.234567E+01")).isEqualTo(12_345_670);
        assertThat(meter("unit", "W").raw("-2.5e-1")).isEqualTo(-250_000);
    }

    @Test
    void moreDecimalPlacesThanAreKeptAreAGapThatSaysSo() {
        assertThatThrownBy(() -> meter("unit", "W", "digits", "2").raw("12.345"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("raise digits");
    }

    @Test
    void zerosBehindTheLastPlaceLoseNothing() throws IOException {
        assertThat(meter("unit", "W", "digits", "2").raw("12.5000000")).isEqualTo(1250);
        assertThat(meter("unit", "W").raw("0.000000000000")).isZero();
        assertThat(meter("unit", "W").raw("0e999")).isZero();
    }

    @Test
    void whatIsNoNumberIsAGapWithTheText() {
        for (String text : List.of("", "NaN", "+Inf", "12,5", "12.5 W", "0x10", "1e", "--1", "١٢", "1".repeat(100))) {
            assertThatThrownBy(() -> meter("unit", "W").raw(text))
                    .as(text)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("'" + (text.length() > 50 ? "1111" : text));
        }
    }

    @Test
    void aNumberBeyondARawValueIsAGap() {
        for (String text : List.of("9.91E37", "1e999", "9223372036854775807")) {
            assertThatThrownBy(() -> meter("unit", "W").raw(text))
                    .as(text)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("beyond");
        }
    }

    @Test
    void aNegativeEnergyIsAGapAndANegativePowerIsNot() throws IOException {
        assertThat(meter("unit", "W").raw("-3")).isEqualTo(-3_000_000);
        assertThatThrownBy(() -> meter("unit", "J").raw("-3"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("negative");
    }

    @Test
    void theQuantityAndTheScaleFollowFromTheUnit() {
        assertThat(meter("unit", "mW", "digits", "0").channel().quantity()).isEqualTo(Quantity.POWER);
        assertThat(meter("unit", "mW", "digits", "0").channel().scale()).isEqualTo(1e-3);
        assertThat(meter("unit", "kWh", "digits", "3").channel().quantity()).isEqualTo(Quantity.ENERGY);
        assertThat(meter("unit", "kWh", "digits", "3").channel().scale()).isCloseTo(3600, within(1e-9));
        assertThat(meter("unit", "\u00b5J", "digits", "0").channel().scale()).isEqualTo(1e-6);
        assertThat(meter("unit", "\u03bcJ", "digits", "0").channel().scale()).isEqualTo(1e-6);
    }

    @Test
    void theUnitHasNoDefaultAndIsSpelledExactly() {
        assertThatThrownBy(() -> meter()).isInstanceOf(SettingsException.class).hasMessageContaining("unit");
        for (String unit : List.of("w", "watt", "kwh", "V", "mw")) {
            assertThatThrownBy(() -> meter("unit", unit))
                    .as(unit)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("kWh");
        }
    }

    @Test
    void whatIsNotSaidToBeTheWholeMachineIsABoardOfItsOwn() {
        Component plain = meter("unit", "W").channel().component();
        Component card = meter("unit", "W", "kind", "rail", "id", "12v", "within", "gpu-0, board-1")
                .channel()
                .component();

        assertThat(plain).isEqualTo(Component.of(Component.Kind.BOARD, "http-plug"));
        assertThat(card.within()).containsExactlyInAnyOrder("gpu-0", "board-1");
        assertThatThrownBy(() -> meter("unit", "W", "kind", "cpu")).isInstanceOf(SettingsException.class);
    }

    @Test
    void settingsOutsideTheirRangeAreRefusedByName() {
        for (List<String> wrong : List.of(
                List.of("refresh", "0"), List.of("refresh", "1e9"), List.of("digits", "16"), List.of("time", "utc"))) {
            assertThatThrownBy(() -> meter("unit", "W", wrong.get(0), wrong.get(1)))
                    .as(wrong.toString())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(wrong.get(0));
        }
    }
}
