package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.lab.Lab;
import io.neurojoule.plugin.Plugins;
import io.neurojoule.sensor.PowerSource;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

class SensorsPageTest {
    private static final int COLUMNS = 6;

    @Test
    void everyPowerSourceHasItsRowThatSaysHowItWasVerified() throws IOException {
        List<List<String>> rows = Files.readAllLines(Lab.root().resolve("docs/reference/sensors.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> List.of(line.substring(2, line.length() - 2).split(" \\| ", -1)))
                .toList();

        assertThat(rows).allSatisfy(row -> {
            assertThat(row).as(row.toString()).hasSize(COLUMNS).noneMatch(String::isBlank);
            assertThat(row.getLast()).containsPattern("^(emulated|made|real|arithmetic)");
        });
        assertThat(rows.stream()
                        .map(row -> row.getFirst().replaceAll("`", "").split(" ", 2)[0])
                        .distinct())
                .containsExactlyInAnyOrderElementsOf(Plugins.load(PowerSource.class, "power source", PowerSource::name)
                        .byName()
                        .keySet());
    }
}
