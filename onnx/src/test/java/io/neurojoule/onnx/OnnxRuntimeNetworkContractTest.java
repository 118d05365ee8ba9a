package io.neurojoule.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.graph.GraphBuilder;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkContract;
import io.neurojoule.workload.NetworkSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A small network of one operator; its outputs are its seeded inputs, so that another seed would show.
class OnnxRuntimeNetworkContractTest extends NetworkContract {
    @Override
    protected NetworkSource source() {
        return new OnnxRuntimeSource();
    }

    @Override
    protected LoadRequest loadable() throws IOException {
        return request("cpu");
    }

    @Override
    protected Optional<LoadRequest> unsupported() throws IOException {
        return Optional.of(request("tpu:7"));
    }

    @Override
    protected Optional<LoadRequest> broken() throws IOException {
        Path file = Files.writeString(root.resolve("text.onnx"), "hello");
        return Optional.of(new LoadRequest(file.toString(), "fp32", "cpu", Map.of()));
    }

    @Override
    protected List<InputSpec> inputs(long seed) {
        return List.of(new InputSpec("x", List.of(), "", "uniform(1, 2)", seed));
    }

    @Test
    void anotherSeedGivesOtherOutputs() throws Exception {
        try (Network network = source().open()) {
            network.load(loadable());
            network.prepare(2, inputs(1));
            double[] one = network.outputs().getFirst().values();
            network.prepare(2, inputs(2));

            assertThat(network.outputs().getFirst().values()).isNotEqualTo(one);
        }
    }

    private LoadRequest request(String device) throws IOException {
        Path file = root.resolve("relu.onnx");
        GraphBuilder graph =
                new GraphBuilder("relu").input("x", GraphBuilder.FLOAT, "N", 4).output("y", GraphBuilder.FLOAT, "N", 4);
        graph.node("Relu", "y", List.of("x"));
        graph.write(file);
        return new LoadRequest(file.toString(), "fp32", device, Map.of("threads", "1"));
    }
}
