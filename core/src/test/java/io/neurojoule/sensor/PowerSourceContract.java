package io.neurojoule.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every power source promises; a plug-in's test extends it.
public abstract class PowerSourceContract {
    private static final int READS = 20;

    /// For trees; new for each test.
    @TempDir
    protected Path root;

    /// A new source.
    protected abstract PowerSource source();

    /// Where the source finds at least one sensor.
    protected abstract SourceConfig present() throws IOException;

    /// Trees without anything in them.
    protected final SourceConfig nothing() throws IOException {
        return new SourceConfig(
                Files.createDirectories(root.resolve("empty/sys")),
                Files.createDirectories(root.resolve("empty/proc")));
    }

    @Test
    void idsAreUniqueAndBeginWithTheNameOfTheSource() throws IOException {
        Discovery found = source().discover(present());
        List<String> sensors = new ArrayList<>();
        List<String> channels = new ArrayList<>();

        for (Sensor sensor : found.sensors()) {
            sensors.add(sensor.id());
            sensor.channels().forEach(channel -> channels.add(channel.id()));
            assertThat(sensor.via()).isNotBlank();
            assertThat(sensor.channels()).isNotEmpty().isEqualTo(sensor.channels());
            sensor.close();
        }

        assertThat(sensors).isNotEmpty().doesNotHaveDuplicates().allMatch(id -> id.startsWith(source().name() + ":"));
        assertThat(channels).doesNotHaveDuplicates().allMatch(id -> id.startsWith(source().name() + ":"));
    }

    @Test
    void aReadSetsOrFailsEachChannel() throws IOException {
        for (Sensor sensor : source().discover(present()).sensors()) {
            Reading reading = new Reading(sensor.channels().size());

            sensor.read(reading);

            for (int i = 0; i < reading.size(); i++) {
                assertThat(reading.isSet(i) || reading.failure(i) != null)
                        .as(sensor.id())
                        .isTrue();
            }
            sensor.close();
        }
    }

    @Test
    void countersThatDoNotWrapNeverGoBack() throws IOException {
        for (Sensor sensor : source().discover(present()).sensors()) {
            Reading reading = new Reading(sensor.channels().size());
            long[] last = new long[reading.size()];
            for (int read = 0; read < READS; read++) {
                reading.clear();
                sensor.read(reading);
                for (int i = 0; i < reading.size(); i++) {
                    Channel channel = sensor.channels().get(i);
                    boolean counts = channel.quantity() == Quantity.ENERGY && channel.wrapsAt() == 0;
                    if (counts && reading.isSet(i)) {
                        assertThat(reading.raw(i)).as(channel.id()).isGreaterThanOrEqualTo(last[i]);
                        last[i] = reading.raw(i);
                    }
                }
            }
            sensor.close();
        }
    }

    @Test
    void closingTwiceIsHarmless() throws IOException {
        for (Sensor sensor : source().discover(present()).sensors()) {
            sensor.close();

            assertThatCode(sensor::close).doesNotThrowAnyException();
        }
    }

    @Test
    void whatIsAbsentIsToldWithAReasonAndAHint() throws IOException {
        Discovery found = source().discover(nothing());

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing()).isNotEmpty().allSatisfy(missing -> {
            assertThat(missing.code()).matches("[a-z]+(-[a-z]+)+");
            assertThat(missing.what()).isNotBlank();
            assertThat(missing.why()).isNotBlank();
            assertThat(missing.hint()).isNotBlank();
        });
    }
}
