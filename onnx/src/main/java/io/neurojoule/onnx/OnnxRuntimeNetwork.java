package io.neurojoule.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import io.neurojoule.graph.BatchAxis;
import io.neurojoule.graph.Dimension;
import io.neurojoule.graph.ModelException;
import io.neurojoule.graph.OnnxModel;
import io.neurojoule.graph.Port;
import io.neurojoule.graph.Subgraph;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.Execution;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.Tensor;
import io.neurojoule.workload.inputs.ElementType;
import io.neurojoule.workload.inputs.Input;
import io.neurojoule.workload.inputs.Inputs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One ONNX file in ONNX Runtime; inputs and outputs stay in the same buffers from step to step.
final class OnnxRuntimeNetwork implements Network {
    private static final int PROFILED_RUNS = 20;
    private static final String OPTIMISED = "optimised.onnx";

    /// A slow network needs no 20 runs to show its types.
    private static final long PROFILE_NANOS = 1_000_000_000L;

    private static final Pattern UNKNOWN_OPERATOR = Pattern.compile(
            "(?:No Op registered for (\\S+)|Fatal error: (\\S+?)\\(|NOT_IMPLEMENTED.*implementation for (\\S+?)\\()");

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
    private Map<String, OnnxTensor> inputs = Map.of();
    private Optional<Artefact> artefact = Optional.empty();
    private Optional<OrtSession> session = Optional.empty();
    private Optional<OnnxModel> model = Optional.empty();
    private boolean prepared;

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                "onnx",
                List.of(),
                List.of("execute"),
                List.of(),
                Optional.empty(),
                Optional.of("onnxruntime " + environment.getVersion()),
                true,
                true);
    }

    @Override
    public Loaded load(LoadRequest request) throws NetworkException {
        close();
        if (!request.device().isEmpty()
                && !request.device().equals("cpu")
                && !request.device().equals("default")) {
            throw new NetworkException(
                    Code.UNSUPPORTED, "the onnx network runs on the cpu, not on " + request.device());
        }
        Settings settings = Settings.of(request.options());
        Path file = Path.of(request.model());
        open(file, settings);
        OnnxModel read = model.orElseThrow();
        artefact = Optional.of(new Artefact(file, settings, request.precision()));
        return new Loaded(
                OptionalLong.of(read.weights()),
                read.multiplyAccumulates(),
                OptionalLong.of(read.bytes()),
                settings.asMap(environment.getVersion()),
                Map.of(),
                List.of(batchNote(read.batch())));
    }

    private static OnnxModel model(Path file) throws NetworkException {
        try {
            return OnnxModel.read(file);
        } catch (ModelException e) {
            throw new NetworkException(Code.BAD_MODEL, String.valueOf(e.getMessage()));
        }
    }

    private static NetworkException unreadable(Path file, OrtException e) {
        String message = String.valueOf(e.getMessage());
        Matcher unknown = UNKNOWN_OPERATOR.matcher(message);
        if (unknown.find()) {
            String name = Optional.ofNullable(unknown.group(1))
                    .or(() -> Optional.ofNullable(unknown.group(2)))
                    .orElseGet(() -> String.valueOf(unknown.group(3)));
            return new NetworkException(
                    Code.BAD_MODEL,
                    "%s uses the operator %s, which ONNX Runtime does not know; export it with standard operators, or give a program that can run it with --adapter"
                            .formatted(file, name));
        }
        return new NetworkException(
                Code.BAD_MODEL,
                "ONNX Runtime cannot load %s: %s. Export it again, or give a program that can run it with --adapter"
                        .formatted(file, message.lines().findFirst().orElse("")));
    }

    private static String batchNote(BatchAxis batch) {
        if (batch.fixed().isPresent()) {
            return "The batch is fixed to %d.".formatted(batch.fixed().getAsLong());
        }
        return "The batch%s is axis %s."
                .formatted(
                        batch.symbol().map(symbol -> " (" + symbol + ")").orElse(""),
                        String.join(
                                ", ",
                                batch.axes().entrySet().stream()
                                        .sorted(Map.Entry.comparingByKey())
                                        .map(axis -> axis.getValue() + " of input " + axis.getKey())
                                        .toList()));
    }

    /// Profiles a few steps in a session of their own: profiling slows a session for good.
    @Override
    public Execution execution() throws NetworkException {
        if (!prepared) {
            throw new IllegalStateException("nothing is prepared");
        }
        Artefact loaded = artefact.orElseThrow();
        if (loaded.settings().layer().isPresent()) {
            return Execution.UNKNOWN; // it is the whole network that is profiled
        }
        Profile profile;
        try {
            profile = profile(loaded);
        } catch (OrtException | IOException e) {
            return new Execution(
                    Map.of(),
                    Map.of(),
                    List.of("The data types really executed are not known, as no trial run was possible: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
                    Optional.empty());
        }
        ExecutedTypes types = profile.types();
        List<String> notes = new ArrayList<>();
        String precision = loaded.precision();
        double computing = 1 - types.shares().getOrDefault("conversion", 0.0);
        double int8 = types.shares().getOrDefault("int8", 0.0) / Math.max(computing, Double.MIN_NORMAL);
        if (precision.startsWith("int8") && int8 < 0.5) {
            notes.add("The precision fell back: only %.0f %% of the kernel time without conversions is int8."
                    .formatted(100 * int8));
        }
        if (precision.startsWith("fp16") && types.floatConvolutions()) {
            notes.add("The precision fell back: convolutions run as fp32 on this device.");
        }
        return new Execution(types.shares(), Map.of(), notes, profile.times().layers());
    }

    private record Profile(ExecutedTypes types, NodeTimes times) {}

    private Profile profile(Artefact loaded) throws OrtException, IOException {
        Path folder = Files.createTempDirectory("neurojoule-onnx");
        try {
            return profile(loaded, folder);
        } finally {
            delete(folder);
        }
    }

    /// @param folder where the graph that was run is left as [#OPTIMISED]
    private Profile profile(Artefact loaded, Path folder) throws OrtException, IOException {
        try (SessionOptions options = loaded.settings().session()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR); // else it warns of what isolate wants
            options.setOptimizedModelFilePath(folder.resolve(OPTIMISED).toString());
            options.enableProfiling(folder.resolve("profile").toString());
            try (OrtSession profiled = environment.createSession(loaded.file().toString(), options)) {
                Ticker clock = Ticker.monotonic();
                long start = clock.nanos();
                for (int run = 0; run < PROFILED_RUNS && clock.nanos() - start < PROFILE_NANOS; run++) {
                    profiled.run(inputs).close();
                }
                Path profile = Path.of(profiled.endProfiling());
                return new Profile(ExecutedTypes.read(profile), NodeTimes.read(profile));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    @Override
    public void prepare(int batch, List<InputSpec> specs) throws NetworkException {
        Artefact whole = artefact.orElseThrow(() -> new IllegalStateException("nothing is loaded"));
        if (whole.settings().layer().isEmpty()) {
            prepareInputs(batch, specs);
            return;
        }
        open(whole.file(), whole.settings());
        prepareInputs(batch, specs);
        isolate(whole, batch, whole.settings().layer().get());
    }

    /// From here on a step is this node of the optimised graph, alone, on seeded values of the shapes that it has in
    /// the whole network.
    private void isolate(Artefact whole, int batch, String layer) throws NetworkException {
        try {
            Path folder = Files.createTempDirectory("neurojoule-onnx");
            try {
                NodeTimes.Node node = profile(whole, folder).times().nodes().get(layer);
                if (node == null) {
                    throw new NetworkException(Code.UNSUPPORTED, "the optimised network runs no layer '" + layer + "'");
                }
                Path cut = folder.resolve("layer.onnx");
                Subgraph.write(
                        folder.resolve(OPTIMISED),
                        layer,
                        NodeTimes.tensors(node.inputs()),
                        NodeTimes.tensors(node.outputs()),
                        cut);
                release();
                open(cut, whole.settings().asIs());
                prepareInputs(batch, List.of());
            } finally {
                delete(folder);
            }
        } catch (OrtException | IOException | ModelException e) {
            release();
            throw new NetworkException(
                    Code.UNSUPPORTED, "layer '%s' cannot run alone: %s".formatted(layer, e.getMessage()));
        }
    }

    /// Makes a session of the file, in place of the one there is.
    private void open(Path file, Settings settings) throws NetworkException {
        OnnxModel read = model(file);
        closeSession();
        try (SessionOptions options = settings.session()) {
            session = Optional.of(environment.createSession(file.toString(), options));
        } catch (OrtException e) {
            throw unreadable(file, e);
        }
        model = Optional.of(read);
    }

    private void prepareInputs(int batch, List<InputSpec> specs) throws NetworkException {
        OrtSession loaded = loaded();
        OnnxModel read = model.orElseThrow();
        release();
        try {
            inputs = tensors(new Inputs(read.inputs(), read.batch(), batch, specs).filled());
        } catch (OrtException e) {
            throw failed(e, Code.INVALID_INPUT);
        } catch (ArithmeticException e) {
            throw new NetworkException(
                    Code.UNSUPPORTED, "the inputs of a batch of %d are larger than 2 GiB".formatted(batch));
        }
        try (OrtSession.Result result = loaded.run(inputs)) {
            pin(result);
            requireBatch(read, batch, result);
        } catch (OrtException e) {
            release();
            throw failed(e, Code.INVALID_INPUT);
        }
        prepared = true;
    }

    /// Tensors on the buffers, which ONNX Runtime uses in place.
    private Map<String, OnnxTensor> tensors(List<Input> filled) throws NetworkException, OrtException {
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        boolean complete = false;
        try {
            for (Input input : filled) {
                OnnxJavaType type = Elements.type(input.type())
                        .orElseThrow(() -> new NetworkException(
                                Code.UNSUPPORTED,
                                "input %s cannot be filled: ONNX Runtime for Java has no %s"
                                        .formatted(input.name(), input.type().dtype())));
                long[] shape = input.shape().stream().mapToLong(Long::longValue).toArray();
                tensors.put(input.name(), OnnxTensor.createTensor(environment, input.data(), shape, type));
            }
            complete = true;
            return tensors;
        } finally {
            if (!complete) {
                tensors.values().forEach(OnnxTensor::close);
            }
        }
    }

    /// Buffers for the outputs, of the shapes that the probing run gave; none unless all are filled tensors of numbers.
    private void pin(OrtSession.Result result) throws OrtException {
        Map<String, OnnxTensor> made = new LinkedHashMap<>();
        for (Map.Entry<String, OnnxValue> output : result) {
            if (!(output.getValue().getInfo() instanceof TensorInfo info)
                    || info.getNumElements() <= 0
                    || !pinnable(info)) {
                made.values().forEach(OnnxTensor::close);
                return;
            }
            int bytes = Math.toIntExact(Math.multiplyExact(info.getNumElements(), info.type.size));
            made.put(
                    output.getKey(),
                    OnnxTensor.createTensor(
                            environment,
                            ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()),
                            info.getShape(),
                            info.type));
        }
        pinned.putAll(made);
    }

    private static boolean pinnable(TensorInfo info) {
        return Elements.type(info.type).isPresent();
    }

    /// A network may take a batch and silently answer for fewer elements.
    private void requireBatch(OnnxModel read, int batch, OrtSession.Result result) throws NetworkException {
        boolean anywhere = false;
        for (Port output : read.outputs()) {
            Optional<OnnxValue> value = result.get(output.name());
            if (value.isEmpty() || !(value.get().getInfo() instanceof TensorInfo info)) {
                return;
            }
            long[] shape = info.getShape();
            int axis = read.batch()
                    .symbol()
                    .map(symbol -> output.dims().indexOf(new Dimension.Symbol(symbol)))
                    .orElse(-1);
            if (axis >= 0 && shape[axis] != batch) {
                release();
                throw answersFor(output, shape, batch);
            }
            anywhere |=
                    shape.length == 0 || shape[0] != 1 || Arrays.stream(shape).anyMatch(extent -> extent == batch);
        }
        if (!anywhere) {
            Port output = read.outputs().getFirst();
            release();
            throw answersFor(output, new long[] {1}, batch);
        }
    }

    private static NetworkException answersFor(Port output, long[] shape, int batch) {
        return new NetworkException(
                Code.UNSUPPORTED,
                "asked for a batch of %d, the network gives output %s with the shape %s: it does not run the whole batch"
                        .formatted(batch, output.name(), Arrays.toString(shape)));
    }

    @Override
    public void step(Phases phases) throws NetworkException {
        OrtSession loaded = requirePrepared();
        phases.enter("execute");
        try {
            run(loaded).close();
        } catch (OrtException e) {
            throw failed(e, Code.INTERNAL);
        }
    }

    private OrtSession.Result run(OrtSession loaded) throws OrtException {
        return pinned.isEmpty() ? loaded.run(inputs) : loaded.run(inputs, pinned);
    }

    @Override
    public List<Tensor> outputs() throws NetworkException {
        OrtSession loaded = requirePrepared();
        try (OrtSession.Result result = run(loaded)) {
            List<Tensor> tensors = new ArrayList<>();
            for (Map.Entry<String, OnnxValue> output : result) {
                if (!(output.getValue() instanceof OnnxTensor tensor)) {
                    throw noNumbers(output.getKey());
                }
                tensors.add(copy(output.getKey(), tensor));
            }
            return tensors;
        } catch (OrtException e) {
            throw failed(e, Code.INTERNAL);
        }
    }

    private static Tensor copy(String name, OnnxTensor tensor) throws NetworkException {
        ElementType type = Elements.type(tensor.getInfo().type).orElseThrow(() -> noNumbers(name));
        ByteBuffer data = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
        double[] values = new double[Math.toIntExact(tensor.getInfo().getNumElements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = type.get(data);
        }
        return new Tensor(
                name, Arrays.stream(tensor.getInfo().getShape()).boxed().toList(), values);
    }

    private static NetworkException noNumbers(String output) {
        return new NetworkException(Code.UNSUPPORTED, "output %s is not a tensor of numbers".formatted(output));
    }

    private static NetworkException failed(OrtException e, Code otherwise) {
        String message = String.valueOf(e.getMessage());
        boolean memory = message.contains("Failed to allocate memory") || message.contains("bad_alloc");
        return new NetworkException(
                memory ? Code.OUT_OF_MEMORY : otherwise,
                "ONNX Runtime: " + message.lines().findFirst().orElse(""));
    }

    /// What a session was made from, to make another like it.
    private record Artefact(Path file, Settings settings, String precision) {}

    private OrtSession loaded() {
        return session.orElseThrow(() -> new IllegalStateException("nothing is loaded"));
    }

    private OrtSession requirePrepared() {
        if (!prepared) {
            throw new IllegalStateException("nothing is prepared");
        }
        return loaded();
    }

    private void release() {
        prepared = false;
        pinned.values().forEach(OnnxTensor::close);
        pinned.clear();
        inputs.values().forEach(OnnxTensor::close);
        inputs = Map.of();
    }

    @Override
    public void close() {
        closeSession();
        artefact = Optional.empty();
    }

    private void closeSession() {
        release();
        if (session.isPresent()) {
            try {
                session.get().close();
            } catch (OrtException e) {
                throw new IllegalStateException("ONNX Runtime did not close its session", e);
            } finally {
                session = Optional.empty();
            }
        }
    }
}
