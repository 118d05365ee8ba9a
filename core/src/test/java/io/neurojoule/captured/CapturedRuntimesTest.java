package io.neurojoule.captured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Analyzer;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.lab.Lab;
import io.neurojoule.recording.Recording;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run on a real NVIDIA H100 (2026-11-26, driver 580.159.04): PyTorch eager and compiled, ONNX Runtime on CUDA.
class CapturedRuntimesTest {
    private static final String COUNTER = "nvml:0000:00:06.0/energy";

    @TempDir
    private static Path directory;

    private static ExperimentResult result;

    @BeforeAll
    static void open() throws IOException {
        Captured.unpack("h100-runtimes.zip", directory);
        result = Analyzer.analyze(Recording.open(directory));
    }

    @Test
    void theTableInTheDocumentsIsWhatTheRecordingSays() throws IOException {
        List<String[]> lines = Files.readAllLines(Lab.root().resolve("docs/measured/nvidia-h100.md")).stream()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| cell"))
                .map(line -> line.split("\\s*\\|\\s*", -1))
                .toList();

        assertThat(lines).hasSize(12).allSatisfy(line -> {
            ResultRow row = row(line[1], COUNTER);
            double each = row.joulesPerElement().orElseThrow();
            assertThat(joules(line[2])).isCloseTo(each, within(0.005 * each));
            assertThat(number(line[3]) / 100)
                    .isCloseTo(row.joulesPerElementHigh().orElseThrow() / each - 1, within(0.0005));
            assertThat(joules(line[4]))
                    .isCloseTo(row.aboveIdleJoulesPerElement().orElseThrow(), within(0.005 * each));
            assertThat(number(line[5])).isCloseTo(row.watts().orElseThrow(), within(0.5));
            double rate = row.elementsPerSecond().orElseThrow();
            assertThat(number(line[6])).isCloseTo(rate, within(0.0005 * rate));
            double instant = row(line[1], "nvml:0000:00:06.0/power-instant")
                    .joulesPerElement()
                    .orElseThrow();
            assertThat(number(line[7])).isCloseTo(instant / each, within(0.0006));
        });
    }

    @Test
    void eachCellIsMeasuredWithTheOutputsOfTheOthersAndKeptItsWord() {
        assertThat(result.cells()).hasSize(12).allSatisfy(cell -> {
            assertThat(cell.status()).isEqualTo("measured");
            assertThat(cell.agreement().orElseThrow()).isGreaterThan(0.9999);
            assertThat(row(cell.cellId(), COUNTER).basis()).isEqualTo(Basis.MEASURED);
            assertThat(row(cell.cellId(), "compute").basis()).isEqualTo(Basis.ESTIMATED);
        });
        assertThat(result.cells().stream().filter(cell -> cell.target().equals("ort")))
                .hasSize(4)
                .allSatisfy(cell -> assertThat(cell.settings())
                        .containsEntry("provider", "CUDAExecutionProvider")
                        .containsEntry("use_tf32", "0")
                        .containsEntry("nodes", "CUDAExecutionProvider 27"));
    }

    private static ResultRow row(String cell, String name) {
        return result.rows().stream()
                .filter(row -> row.cellId().equals(cell) && row.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static double joules(String text) {
        return number(text) * (text.endsWith("mJ") ? 1e-3 : 1e-6);
    }

    /// What is a number in `± 1.5 %`, `2 mJ`, `1e+05`.
    private static double number(String text) {
        return Double.parseDouble(
                text.toLowerCase(Locale.ROOT).replaceAll("[^0-9.e+]", "").replaceAll("e$", ""));
    }
}
