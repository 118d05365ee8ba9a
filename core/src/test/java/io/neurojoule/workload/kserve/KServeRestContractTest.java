package io.neurojoule.workload.kserve;

import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.NetworkContract;
import io.neurojoule.workload.NetworkSource;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// It takes every precision and device: they are the server's.
class KServeRestContractTest extends NetworkContract {
    private MadeModel server;

    @BeforeEach
    void start() throws IOException {
        server = new MadeModel();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Override
    protected NetworkSource source() {
        return new KServeSource();
    }

    private LoadRequest request(String model) {
        return new LoadRequest(
                "", "default", "cpu", Map.of("url", "http://127.0.0.1:" + server.httpPort(), "server_model", model));
    }

    @Override
    protected LoadRequest loadable() {
        return request("sums");
    }

    @Override
    protected Optional<LoadRequest> unsupported() {
        return Optional.empty();
    }

    @Override
    protected Optional<LoadRequest> broken() {
        return Optional.of(request("products"));
    }

    @Override
    protected List<InputSpec> inputs(long seed) {
        return List.of(new InputSpec("x", List.of("N", "3"), "float32", "uniform(-2, 2)", seed));
    }
}
