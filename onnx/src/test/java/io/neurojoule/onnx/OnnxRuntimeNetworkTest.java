package io.neurojoule.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.graph.GraphBuilder;
import io.neurojoule.graph.RadioMlVgg10;
import io.neurojoule.graph.RadioMlVgg10.Precision;
import io.neurojoule.plugin.Plugins;
import io.neurojoule.workload.Execution;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Layers;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.NetworkSource;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxRuntimeNetworkTest {
    private static final List<InputSpec> FRAMES = List.of(new InputSpec("x", List.of(), "", "uniform(-2, 2)", 5));

    @TempDir
    Path folder;

    private final Network network = new OnnxRuntimeNetwork();

    @AfterEach
    void close() {
        network.close();
    }

    @Test
    void isFoundByItsName() {
        assertThat(Plugins.load(NetworkSource.class, "network", NetworkSource::name)
                        .get("onnx"))
                .isInstanceOf(OnnxRuntimeSource.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void fp32LogitsEqualThoseOfThePlainJavaReference(int batch) throws Exception {
        load(vgg10(Precision.FP32), "fp32");
        network.prepare(batch, FRAMES);

        network.step(Phases.NONE);
        Tensor logits = network.outputs().getFirst();

        RadioMlVgg10 reference = RadioMlVgg10.fromSeed(1);
        SplittableRandom random = new SplittableRandom(5);
        assertThat(logits.shape()).containsExactly((long) batch, 24L);
        for (int element = 0; element < batch; element++) {
            float[] expected = reference.logits(RadioMlVgg10.frame(random));
            double greatest = 0;
            for (float value : expected) {
                greatest = Math.max(greatest, Math.abs(value));
            }
            for (int i = 0; i < 24; i++) {
                assertThat(logits.values()[element * 24 + i]).isCloseTo(expected[i], within(1e-4 * greatest));
            }
        }
    }

    @Test
    void int8LogitsAgreeWithThoseOfFp32() throws Exception {
        double[] exact = logits(Precision.FP32, 8);
        double[] rounded = logits(Precision.INT8, 8);

        double mean = Arrays.stream(exact).average().orElseThrow();
        double residual = 0;
        double total = 0;
        for (int i = 0; i < exact.length; i++) {
            residual += Math.pow(exact[i] - rounded[i], 2);
            total += Math.pow(exact[i] - mean, 2);
        }
        assertThat(1 - residual / total).isGreaterThan(0.9);
    }

    @Test
    void loadingSaysWhatAppliesAndWhatTheFileCosts() throws Exception {
        Loaded loaded = network.load(new LoadRequest(
                vgg10(Precision.FP32).toString(),
                "fp32",
                "cpu",
                Map.of("threads", "1", "graph_optimization", "basic")));

        assertThat(loaded.parameters()).isEqualTo(OptionalLong.of(159_104));
        assertThat(loaded.multiplyAccumulates()).isEqualTo(OptionalLong.of(12_864_512));
        assertThat(loaded.settings())
                .containsEntry("threads", "1")
                .containsEntry("spinning", "0")
                .containsEntry("graph_optimization", "basic")
                .containsEntry("provider", "CPUExecutionProvider")
                .containsEntry("runtime", "onnxruntime 1.29.0");
        assertThat(loaded.notes()).containsExactly("The batch (N) is axis 0 of input x.");
        network.prepare(1, FRAMES);
        assertThat(network.execution().shares()).containsOnlyKeys("float32");
    }

    @Test
    void theInt8NetworkReallyRunsInInt8() throws Exception {
        Execution execution = executionOf(vgg10(Precision.INT8), "int8");

        double int8 = execution.shares().getOrDefault("int8", 0.0);
        assertThat(int8)
                .as("%s", execution)
                .isGreaterThan(10 * execution.shares().getOrDefault("float32", 0.0))
                .isGreaterThan(0.2);
        assertThat(execution.notes()).isEmpty();
    }

    @Test
    void aFloatNetworkThatIsCalledInt8IsNoted() throws Exception {
        Execution execution = executionOf(vgg10(Precision.FP32), "int8");

        assertThat(execution.notes())
                .containsExactly("The precision fell back: only 0 % of the kernel time without conversions is int8.");
    }

    private Execution executionOf(Path file, String precision) throws NetworkException {
        load(file, precision);
        network.prepare(2, FRAMES);
        return network.execution();
    }

    @Test
    void theDataTypesOfANetworkWithOpenShapesAreKnownWhenTheUserSaysThem() throws Exception {
        load(relu("N", 3, "width"), "fp32");
        network.prepare(2, List.of(new InputSpec("x", List.of("N", "3", "64"), "", "", 1)));

        assertThat(network.execution().shares()).containsOnlyKeys("float32");
        assertThat(network.outputs().getFirst().shape()).containsExactly(2L, 3L, 64L);
    }

    @Test
    void theTimesOfTheLayersAreThoseOfTheFusedGraphAndAddUpToNoMoreThanTheStep() throws Exception {
        Layers layers = executionOf(vgg10(Precision.FP32), "fp32").layers().orElseThrow();

        assertThat(layers.layers()).extracting(Layers.Layer::operator).contains("FusedConv", "MaxPool");
        assertThat(layers.layers()).extracting(Layers.Layer::name).doesNotHaveDuplicates();
        assertThat(layers.layers().stream().mapToLong(Layers.Layer::nanos).sum())
                .isPositive()
                .isLessThanOrEqualTo(layers.wholeNanos());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void everyLayerOfTheBundledNetworksRunsAlone(int batch) throws Exception {
        for (Precision precision : Precision.values()) {
            Path file = vgg10(precision);
            load(file, "default");
            network.prepare(batch, FRAMES);
            for (Layers.Layer layer : network.execution().layers().orElseThrow().layers()) {
                network.load(new LoadRequest(file.toString(), "default", "cpu", Map.of("layer", layer.name())));
                network.prepare(batch, FRAMES);
                network.step(Phases.NONE);

                assertThat(network.outputs())
                        .as("%s in batches of %d", layer.name(), batch)
                        .isNotEmpty()
                        .allSatisfy(output -> assertThat(output.values()).isNotEmpty());
                assertThat(network.execution()).isEqualTo(Execution.UNKNOWN);
                network.prepare(batch, FRAMES); // from the whole network again
                network.step(Phases.NONE);
            }
        }
    }

    @Test
    void aLayerThatIsNotThereIsAHole() throws Exception {
        Path file = vgg10(Precision.FP32);
        network.load(new LoadRequest(file.toString(), "fp32", "cpu", Map.of("layer", "conv99")));

        assertThatThrownBy(() -> network.prepare(1, FRAMES))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("conv99")
                .extracting(e -> ((NetworkException) e).code())
                .isEqualTo(Code.UNSUPPORTED);
    }

    @Test
    void aFixedBatchRefusesEveryOther() throws Exception {
        load(relu(1, 4), "fp32");
        network.prepare(1, List.of());

        refuses(() -> network.prepare(2, List.of()), Code.UNSUPPORTED, "batch is fixed to 1");
    }

    @Test
    void aNetworkThatAnswersForOneElementOnlyIsNoticed() throws Exception {
        GraphBuilder graph =
                new GraphBuilder("first").input("x", GraphBuilder.FLOAT, "N", 4).output("y", GraphBuilder.FLOAT, 1, 4);
        graph.node(
                "Slice",
                "y",
                List.of("x", graph.longs("from", new long[] {0}, 1), graph.longs("to", new long[] {1}, 1)));
        load(write(graph), "fp32");

        refuses(() -> network.prepare(3, List.of()), Code.UNSUPPORTED, "does not run the whole batch");
    }

    @Test
    void anOpenShapeIsRefusedWithTheLineToType() throws Exception {
        load(relu("N", 3, "H", "W"), "fp32");

        refuses(() -> network.prepare(2, List.of()), Code.INVALID_INPUT, "--shape x=N,3,320,320");
        network.prepare(2, List.of(new InputSpec("x", List.of("N", "3", "8", "9"), "", "", 1)));
        assertThat(network.outputs().getFirst().shape()).containsExactly(2L, 3L, 8L, 9L);
    }

    @Test
    void severalInputsAndAnInt64ScalarAreFilled() throws Exception {
        GraphBuilder graph = new GraphBuilder("state")
                .input("x", GraphBuilder.FLOAT, "N", 4)
                .input("state", GraphBuilder.FLOAT, 2, "N", 4)
                .input("sr", GraphBuilder.INT64)
                .output("y", GraphBuilder.FLOAT, 2, "N", 4)
                .output("rate", GraphBuilder.INT64);
        graph.node("Add", "y", List.of("x", "state"));
        graph.node("Identity", "rate", List.of("sr"));
        load(write(graph), "fp32");

        network.prepare(
                3,
                List.of(
                        new InputSpec("sr", List.of(), "", "16000", 1),
                        new InputSpec("x", List.of(), "", "1", 1),
                        new InputSpec("state", List.of(), "", "2", 1)));
        List<Tensor> outputs = network.outputs();

        assertThat(outputs.get(0).shape()).containsExactly(2L, 3L, 4L);
        assertThat(outputs.get(0).values()).containsOnly(3.0);
        assertThat(outputs.get(1).shape()).isEmpty();
        assertThat(outputs.get(1).values()).containsExactly(16000);
    }

    @Test
    void anInputThatDoesNotExistIsNamed() throws Exception {
        load(relu("N", 4), "fp32");

        refuses(
                () -> network.prepare(1, List.of(new InputSpec("xx", List.of(), "", "", 1))),
                Code.INVALID_INPUT,
                "no input 'xx'; did you mean x?");
    }

    @Test
    void aTextFileIsABadModel() throws Exception {
        Path file = Files.writeString(folder.resolve("x.onnx"), "hello");

        refuses(() -> load(file, "fp32"), Code.BAD_MODEL, "is not an ONNX file");
    }

    @Test
    void aTruncatedFileIsABadModel() throws Exception {
        Path whole = vgg10(Precision.FP32);
        Path file = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(Files.readAllBytes(whole), 10_000));

        refuses(() -> load(file, "fp32"), Code.BAD_MODEL, "is truncated");
    }

    @Test
    void anUnknownOperatorIsNamed() throws Exception {
        GraphBuilder graph =
                new GraphBuilder("odd").input("x", GraphBuilder.FLOAT, "N", 4).output("y", GraphBuilder.FLOAT, "N", 4);
        graph.node("Frobnicate", "y", List.of("x"));
        Path file = write(graph);

        refuses(() -> load(file, "fp32"), Code.BAD_MODEL, "operator Frobnicate");
    }

    @Test
    void anUnknownOptionGetsASuggestion() throws Exception {
        String file = relu("N", 4).toString();

        refuses(
                () -> network.load(new LoadRequest(file, "fp32", "cpu", Map.of("thread", "1"))),
                Code.INVALID_INPUT,
                "did you mean threads?");
    }

    private static void refuses(ThrowingCallable call, Code code, String words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        NetworkException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(words);
    }

    private Loaded load(Path file, String precision) throws NetworkException {
        return network.load(new LoadRequest(file.toString(), precision, "cpu", Map.of()));
    }

    private double[] logits(Precision precision, int batch) throws Exception {
        load(vgg10(precision), "default");
        network.prepare(batch, FRAMES);
        return network.outputs().getFirst().values();
    }

    private Path vgg10(Precision precision) throws IOException {
        Path file = folder.resolve(precision + ".onnx");
        RadioMlVgg10.write(file, precision, 1);
        return file;
    }

    private Path relu(Object... dims) throws IOException {
        GraphBuilder graph =
                new GraphBuilder("relu").input("x", GraphBuilder.FLOAT, dims).output("y", GraphBuilder.FLOAT, dims);
        graph.node("Relu", "y", List.of("x"));
        return write(graph);
    }

    private Path write(GraphBuilder graph) throws IOException {
        Path file = folder.resolve("made.onnx");
        graph.write(file);
        return file;
    }
}
