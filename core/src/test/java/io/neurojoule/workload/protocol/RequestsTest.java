package io.neurojoule.workload.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.RunRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

final class RequestsTest {
    @Test
    void secondsAreNeverWrittenWithAnExponent() {
        assertThat(run(1e-7)).contains("\"seconds\":0.00000010,");
        assertThat(run(10)).contains("\"seconds\":10.0,");
        assertThat(run(1e9)).contains("\"seconds\":1000000000,");
    }

    @Test
    void loadAlwaysCarriesItsFourFields() {
        assertThat(text(Requests.load(3, new LoadRequest("", "fp32", "cpu", Map.of()))))
                .isEqualTo(
                        "{\"op\":\"load\",\"id\":3,\"model\":\"\",\"precision\":\"fp32\",\"device\":\"cpu\",\"options\":{}}\n");
    }

    @Test
    void theOnlyInputIsAlsoWrittenAlone() {
        InputSpec input = new InputSpec("x", List.of("N", "3"), "float32", "", 7);

        ObjectNode one = Requests.prepare(1, 8, List.of(input));
        ObjectNode none = Requests.prepare(1, 8, List.of());

        assertThat(text(one)).contains("\"input\":{\"name\":\"x\",\"shape\":[\"N\",3],");
        assertThat(text(none)).isEqualTo("{\"op\":\"prepare\",\"id\":1,\"batch\":8,\"inputs\":[]}\n");
        assertThat(Requests.readInputs(one)).containsExactly(input);
    }

    @Test
    void aRunIsReadAsItWasWritten() {
        RunRequest request = new RunRequest(
                RunRequest.Kind.WARMUP, 0.25, 3, OptionalLong.of(9), RunRequest.Timing.LATENCY, Optional.of("pack"));

        assertThat(Requests.readRun(Requests.run(1, request))).isEqualTo(request);
    }

    private static String run(double seconds) {
        return text(Requests.run(4, RunRequest.of(RunRequest.Kind.MEASURE, seconds, RunRequest.Timing.BARE)));
    }

    private static String text(ObjectNode message) {
        return new String(Wire.encode(message), StandardCharsets.UTF_8);
    }
}
