package io.neurojoule.sensor.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PrometheusContractTest extends PowerSourceContract {
    private final HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    private volatile String body = "joules{zone=\"a\"} 1234.5\njoules{zone=\"b\"} 7\n";

    PrometheusContractTest() throws IOException {}

    @BeforeEach
    void serve() {
        server.createContext("/metrics", exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Override
    protected PowerSource source() {
        return new PrometheusSource();
    }

    @Override
    protected SourceConfig present() {
        return metric("joules{zone=\"a\"}");
    }

    private SourceConfig metric(String metric) {
        return SourceConfig.thisMachine()
                .withNamed(Map.of(
                        "host1",
                        Map.of(
                                "url",
                                "http://127.0.0.1:%d/metrics"
                                        .formatted(server.getAddress().getPort()),
                                "metric",
                                metric,
                                "unit",
                                "J")));
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading;
    }

    @Test
    void aMetricIsACounter() throws IOException {
        try (Sensor sensor = source().discover(present()).sensors().getFirst()) {
            assertThat(read(sensor).raw(0)).isEqualTo(1_234_500_000L);
            assertThat(sensor.id()).isEqualTo("prometheus:host1");
            assertThat(sensor.channels().getFirst().quantity()).isEqualTo(Quantity.ENERGY);
        }
    }

    @Test
    void notANumberIsAGap() throws IOException {
        try (Sensor sensor = source().discover(present()).sensors().getFirst()) {
            body = "joules{zone=\"a\"} NaN\n";

            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("'NaN'");
        }
    }

    @Test
    void theTimeOfASampleIsTheTimeOfTheValue() throws IOException {
        body = "joules{zone=\"a\"} 1 %d\n".formatted(Instant.now().toEpochMilli());
        long now = System.nanoTime();
        try (Sensor sensor = source().discover(present()).sensors().getFirst()) {
            assertThat(read(sensor).sourceNanos(0)).isBetween(now - 500_000_000, now + 10_000_000);

            body = "joules{zone=\"a\"} 1 1700000000000\n";
            assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void severalSeriesAreMissingAndNameThemselves() {
        Discovery found = source().discover(metric("joules"));

        assertThat(found.sensors()).isEmpty();
        assertThat(found.missing().getFirst().code()).isEqualTo("prometheus-failed");
        assertThat(found.missing().getFirst().why()).contains("joules{zone=\"b\"}");
    }

    @Test
    void whatIsNoMetricIsRefused() {
        for (String metric : List.of("rate(joules[5m])", "joules{zone=a}")) {
            assertThatThrownBy(() -> source().discover(metric(metric)))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("metric");
        }
    }
}
