package io.neurojoule.sensor.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// The node exporter of Debian (prometheus-node-exporter), unchanged, under the laboratory: what is read over HTTP
/// agrees with the joules that the package really drew.
class NodeExporterTest {
    private static final Path EXPORTER = Path.of("/usr/bin/prometheus-node-exporter");
    private static final long PATIENCE_NANOS = 20_000_000_000L;
    private static final int SAMPLES = 40;

    @LabTest(needs = "prometheus-node-exporter")
    void theEnergyOfAnExporterAgreesWithTheTruth() throws Exception {
        int port = freePort();
        List<String> command = List.of(
                "timeout",
                "30",
                EXPORTER.toString(),
                "--collector.disable-defaults",
                "--collector.rapl",
                "--web.listen-address=127.0.0.1:" + port);
        Path stop = Files.createTempFile("exporter-", ".stop");
        // The shell ends when the file is gone: the test has read enough.
        List<String> shell = List.of(
                "sh",
                "-c",
                "\"$@\" & exporter=$!; while [ -e " + stop + " ]; do sleep 0.1; done; kill $exporter; wait",
                "sh");
        List<String> whole = new ArrayList<>(shell);
        whole.addAll(command);
        CompletableFuture<Lab.Run> run = CompletableFuture.supplyAsync(() -> lab(whole));

        Signal signal = read(port);
        Files.delete(stop);
        Path truth = run.get(60, TimeUnit.SECONDS).truth();

        long from = signal.timeNanos()[3];
        long to = signal.timeNanos()[signal.size() - 4];
        Integral integral = Energy.of(signal, from, to);
        double joules = Lab.truth(truth, from, to).getOrDefault("pkg1", 0.0);
        assertThat(integral).isInstanceOf(Energy.class);
        Energy energy = (Energy) integral;
        assertThat(Math.abs(energy.joules() - joules))
                .as("%s, truth %.6f J", energy, joules)
                .isLessThanOrEqualTo(energy.boundJoules());
        assertThat(energy.boundJoules()).isLessThan(joules * 0.1);
    }

    private static Lab.Run lab(List<String> command) {
        try {
            return Lab.run(
                    List.of("--rapl", "intel-2s", "--profile", "square:50,200,0.7", "--rapl-mode", "444"),
                    command,
                    Map.of(),
                    Duration.ofSeconds(50));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// Waits for the exporter, then reads it some seconds.
    private static Signal read(int port) throws IOException {
        SourceConfig config = SourceConfig.thisMachine()
                .withNamed(Map.of(
                        "host1",
                        Map.of(
                                "url",
                                "http://127.0.0.1:%d/metrics".formatted(port),
                                "metric",
                                "node_rapl_package_joules_total{path=\"/sys/class/powercap/intel-rapl:1\"}",
                                "unit",
                                "J",
                                "refresh",
                                "0.01")));
        long until = System.nanoTime() + PATIENCE_NANOS;
        Discovery found = new PrometheusSource().discover(config);
        while (found.sensors().isEmpty() && System.nanoTime() < until) {
            LockSupport.parkNanos(100_000_000);
            found = new PrometheusSource().discover(config);
        }
        assertThat(found.sensors()).as(found.missing().toString()).hasSize(1);
        try (Sensor sensor = found.sensors().getFirst()) {
            long[] times = new long[SAMPLES];
            long[] reads = new long[SAMPLES];
            long[] raw = new long[SAMPLES];
            Reading reading = new Reading(1);
            for (int i = 0; i < SAMPLES; i++) {
                reading.clear();
                long before = System.nanoTime();
                sensor.read(reading);
                long after = System.nanoTime();
                times[i] = before + (after - before) / 2;
                reads[i] = after - before;
                raw[i] = reading.raw(0);
                LockSupport.parkNanos(100_000_000);
            }
            Channel channel = sensor.channels().getFirst();
            return new Signal(channel.withMaxWatts(200), times, reads, raw, List.of());
        }
    }
}
