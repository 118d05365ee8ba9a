package io.neurojoule.workload.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.plugin.Plugins;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkSource;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.synthetic.SyntheticNetwork;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class WorkerTest {
    @Test
    void everyRequestIsAnsweredInItsOrder() {
        List<String> answers = serve(new SyntheticNetwork(Ticker.monotonic()), """
                {"op":"hello","id":1,"nwp":1,"run_id":"r","dir":"/tmp"}
                {"op":"load","id":2,"model":"","precision":"fp32","device":"cpu","options":{"step_micros":"10"}}
                {"op":"prepare","id":3,"batch":2,"inputs":[]}
                {"op":"run","id":4,"kind":"measure","seconds":0.0,"min_iterations":5,"max_iterations":5,"timing":"bare"}
                {"op":"dance","id":5}
                {"op":"close","id":6}
                {"op":"hello","id":7}
                """);

        assertThat(answers).hasSize(6);
        assertThat(answers.get(0))
                .startsWith("{\"re\":1,\"ok\":true,\"nwp\":1,")
                .contains("\"verify\":true");
        assertThat(answers.get(1)).contains("\"settings\":{\"sleep\":\"false\",\"step_micros\":\"10\"}");
        assertThat(answers.get(3)).contains("\"iterations\":5,\"elements\":10");
        assertThat(answers.get(4)).contains("\"ok\":false", "UNKNOWN_OP");
        assertThat(answers.get(5)).isEqualTo("{\"re\":6,\"ok\":true}");
    }

    @Test
    void theSyntheticNetworkIsFoundByItsName() throws Exception {
        Plugins<NetworkSource> sources = Plugins.load(NetworkSource.class, "network", NetworkSource::name);

        assertThat(sources.get("synthetic").open()).isInstanceOf(SyntheticNetwork.class);
    }

    @Test
    void aNetworkThatBreaksIsAnAnswer() {
        List<String> answers = serve(new Broken(), """
                {"op":"load","id":1,"precision":"fp32"}
                {"op":"prepare","id":2,"batch":1}
                {"op":"run","id":3,"seconds":1.0}
                {"op":"prepare","id":4,"batch":0}
                """);

        assertThat(answers.get(0)).contains("INTERNAL", "no weights");
        assertThat(answers.get(1)).contains("OUT_OF_MEMORY");
        assertThat(answers.get(2)).contains("INVALID_INPUT", "run before prepare");
        assertThat(answers.get(3)).contains("INVALID_INPUT", "batch must be");
    }

    @Test
    void whatWaitsOnTheInputStopsARun() {
        List<String> answers = serve(new SyntheticNetwork(Ticker.monotonic()), """
                {"op":"load","id":1}
                {"op":"prepare","id":2,"batch":1}
                {"op":"run","id":3,"seconds":1000.0}
                {"op":"stop","id":4}
                """);

        assertThat(answers.get(2)).startsWith("{\"re\":3,\"ok\":true,\"iterations\":");
        assertThat(answers.get(3)).isEqualTo("{\"re\":4,\"ok\":true}");
    }

    @Test
    void phasesAddUpToTheRun() throws Exception {
        AtomicLong now = new AtomicLong();
        InProcessNetwork network = new InProcessNetwork(new SyntheticNetwork(() -> now.addAndGet(1000)), now::get);
        network.load(new LoadRequest("", "fp32", "cpu", Map.of("step_micros", "1000")));
        network.prepare(2, List.of());

        RunAnswer ran = network.run(new RunRequest(
                RunRequest.Kind.INSTRUMENT, 0, 10, OptionalLong.of(10), RunRequest.Timing.PHASES, Optional.empty()));

        assertThat(ran.iterations()).isEqualTo(10);
        assertThat(ran.phaseCounts()).isEqualTo(Map.of("pack", 10L, "execute", 10L));
        long sum = ran.phaseNanos().values().stream().mapToLong(Long::longValue).sum();
        assertThat(ran.endNanos() - ran.startNanos() - sum).isBetween(0L, 10 * 2000L);
    }

    @Test
    void aHistogramHoldsEveryStep() throws Exception {
        InProcessNetwork network = new InProcessNetwork(new SyntheticNetwork(Ticker.monotonic()), Ticker.monotonic());
        network.load(new LoadRequest("", "fp32", "cpu", Map.of("step_micros", "50")));
        network.prepare(1, List.of());

        RunAnswer ran = network.run(RunRequest.of(RunRequest.Kind.INSTRUMENT, 0.05, RunRequest.Timing.LATENCY));

        assertThat(ran.histogram().values().stream().mapToLong(Long::longValue).sum())
                .isEqualTo(ran.iterations());
        assertThat(ran.histogram().keySet()).allMatch(key -> key >= Histogram.bucket(50_000));
    }

    @Test
    void aBucketIsAtMostAThirtySecondWide() {
        assertThat(Histogram.bucket(0)).isZero();
        assertThat(Histogram.bucket(1000)).isEqualTo(32 * 10 + 30);
        for (long nanos = 64; nanos < 1L << 40; nanos = nanos * 3 / 2 + 1) {
            assertThat(Histogram.bucket(nanos + nanos / 16)).as("%d ns", nanos).isGreaterThan(Histogram.bucket(nanos));
        }
    }

    private static List<String> serve(Network network, String requests) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        int code = Worker.serve(
                network, new ByteArrayInputStream(requests.getBytes(StandardCharsets.UTF_8)), out, Ticker.monotonic());

        assertThat(code).isZero();
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static final class Broken implements Network {
        @Override
        public Capabilities capabilities() {
            return new SyntheticNetwork(Ticker.monotonic()).capabilities();
        }

        @Override
        public Loaded load(LoadRequest request) {
            throw new IllegalStateException("no weights");
        }

        @Override
        public void prepare(int batch, List<InputSpec> inputs) {
            throw new OutOfMemoryError("device full");
        }

        @Override
        public void step(Phases phases) {}

        @Override
        public List<Tensor> outputs() {
            return List.of();
        }

        @Override
        public void close() {}
    }
}
