package io.neurojoule.sensor.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SyntheticContractTest extends PowerSourceContract {
    private final AtomicLong clock = new AtomicLong(5_000);

    @Override
    protected PowerSource source() {
        return new SyntheticSource(clock::get);
    }

    @Override
    protected SourceConfig present() {
        return options(Map.of("watts", "100, 50"));
    }

    private static SourceConfig options(Map<String, String> options) {
        return SourceConfig.thisMachine().withOptions(options);
    }

    private static long read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading.raw(0);
    }

    @Test
    void energyIsPowerTimesTime() throws IOException {
        List<Sensor> sensors = source().discover(present()).sensors();

        clock.addAndGet(2_000_000_000L);

        assertThat(sensors).extracting(Sensor::id).containsExactly("synthetic:0", "synthetic:1");
        assertThat(read(sensors.get(0))).isEqualTo(200_000_000);
        assertThat(read(sensors.get(1))).isEqualTo(100_000_000);
        assertThat(sensors.get(0).channels().getFirst().basis()).isEqualTo(Basis.SIMULATED);
    }

    @Test
    void aCounterWithARangeStartsAgain() throws IOException {
        Sensor sensor = source().discover(options(Map.of("watts", "10", "wraps-at", "3000000")))
                .sensors()
                .getFirst();

        clock.addAndGet(1_000_000_000L);

        assertThat(read(sensor)).isEqualTo(1_000_000);
        assertThat(sensor.channels().getFirst().wrapsAt()).isEqualTo(3_000_000);
    }

    @Test
    void wattsThatAreNoPowerAreRefusedByName() {
        for (String watts : List.of("", "x", "-1", "NaN", "1,,2")) {
            assertThatThrownBy(() -> source().discover(options(Map.of("watts", watts))))
                    .as(watts)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("watts");
        }
    }
}
