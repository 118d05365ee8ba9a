package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SourceFlagsTest {
    private static Map<String, Map<String, String>> parse(String text) {
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        SourceFlags.add(text, settings);
        return settings;
    }

    @Test
    void aCommaInsideAValueBelongsToIt() {
        assertThat(parse("tcp:meter,ask=MEAS:POW? (@1,2),within=a,b,unit=W"))
                .containsEntry("tcp:meter", Map.of("ask", "MEAS:POW? (@1,2)", "within", "a,b", "unit", "W"));
    }

    @Test
    void theLabelsOfAMetricAreOneValue() {
        assertThat(parse("prometheus:h,metric=joules{zone=\"a\",index=\"0\",path=\"/x\"},unit=J"))
                .containsEntry(
                        "prometheus:h", Map.of("metric", "joules{zone=\"a\",index=\"0\",path=\"/x\"}", "unit", "J"));
    }

    @Test
    void whatIsNoSettingIsRefused() {
        assertThatThrownBy(() -> parse("tcp:meter,what")).isInstanceOf(UserException.class);
    }
}
