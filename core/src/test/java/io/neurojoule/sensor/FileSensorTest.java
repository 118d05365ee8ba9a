package io.neurojoule.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.sensor.FileSensor.Column;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSensorTest {
    @TempDir
    Path root;

    private static Channel power(String id) {
        return Channel.power("x:" + id, Component.of(Component.Kind.RAIL, id), 1e-6, Duration.ZERO, Duration.ZERO);
    }

    private Path file(String name, Object content) throws IOException {
        return Files.writeString(root.resolve(name), content + "\n");
    }

    private static FileSensor open(List<Column> columns) {
        return FileSensor.open("x:y", "files", columns, (column, e) -> {
                    throw new AssertionError(column.channel().id(), e);
                })
                .orElseThrow();
    }

    private static Reading read(FileSensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    @Test
    void aSumOfProductsIsExactForAnyValuesOfAMachine() throws IOException {
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long[] raw = random.longs(4, -100_000, 1_000_000).toArray();
            List<Path> files = new ArrayList<>();
            for (int i = 0; i < raw.length; i++) {
                files.add(file("f" + i, raw[i]));
            }
            Column sum = new Column(
                    power("sum"),
                    List.of(List.of(files.get(0), files.get(1)), List.of(files.get(2), files.get(3))),
                    List.of());

            try (FileSensor sensor = open(List.of(sum, Column.of(power("one"), files.get(0))))) {
                Reading reading = read(sensor);
                assertThat(reading.raw(0)).as("seed %d", seed).isEqualTo(raw[0] * raw[1] + raw[2] * raw[3]);
                assertThat(reading.raw(1)).as("seed %d", seed).isEqualTo(raw[0]);
            }
        }
    }

    @Test
    void whatDoesNotFitIsAGapAndNotAnotherNumber() throws IOException {
        Path large = file("large", Long.MAX_VALUE / 2);
        Path two = file("two", 2);

        try (FileSensor sensor =
                open(List.of(Column.product(power("a"), large, two), Column.product(power("b"), two, two)))) {
            Reading reading = read(sensor);
            assertThat(reading.failure(0)).contains("63 bits");
            assertThat(reading.raw(1)).isEqualTo(4);
        }
    }

    @Test
    void whatCannotBeOpenedIsHandedBackAndTheRestIsRead() throws IOException {
        List<String> refused = new ArrayList<>();
        Path there = file("there", 7);
        Path absent = root.resolve("absent");

        Optional<FileSensor> sensor = FileSensor.open(
                "x:y",
                "files",
                List.of(
                        Column.product(power("a"), there, absent),
                        Column.of(power("b"), there),
                        Column.of(power("c"), absent)),
                (column, e) -> refused.add(column.channel().id()));

        assertThat(refused).containsExactly("x:a", "x:c");
        assertThat(read(sensor.orElseThrow()).raw(0)).isEqualTo(7);
        sensor.get().close();
    }

    @Test
    void withNothingToReadThereIsNoSensor() {
        assertThat(FileSensor.open("x:y", "files", List.of(), (column, e) -> {}))
                .isEmpty();
    }

    @Test
    void aValueThatMeansNoneIsAGap() throws IOException {
        Path file = file("f", 0);

        try (FileSensor sensor =
                open(List.of(Column.of(power("a"), file).without(0L, 4_294_967_295L), Column.of(power("b"), file)))) {
            assertThat(read(sensor).isSet(0)).isFalse();
            assertThat(read(sensor).raw(1)).isZero();
            file("f", 4_294_967_295L);
            assertThat(read(sensor).isSet(0)).isFalse();
            file("f", 5);
            assertThat(read(sensor).raw(0)).isEqualTo(5);
        }
    }

    @Test
    void anEnergyBelowZeroIsAGap() throws IOException {
        Channel counter = Channel.counter("x:e", Component.of(Component.Kind.RAIL, "e"), 1e-6, 0, Duration.ZERO);

        try (FileSensor sensor = open(List.of(Column.of(counter, file("f", -1))))) {
            assertThat(read(sensor).failure(0)).contains("negative");
        }
    }

    @Test
    void aRegisterThatWasNotReadIsAGapAndNotAFewMicrowatts() throws IOException {
        Path volts = file("volts", 12_000);
        Path amperes = file("amperes", 2_000);
        Path plug = file("plug", 0);
        Column card = new Column(power("card"), List.of(List.of(volts, amperes), List.of(plug, amperes)), List.of())
                .ofRegisters(List.of(volts));
        try (FileSensor sensor = open(List.of(card))) {
            assertThat(read(sensor).raw(0)).as("an empty plug has no volts").isEqualTo(24_000_000);
            for (Object wrong : new Object[] {-1, 4_294_967_295L, 0, -25_769_803_773L}) {
                file("volts", wrong);
                Reading reading = read(sensor);
                assertThat(reading.isSet(0)).as("volts %s", wrong).isFalse();
                assertThat(reading.failure(0)).contains("not read");
            }
            file("volts", 12_000);
            file("amperes", -1);
            assertThat(read(sensor).isSet(0)).isFalse();
        }
    }
}
