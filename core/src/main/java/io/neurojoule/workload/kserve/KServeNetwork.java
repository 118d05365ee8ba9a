package io.neurojoule.workload.kserve;

import io.neurojoule.graph.BatchAxis;
import io.neurojoule.graph.Dimension;
import io.neurojoule.graph.Port;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.ServerPlace;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.Inputs;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// A model on a server: a step is a request and its whole answer, which is not decoded unless outputs are asked for.
/// Used by one thread, but for its lanes.
final class KServeNetwork implements Network {
    private Optional<InferenceServer> server = Optional.empty();
    private List<Port> inputs = List.of();
    private Optional<Prepared> prepared = Optional.empty();
    private String framework = "";
    private boolean countsItself;

    /// @param connection for single steps and outputs
    private record Prepared(byte[] request, InferenceServer.Connection connection) {}

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                "kserve",
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.of(framework).filter(known -> !known.isEmpty()),
                true,
                true,
                true,
                true);
    }

    /// What the artefact is and in which precision it computes is the server's: both are taken as names only.
    @Override
    public Loaded load(LoadRequest request) throws NetworkException {
        close();
        Settings settings = Settings.of(request.options());
        String place = place(settings.url().getHost()).text();
        InferenceServer asked =
                settings.url().getScheme().equals("grpc") ? new GrpcServer(settings) : new RestServer(settings);
        try {
            InferenceServer.Metadata metadata = asked.metadata();
            InferenceServer.Model model = asked.model();
            server = Optional.of(asked);
            inputs = model.inputs();
            framework = (metadata.name() + " " + metadata.version()).strip();
            countsItself = !asked.totals().isEmpty();
            return new Loaded(
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    applied(settings, model, place),
                    Map.of(),
                    notes(request.precision()));
        } finally {
            if (server.isEmpty()) {
                asked.close();
            }
        }
    }

    private static ServerPlace place(String host) throws NetworkException {
        try {
            return ServerPlace.of(host);
        } catch (UnknownHostException e) {
            throw new NetworkException(
                    Code.INVALID_INPUT, "there is no host '%s'; correct the option url".formatted(host));
        }
    }

    private Map<String, String> applied(Settings settings, InferenceServer.Model model, String place) {
        Map<String, String> applied = new TreeMap<>();
        applied.put("runtime", framework);
        applied.put("protocol", server.orElseThrow().protocol());
        applied.put(ServerPlace.SETTING, place);
        applied.put("url", settings.url().toString());
        applied.put("server_model", settings.model());
        String version = settings.version().isEmpty() ? String.join(", ", model.versions()) : settings.version();
        if (!version.isEmpty()) {
            applied.put("server_version", version);
        }
        if (!model.platform().isEmpty()) {
            applied.put("platform", model.platform());
        }
        return applied;
    }

    private List<String> notes(String precision) {
        return precision.isEmpty() || precision.equals("default")
                ? List.of()
                : List.of(
                        "The precision %s is what the experiment calls it; the server does not say in which it computes%s."
                                .formatted(precision, inputs.isEmpty() ? "" : ", only that it takes " + inputs));
    }

    @Override
    public void prepare(int batch, List<InputSpec> specs) throws NetworkException {
        InferenceServer loaded = server.orElseThrow(() -> new IllegalStateException("nothing is loaded"));
        release();
        List<Port> ports = inputs.isEmpty() ? said(specs) : inputs;
        byte[] request = request(loaded, ports, batch, specs);
        InferenceServer.Connection connection = loaded.connect();
        try {
            requireBatch(batch, connection.ask(request, Tally.NONE).tensors());
            prepared = Optional.of(new Prepared(request, connection));
        } catch (NetworkException refused) {
            throw batch > 1 && answers(connection, request(loaded, ports, 1, specs))
                    ? new NetworkException(
                            Code.UNSUPPORTED,
                            "the server takes a batch of 1, and not of %d: %s".formatted(batch, refused.getMessage()))
                    : refused;
        } finally {
            if (prepared.isEmpty()) {
                connection.close();
            }
        }
    }

    private static byte[] request(InferenceServer loaded, List<Port> ports, int batch, List<InputSpec> specs)
            throws NetworkException {
        try {
            return loaded.request(new Inputs(ports, BatchAxis.of(ports), batch, specs).filled());
        } catch (ArithmeticException e) {
            throw new NetworkException(
                    Code.UNSUPPORTED, "the inputs of a batch of %d are larger than 2 GiB".formatted(batch));
        }
    }

    private static boolean answers(InferenceServer.Connection connection, byte[] request) {
        try {
            return !connection.ask(request, Tally.NONE).tensors().isEmpty();
        } catch (NetworkException refused) {
            return false;
        }
    }

    /// The inputs as the user says them, for a server that does not.
    private static List<Port> said(List<InputSpec> specs) throws NetworkException {
        for (InputSpec spec : specs) {
            if (spec.name().isEmpty() || spec.shape().isEmpty() || spec.dtype().isEmpty()) {
                throw new NetworkException(Code.INVALID_INPUT, UNTOLD);
            }
        }
        if (specs.isEmpty()) {
            throw new NetworkException(Code.INVALID_INPUT, UNTOLD);
        }
        return specs.stream()
                .map(spec -> new Port(
                        spec.name(),
                        spec.dtype(),
                        spec.shape().stream()
                                .<Dimension>map(extent -> (extent.matches("[0-9]{1,18}")
                                        ? new Dimension.Fixed(Long.parseLong(extent))
                                        : new Dimension.Symbol(extent)))
                                .toList()))
                .toList();
    }

    private static final String UNTOLD =
            "the server does not say which inputs the model has; say name, shape and dtype of each, for example"
                    + " {name: x, shape: [N, 2, 1024], dtype: float32}";

    /// A server may take a batch and silently answer for fewer elements.
    private static void requireBatch(int batch, List<Tensor> outputs) throws NetworkException {
        if (outputs.isEmpty()) {
            throw new NetworkException(Code.INTERNAL, "the server's answer has no outputs");
        }
        // A server does not say which extent is the batch: without one of this size nothing shows that all was run.
        boolean whole = outputs.stream().anyMatch(output -> output.shape().contains((long) batch));
        if (batch > 1 && !whole) {
            throw new NetworkException(
                    Code.UNSUPPORTED,
                    "asked for a batch of %d, the server gives output %s with the shape %s: it does not run the whole batch"
                            .formatted(
                                    batch,
                                    outputs.getFirst().name(),
                                    outputs.getFirst().shape()));
        }
    }

    @Override
    public void step(Phases phases) throws NetworkException {
        Prepared ready = requirePrepared();
        ready.connection().ask(ready.request(), Tally.NONE);
    }

    /// A connection of its own.
    @Override
    public Lane lane() throws NetworkException {
        byte[] request = requirePrepared().request();
        return new Requests(server.orElseThrow().connect(), request);
    }

    private record Requests(InferenceServer.Connection connection, byte[] request) implements Lane {
        @Override
        public void step(Phases phases, Tally tally) throws NetworkException {
            connection.ask(request, tally);
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    @Override
    public Map<String, Long> totals() {
        return countsItself ? server.map(InferenceServer::totals).orElse(Map.of()) : Map.of();
    }

    @Override
    public List<Tensor> outputs() throws NetworkException {
        Prepared ready = requirePrepared();
        return ready.connection().ask(ready.request(), Tally.NONE).tensors();
    }

    private Prepared requirePrepared() {
        return prepared.orElseThrow(() -> new IllegalStateException("nothing is prepared"));
    }

    private void release() {
        prepared.ifPresent(ready -> ready.connection().close());
        prepared = Optional.empty();
    }

    @Override
    public void close() {
        release();
        server.ifPresent(InferenceServer::close);
        server = Optional.empty();
        inputs = List.of();
        framework = "";
        countsItself = false;
    }
}
