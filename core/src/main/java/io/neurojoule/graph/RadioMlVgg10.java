package io.neurojoule.graph;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// The VGG10 for radio modulation recognition (RadioML 2018.01A) with random weights: our bundled example, and an
/// oracle for runtimes.
///
/// Input `x` is `[N,2,1024]` (I and Q), output `logits` is `[N,24]`. The weights mean nothing, the work is the real
/// one:
/// 12,864,512 multiply-accumulates a frame. Layers as in the notebook of the Brevitas RadioML challenge 2021.
public final class RadioMlVgg10 {
    /// How the network is written.
    public enum Precision {
        FP32,
        /// Quantise–dequantise pairs: int8 weights per output channel, int8 activations per tensor, normalisation
        /// folded into weights and an int32 bias. Values behind a ReLU use zero point −128, so that the whole range is
        /// used and runtimes can fuse the ReLU; input and logits are symmetric.
        INT8
    }

    /// Frames that choose the activation scales.
    private static final int CALIBRATION_FRAMES = 16;

    private static final int CONVOLUTIONS = 7;
    private static final int CHANNELS = 2;
    private static final int LENGTH = 1024;
    private static final int FILTERS = 64;
    private static final int[] WIDTHS = {512, 128, 128, 24};
    private static final double EPSILON = 1e-5;
    private static final int FRAME = CHANNELS * LENGTH;

    /// @param weight `[out][in][kernel]` in row-major order; kernel is 1 in a linear layer
    private record Layer(int out, int in, int kernel, float[] weight, Normalisation after, float[] bias) {
        boolean last() {
            return bias.length > 0;
        }

        int fanIn() {
            return in * kernel;
        }
    }

    private record Normalisation(float[] gamma, float[] beta, float[] mean, float[] variance) {}

    private final long seed;
    private final List<Layer> layers;

    private RadioMlVgg10(long seed, List<Layer> layers) {
        this.seed = seed;
        this.layers = layers;
    }

