package io.neurojoule.sensor.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.sensor.Feed.Said;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExpositionTest {
    private static final String TEXT = """
            # HELP joules_total Energy, e.g. joules_total{zone="x"} 7
            # TYPE joules_total counter
            joules_total{zone="package",index="0"} 1.2345678901e+05
            joules_total{index="1",zone="package"} 42
            joules_total {  zone = "dram" , index="0", }   3.5   1700000000123
            joules_total_seen{zone="package",index="0"} 9
            watts NaN
            odd{path="C:\\\\a\\"b\\nc,}"} 5
            twice 1
            twice 1
            broken{zone="x} 7
            """;

    private static Said find(String metric) throws IOException {
        return Exposition.find(TEXT, Series.parse(metric).orElseThrow());
    }

    @Test
    void labelsSelectInAnyOrder() throws IOException {
        assertThat(find("joules_total{zone=\"package\",index=\"0\"}").value()).isEqualTo("1.2345678901e+05");
        assertThat(find("joules_total{zone=\"package\",index=\"1\"}").value()).isEqualTo("42");
    }

    @Test
    void labelsThatAreNotSaidMayBeAnything() throws IOException {
        assertThat(find("joules_total{index=\"1\"}").value()).isEqualTo("42");
        assertThat(find("joules_total_seen").value()).isEqualTo("9");
    }

    @Test
    void blanksACommaAtTheEndAndATimeAreUnderstood() throws IOException {
        Said said = find("joules_total{zone=\"dram\"}");

        assertThat(said.value()).isEqualTo("3.5");
        assertThat(said.time()).contains("1700000000123");
    }

    @Test
    void escapesInLabelsAreUndone() throws IOException {
        assertThat(find("odd{path=\"C:\\\\a\\\"b\\nc,}\"}").value()).isEqualTo("5");
        assertThat(Series.parse("odd{path=\"C:\\\\a\\\"b\\nc,}\"}"))
                .contains(new Series("odd", Map.of("path", "C:\\a\"b\nc,}")));
    }

    @Test
    void moreThanOneSeriesIsAGapAndNeverASum() {
        assertThatThrownBy(() -> find("joules_total{zone=\"package\"}"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("2 series")
                .hasMessageContaining("index=\"1\"");
        assertThatThrownBy(() -> find("twice")).isInstanceOf(IOException.class).hasMessageContaining("2 series");
    }

    @Test
    void aMetricThatIsNotThereIsAGap() {
        assertThatThrownBy(() -> find("joules_total{zone=\"gpu\"}"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no joules_total{zone=\"gpu\"}");
        assertThatThrownBy(() -> find("joules")).isInstanceOf(IOException.class);
    }

    @Test
    void aDamagedLineIsAGap() {
        assertThatThrownBy(() -> find("broken{zone=\"x\"}")).isInstanceOf(IOException.class);
        for (String line : List.of("joules", "joules ", "joules 1 2 3")) {
            assertThatThrownBy(() -> Exposition.find(line, new Series("joules", Map.of())))
                    .as(line)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void whatIsNoMetricIsRefused() {
        for (String text : List.of(
                "",
                "1x",
                "a b",
                "a{",
                "a{b}",
                "a{b=c}",
                "a{b=\"c}",
                "a{b=\"c\"} 1",
                "a{b=\"c\" d=\"e\"}",
                "a{b=\"\\x\"}",
                "a{b=\"1\",b=\"2\"}",
                "a{b=")) {
            assertThat(Series.parse(text)).as(text).isEqualTo(Optional.empty());
        }
        assertThat(Series.parse("a:b_1{}")).contains(new Series("a:b_1", Map.of()));
    }
}
