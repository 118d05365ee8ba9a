package io.neurojoule.sensor.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.PowerSourceContract;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpContractTest extends PowerSourceContract {
    private static final String PLUG = "{\"id\":0, \"apower\":8.9, \"voltage\":237.5, \"aenergy\":{\"total\":6.532}}";

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer server;
    private volatile String body = PLUG;
    private volatile int status = 200;
    private volatile String authorization = "";

    HttpContractTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @BeforeEach
    void serve() {
        server.createContext("/value", exchange -> {
            authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
            answer(exchange, status, body);
        });
        server.createContext("/moved", exchange -> {
            exchange.getResponseHeaders().add("Location", "/value");
            answer(exchange, 302, "");
        });
        server.createContext("/silent", exchange -> hold());
        server.createContext("/slow-body", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('1');
            exchange.getResponseBody().flush();
            hold();
        });
        server.createContext("/cut", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('1');
            exchange.close();
        });
        server.setExecutor(threads);
        server.start();
    }

    private void hold() {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
        threads.close();
    }

    @Override
    protected PowerSource source() {
        return new HttpSource();
    }

    @Override
    protected SourceConfig present() {
        return asking("/value", "pointer", "/apower");
    }

    private SourceConfig asking(String path, String... more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "url", "http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path), "unit", "W"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return SourceConfig.thisMachine().withNamed(Map.of("plug", settings));
    }

    private Sensor sensor(String path, String... more) {
        return source().discover(asking(path, more)).sensors().getFirst();
    }

    private Missing missing(String path, String... more) {
        Discovery found = source().discover(asking(path, more));
        assertThat(found.sensors()).isEmpty();
        return found.missing().getFirst();
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(1);
        sensor.read(reading);
        return reading;
    }

    @Test
    void aNumberInJsonIsKeptExactly() throws IOException {
        try (Sensor sensor = sensor("/value", "pointer", "/aenergy/total", "unit", "Wh")) {
            assertThat(read(sensor).raw(0)).isEqualTo(6_532_000);
            assertThat(sensor.channels().getFirst().quantity()).isEqualTo(Quantity.ENERGY);
        }
    }

    @Test
    void aNumberAsTextIsRead() throws IOException {
        body = " 12.25\n";
        try (Sensor sensor = sensor("/value")) {
            Reading reading = read(sensor);

            assertThat(reading.raw(0)).isEqualTo(12_250_000);
            assertThat(reading.isStamped(0)).isFalse();
        }
    }

    @Test
    void aNumberInAStringIsRead() throws IOException {
        body = "{\"power\": [{\"w\": \"42.5\"}]}";
        try (Sensor sensor = sensor("/value", "pointer", "/power/0/w")) {
            assertThat(read(sensor).raw(0)).isEqualTo(42_500_000);
        }
    }

    @Test
    void theTimeInTheAnswerIsTheTimeOfTheValue() throws IOException {
        long before = System.nanoTime();
        body = "{\"w\": 1, \"ts\": %d}".formatted(Instant.now().toEpochMilli());
        try (Sensor sensor = sensor("/value", "pointer", "/w", "time", "unix-ms", "time_pointer", "/ts")) {
            Reading one = read(sensor);
            Reading again = read(sensor);

            assertThat(one.sourceNanos(0)).isBetween(before - 50_000_000, System.nanoTime() + 10_000_000);
            assertThat(again.sourceNanos(0))
                    .isCloseTo(one.sourceNanos(0), org.assertj.core.api.Assertions.within(1000L));
        }
    }

    @Test
    void anErrorOfTheServerIsAGapAndTheNextAnswerCounts() throws IOException {
        try (Sensor sensor = sensor("/value", "pointer", "/apower")) {
            status = 500;
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SensorGoneException.class)
                    .hasMessageContaining("HTTP 500");

            status = 200;
            assertThat(read(sensor).raw(0)).isEqualTo(8_900_000);
        }
    }

    @Test
    void anAnswerWithoutTheNumberIsAGapWithItsText() throws IOException {
        try (Sensor sensor = sensor("/value", "pointer", "/apower")) {
            for (String wrong : List.of("<html>login</html>", "{\"apower\": null}", "{\"apower\": true}", "{}", "")) {
                body = wrong;

                assertThatThrownBy(() -> read(sensor))
                        .as(wrong)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(wrong);
            }
        }
    }

    @Test
    void aServerThatGoesAwayIsAGapUntilItIsBack() throws IOException {
        int port = server.getAddress().getPort();
        try (Sensor sensor = sensor("/value", "pointer", "/apower")) {
            server.stop(0);
            assertThatThrownBy(() -> read(sensor))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SensorGoneException.class);

            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            serve();
            assertThat(read(sensor).raw(0)).isEqualTo(8_900_000);
        }
    }

    @Test
    void aRedirectionIsNotFollowedAndNamesItsTarget() {
        assertThat(missing("/moved").why()).contains("302").contains("/value");
    }

    @Test
    void silenceEndsAtTheTimeout() {
        long before = System.nanoTime();

        String silent = missing("/silent", "timeout", "0.3").why();
        String slow = missing("/slow-body", "timeout", "0.3").why();

        assertThat(silent).contains("0.3 s");
        assertThat(slow).contains("0.3 s");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(8));
    }

    @Test
    void anAnswerThatIsCutOffIsNoValue() {
        assertThat(missing("/cut").code()).isEqualTo("http-failed");
    }

    @Test
    void anAnswerWithoutEndIsRefused() {
        body = "1".repeat(2 << 20);

        assertThat(missing("/value").code()).isEqualTo("http-failed");
    }

    @Test
    void nobodyThereIsMissingWithItsChannel() {
        server.stop(0);

        Missing missing = missing("/value");

        assertThat(missing.code()).isEqualTo("http-failed");
        assertThat(missing.channel()).isPresent();
    }

    @Test
    void thePasswordIsSentAndNeverShown() throws IOException {
        Path file = Files.writeString(root.resolve("secret"), "hunter2\n");
        try (Sensor sensor = sensor("/value", "pointer", "/apower", "user", "me", "password_file", file.toString())) {
            read(sensor);

            assertThat(authorization).isEqualTo("Basic bWU6aHVudGVyMg==");
            status = 401;
            assertThatThrownBy(() -> read(sensor)).hasMessageContaining("401").hasMessageNotContaining("hunter2");
        }
        assertThatThrownBy(() -> source().discover(asking("/value", "url", "http://me:hunter2@127.0.0.1/")))
                .isInstanceOf(SettingsException.class)
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void settingsThatContradictEachOtherAreRefused() {
        for (List<String> wrong : List.of(
                List.of("url", "ftp://host/"),
                List.of("url", "no url at all"),
                List.of("pointer", "apower"),
                List.of("time_pointer", "/ts"),
                List.of("user", "me"),
                List.of("pointer", "/w", "time", "unix-s"))) {
            assertThatThrownBy(() -> source().discover(asking("/value", wrong.toArray(String[]::new))))
                    .as(wrong.toString())
                    .isInstanceOf(SettingsException.class);
        }
    }

    /// What the client does asynchronously ends on the common pool of the JVM.
    @Test
    void aBlockedCommonPoolHoldsNoAnswerBack() throws IOException {
        for (int i = 0; i < 2 * ForkJoinPool.commonPool().getParallelism(); i++) {
            ForkJoinPool.commonPool().execute(this::hold);
        }
        try (Sensor sensor = sensor("/value", "pointer", "/apower")) {
            assertThat(read(sensor).raw(0)).isEqualTo(8_900_000);
        }
    }

    @Test
    void noThreadIsLeftAfterClose() throws IOException {
        long before = clients();
        Sensor sensor = sensor("/value", "pointer", "/apower");
        read(sensor);
        assertThat(clients()).isGreaterThan(before);

        sensor.close();

        long until = System.nanoTime() + 5_000_000_000L;
        while (clients() > before && System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        assertThat(clients()).isEqualTo(before);
    }

    private static long clients() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("HttpClient")
                        || thread.getName().startsWith("http: "))
                .count();
    }

    @Test
    void aPasswordOrTokenInTheUrlIsRefusedAndWhatIsAskedIsNotShown() throws IOException {
        SourceConfig usual = asking("/value");
        for (String query : List.of("user=admin&password=hunter2", "access_token=hunter2", "cmnd=Status&PW=hunter2")) {
            SourceConfig config =
                    usual.withNamed(Map.of("plug", Map.of("url", "http://127.0.0.1:1/cm?" + query, "unit", "W")));
            assertThatThrownBy(() -> source().discover(config))
                    .as(query)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("must not hold a password or token")
                    .hasMessageNotContaining("hunter2");
        }
        Discovery found = source().discover(usual.withNamed(
                Map.of("plug", Map.of("url", "http://127.0.0.1:1/cm?cmnd=Status%208", "unit", "W"))));
        assertThat(found.missing())
                .isNotEmpty()
                .allSatisfy(missing -> assertThat(missing.toString()).doesNotContain("cmnd="));
    }
}