    /// The network of this seed; the same seed is the same network.
    public static RadioMlVgg10 fromSeed(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < CONVOLUTIONS; i++) {
            layers.add(normalised(random, FILTERS, i == 0 ? CHANNELS : FILTERS, 3));
        }
        layers.add(normalised(random, WIDTHS[1], WIDTHS[0], 1));
        layers.add(normalised(random, WIDTHS[2], WIDTHS[1], 1));
        layers.add(new Layer(
                WIDTHS[3],
                WIDTHS[2],
                1,
                gaussian(random, WIDTHS[3] * WIDTHS[2], 0, Math.sqrt(2.0 / WIDTHS[2])),
                new Normalisation(new float[0], new float[0], new float[0], new float[0]),
                gaussian(random, WIDTHS[3], 0, 0.1)));
        return new RadioMlVgg10(seed, List.copyOf(layers));
    }

    /// Writes the network of a seed; the same seed gives the same bytes.
    public static void write(Path file, Precision precision, long seed) throws IOException {
        fromSeed(seed).write(file, precision);
    }

    /// Writes this network.
    public void write(Path file, Precision precision) throws IOException {
        GraphBuilder graph = switch (precision) {
            case FP32 -> floatGraph();
            case INT8 -> quantisedGraph();
        };
        graph.write(file);
    }

    /// The logits of one frame, computed in plain Java with sums in double precision.
    ///
    /// @param frame 2 × 1024 values, I first
    /// @return 24 values
    public float[] logits(float[] frame) {
        return forward(frame, new float[layers.size()]);
    }

    /// @param peaks raised to the greatest magnitude that each layer gives, behind its ReLU
    private float[] forward(float[] frame, float[] peaks) {
        if (frame.length != FRAME) {
            throw new IllegalArgumentException("a frame has %d values: %d".formatted(FRAME, frame.length));
        }
        float[] x = frame;
        int length = LENGTH;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            boolean convolution = i < CONVOLUTIONS;
            float[] y = activated(layer, x, convolution ? length : 1);
            for (float value : y) {
                peaks[i] = Math.max(peaks[i], Math.abs(value));
            }
            x = convolution ? halved(y) : y;
            length /= 2;
        }
        return x;
    }

    private static float[] activated(Layer layer, float[] x, int length) {
        int reach = layer.kernel() / 2;
        float[] y = new float[layer.out() * length];
        for (int o = 0; o < layer.out(); o++) {
            double factor = layer.last() ? 1 : factor(layer.after(), o);
            double offset = layer.last() ? layer.bias()[o] : offset(layer.after(), o);
            for (int t = 0; t < length; t++) {
                double sum = 0;
                for (int c = 0; c < layer.in(); c++) {
                    for (int k = Math.max(0, reach - t); k < Math.min(layer.kernel(), length + reach - t); k++) {
                        sum += (double) layer.weight()[(o * layer.in() + c) * layer.kernel() + k]
                                * x[c * length + t + k - reach];
                    }
                }
                double value = sum * factor + offset;
                y[o * length + t] = (float) (layer.last() ? value : Math.max(0, value));
            }
        }
        return y;
    }

    /// Length is even, so pairs never cross a channel.
    private static float[] halved(float[] y) {
        float[] half = new float[y.length / 2];
        for (int i = 0; i < half.length; i++) {
            half[i] = Math.max(y[2 * i], y[2 * i + 1]);
        }
        return half;
    }

    private static double factor(Normalisation n, int channel) {
        return n.gamma()[channel] / Math.sqrt(n.variance()[channel] + EPSILON);
    }

    private static double offset(Normalisation n, int channel) {
        return n.beta()[channel] - n.mean()[channel] * factor(n, channel);
    }

    /// Weights that keep the variance through a ReLU (He et al. 2015), normalisation near the identity.
    private static Layer normalised(SplittableRandom random, int out, int in, int kernel) {
        float[] weight = gaussian(random, out * in * kernel, 0, Math.sqrt(2.0 / (in * kernel)));
        float[] variance = new float[out];
        float[] gamma = new float[out];
        for (int i = 0; i < out; i++) {
            variance[i] = (float) random.nextDouble(0.5, 1.5);
            gamma[i] = (float) random.nextDouble(0.8, 1.2);
        }
        Normalisation after =
                new Normalisation(gamma, gaussian(random, out, 0, 0.1), gaussian(random, out, 0, 0.1), variance);
        return new Layer(out, in, kernel, weight, after, new float[0]);
    }

    private static float[] gaussian(SplittableRandom random, int length, double mean, double deviation) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian(mean, deviation);
        }
        return values;
    }

    private GraphBuilder floatGraph() {
        GraphBuilder graph = new GraphBuilder("radioml-vgg10");
        graph.input("x", GraphBuilder.FLOAT, "N", CHANNELS, LENGTH);
        String value = "x";
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            if (i == CONVOLUTIONS) {
                value = graph.node("Flatten", "flat", List.of(value));
            }
            boolean convolution = i < CONVOLUTIONS;
            String weight = graph.floats("w" + i, layer.weight(), weightShape(layer, convolution));
            if (layer.last()) {
                String bias = graph.floats("b" + i, layer.bias(), layer.out());
                value = graph.node("Gemm", "logits", List.of(value, weight, bias), GraphBuilder.integer("transB", 1));
                continue;
            }
            value = multiplied(graph, "z" + i, convolution, List.of(value, weight));
            Normalisation n = layer.after();
            value = graph.node(
                    "BatchNormalization",
                    "n" + i,
                    List.of(
                            value,
                            graph.floats("gamma" + i, n.gamma(), layer.out()),
                            graph.floats("beta" + i, n.beta(), layer.out()),
                            graph.floats("mean" + i, n.mean(), layer.out()),
                            graph.floats("variance" + i, n.variance(), layer.out())),
                    GraphBuilder.real("epsilon", (float) EPSILON));
            value = graph.node("Relu", "r" + i, List.of(value));
            if (convolution) {
                value = pooled(graph, "p" + i, value);
            }
        }
        graph.output("logits", GraphBuilder.FLOAT, "N", WIDTHS[3]);
        return graph;
    }

    private GraphBuilder quantisedGraph() {
        float[] peaks = calibrate();
        GraphBuilder graph = new GraphBuilder("radioml-vgg10-int8");
        graph.input("x", GraphBuilder.FLOAT, "N", CHANNELS, LENGTH);
        float scale = 2.0f / 127;
        String value = rounded(graph, "x", scale, 0);
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            boolean convolution = i < CONVOLUTIONS;
            float outScale = peaks[i] / (layer.last() ? 127 : 255);
            int zero = layer.last() ? 0 : -128;
            if (i == CONVOLUTIONS) {
                value = rounded(graph, graph.node("Flatten", "flat", List.of(value)), scale, -128);
            }
            List<String> operands = new ArrayList<>(List.of(value));
            operands.addAll(quantised(graph, i, convolution, scale));
            String result = layer.last() ? "logits_exact" : "z" + i;
            value = multiplied(graph, result, convolution, operands);
            if (layer.last()) {
                graph.node("Identity", "logits", List.of(rounded(graph, value, outScale, zero)));
                continue;
            }
            value = rounded(graph, graph.node("Relu", "r" + i, List.of(value)), outScale, zero);
            if (convolution) {
                value = rounded(graph, pooled(graph, "p" + i, value), outScale, zero);
            }
            scale = outScale;
        }
        graph.output("logits", GraphBuilder.FLOAT, "N", WIDTHS[3]);
        return graph;
    }

    /// The greatest magnitudes behind each layer over seeded frames.
    private float[] calibrate() {
        SplittableRandom random = new SplittableRandom(seed ^ 0x63616c6962L);
        float[] peaks = new float[layers.size()];
        for (int i = 0; i < CALIBRATION_FRAMES; i++) {
            forward(frame(random), peaks);
        }
        return peaks;
    }

    /// A frame of values uniform in [−2, 2), the range of the network's input.
    public static float[] frame(SplittableRandom random) {
        float[] frame = new float[FRAME];
        for (int i = 0; i < frame.length; i++) {
            frame[i] = (float) random.nextDouble(-2, 2);
        }
        return frame;
    }

    /// Weight and bias of a layer with its normalisation folded in, each behind its DequantizeLinear.
    private List<String> quantised(GraphBuilder graph, int i, boolean convolution, float inputScale) {
        Layer layer = layers.get(i);
        byte[] weight = new byte[layer.weight().length];
        int[] bias = new int[layer.out()];
        float[] scales = new float[layer.out()];
        float[] biasScales = new float[layer.out()];
        for (int o = 0; o < layer.out(); o++) {
            double factor = layer.last() ? 1 : factor(layer.after(), o);
            double offset = layer.last() ? layer.bias()[o] : offset(layer.after(), o);
            double peak = 0;
            for (int k = o * layer.fanIn(); k < (o + 1) * layer.fanIn(); k++) {
                peak = Math.max(peak, Math.abs(layer.weight()[k] * factor));
            }
            scales[o] = (float) (peak / 127);
            biasScales[o] = scales[o] * inputScale;
            for (int k = o * layer.fanIn(); k < (o + 1) * layer.fanIn(); k++) {
                weight[k] = (byte) Math.round(layer.weight()[k] * factor / scales[o]);
            }
            bias[o] = Math.toIntExact(Math.round(offset / biasScales[o]));
        }
        String w = graph.node(
                "DequantizeLinear",
                "wd" + i,
                List.of(
                        graph.bytes("w" + i, weight, weightShape(layer, convolution)),
                        graph.floats("ws" + i, scales, layer.out()),
                        graph.bytes("wz" + i, new byte[layer.out()], layer.out())),
                GraphBuilder.integer("axis", 0));
        String b = graph.node(
                "DequantizeLinear",
                "bd" + i,
                List.of(
                        graph.ints("b" + i, bias, layer.out()),
                        graph.floats("bs" + i, biasScales, layer.out()),
                        graph.ints("bz" + i, new int[layer.out()], layer.out())),
                GraphBuilder.integer("axis", 0));
        return List.of(w, b);
    }

    /// QuantizeLinear and DequantizeLinear.
    private static String rounded(GraphBuilder graph, String value, float scale, int zero) {
        String s = graph.floats(value + "_s", new float[] {scale});
        String z = graph.bytes(value + "_z", new byte[] {(byte) zero});
        String quantised = graph.node("QuantizeLinear", value + "_q", List.of(value, s, z));
        return graph.node("DequantizeLinear", value + "_dq", List.of(quantised, s, z));
    }

    private static String multiplied(GraphBuilder graph, String name, boolean convolution, List<String> operands) {
        return convolution
                ? graph.node(
                        "Conv",
                        name,
                        operands,
                        GraphBuilder.integers("kernel_shape", 3),
                        GraphBuilder.integers("pads", 1, 1))
                : graph.node("Gemm", name, operands, GraphBuilder.integer("transB", 1));
    }

    private static String pooled(GraphBuilder graph, String name, String value) {
        return graph.node(
                "MaxPool",
                name,
                List.of(value),
                GraphBuilder.integers("kernel_shape", 2),
                GraphBuilder.integers("strides", 2));
    }

    private static long[] weightShape(Layer layer, boolean convolution) {
        return convolution
                ? new long[] {layer.out(), layer.in(), layer.kernel()}
                : new long[] {layer.out(), layer.in()};
    }
}
