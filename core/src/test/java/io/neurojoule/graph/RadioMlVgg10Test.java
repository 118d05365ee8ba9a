package io.neurojoule.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.graph.RadioMlVgg10.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RadioMlVgg10Test {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void theFileHasTheWorkAndTheWeightsOfThePublishedNetwork(Precision precision) throws Exception {
        Path file = folder.resolve("vgg10.onnx");
        RadioMlVgg10.write(file, precision, 1);

        OnnxModel model = OnnxModel.read(file);

        assertThat(model.multiplyAccumulates()).isEqualTo(OptionalLong.of(12_864_512));
        assertThat(model.weights()).isEqualTo(159_104);
        assertThat(model.precision()).contains(precision.name().toLowerCase(Locale.ROOT));
        assertThat(model.inputs()).hasToString("[x float32 [N,2,1024]]");
        assertThat(model.outputs()).hasToString("[logits float32 [N,24]]");
        assertThat(model.batch().symbol()).isEqualTo(Optional.of("N"));
        assertThat(model.opset()).isEqualTo(17);
    }

    @ParameterizedTest
    @EnumSource
    void theSameSeedGivesTheSameBytesAndAnotherSeedOthers(Precision precision) throws Exception {
        RadioMlVgg10.write(folder.resolve("a"), precision, 7);
        RadioMlVgg10.write(folder.resolve("b"), precision, 7);
        RadioMlVgg10.write(folder.resolve("c"), precision, 8);

        assertThat(folder.resolve("a")).hasSameBinaryContentAs(folder.resolve("b"));
        assertThat(Files.mismatch(folder.resolve("a"), folder.resolve("c"))).isNotNegative();
    }

    @Test
    void logitsDifferBetweenFramesAndAreFinite() {
        RadioMlVgg10 network = RadioMlVgg10.fromSeed(1);
        SplittableRandom random = new SplittableRandom(2);

        float[] first = network.logits(RadioMlVgg10.frame(random));
        float[] second = network.logits(RadioMlVgg10.frame(random));

        assertThat(first).hasSize(24).isNotEqualTo(second);
        for (float value : first) {
            assertThat(value).isFinite();
        }
    }

    @Test
    void aTextFileIsNoOnnxFile() throws Exception {
        Path file = Files.writeString(folder.resolve("x.onnx"), "<!doctype html><title>404</title>");

        assertThatThrownBy(() -> OnnxModel.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(file + " is not an ONNX file");
    }

    @Test
    void anEmptyFileIsNoOnnxFile() throws Exception {
        Path file = Files.createFile(folder.resolve("x.onnx"));

        assertThatThrownBy(() -> OnnxModel.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("is empty");
    }

    @Test
    void aFileThatWasCutAnywhereIsRefused() throws Exception {
        Path whole = folder.resolve("whole.onnx");
        RadioMlVgg10.write(whole, Precision.INT8, 1);
        byte[] bytes = Files.readAllBytes(whole);
        Path file = folder.resolve("cut.onnx");

        for (int length : List.of(1, 2, 20, bytes.length / 2, bytes.length - 1)) {
            Files.write(file, Arrays.copyOf(bytes, length));

            assertThatThrownBy(() -> OnnxModel.read(file))
                    .as("%d of %d bytes", length, bytes.length)
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("truncated");
        }
    }

    @Test
    void missingFilesAreNamed() {
        assertThatThrownBy(() -> OnnxModel.read(folder.resolve("gone.onnx")))
                .isInstanceOf(ModelException.class)
                .hasMessage("there is no file " + folder.resolve("gone.onnx"));
    }

    @Test
    void aBatchSymbolIsTheBatchWhereverItStands() throws Exception {
        Path file = folder.resolve("state.onnx");
        GraphBuilder graph = new GraphBuilder("state")
                .input("x", GraphBuilder.FLOAT, "N", "T")
                .input("state", GraphBuilder.FLOAT, 2, "N", 128)
                .input("sr", GraphBuilder.INT64)
                .output("y", GraphBuilder.FLOAT, "N", "T");
        graph.node("Relu", "y", List.of("x"));
        graph.write(file);

        BatchAxis batch = OnnxModel.read(file).batch();

        assertThat(batch.axes())
                .containsOnlyKeys("x", "state")
                .containsEntry("x", 0)
                .containsEntry("state", 1);
        assertThat(batch.fixed()).isEmpty();
    }

    @Test
    void aFreeImageSizeLeavesTheWorkOpen() throws Exception {
        Path file = folder.resolve("image.onnx");
        GraphBuilder graph = new GraphBuilder("image")
                .input("x", GraphBuilder.FLOAT, "N", 3, "H", "W")
                .output("y", GraphBuilder.FLOAT, "N", 8, "H", "W");
        graph.node("Conv", "y", List.of("x", graph.floats("w", new float[24], 8, 3, 1, 1)));
        graph.write(file);

        OnnxModel model = OnnxModel.read(file);

        assertThat(model.multiplyAccumulates()).isEmpty();
        assertThat(model.weights()).isEqualTo(24);
    }
}
