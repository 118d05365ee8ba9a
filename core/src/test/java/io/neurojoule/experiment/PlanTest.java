package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final String TEXT = """
            version: 1
            name: sweep
            model: {name: net, artifacts: {fp32: a.onnx, int8: b.onnx}}
            matrix: {batch: [1, 8, 64]}
            targets:
              cpu: {workload: {adapter: onnx}}
              gpu: {workload: {adapter: onnx}, matrix: {precision: [fp32]}}
            method:
              measure: {repeats: 4}
              seed: 7
            """;

    private static Plan plan(String only, String... overrides) {
        return Plan.of(
                ExperimentFile.parse(TEXT, "e.yaml", List.of(overrides)),
                only.isEmpty() ? Selection.ALL : Selection.parse(only));
    }

    private static List<String> ids(Plan plan) {
        return plan.cells().stream().map(Cell::id).toList();
    }

    @Test
    void cellsAreTheProductOfTargetPrecisionAndBatch() {
        assertThat(ids(plan("")))
                .containsExactly(
                        "cpu-fp32-b1",
                        "cpu-fp32-b8",
                        "cpu-fp32-b64",
                        "cpu-int8-b1",
                        "cpu-int8-b8",
                        "cpu-int8-b64",
                        "gpu-fp32-b1",
                        "gpu-fp32-b8",
                        "gpu-fp32-b64");
    }

    @Test
    void theOrderIsTheSameForTheSameSeedAndEachRepeatHasEachCellOnce() {
        for (long seed = 0; seed < 100; seed++) {
            Plan plan = plan("", "method.seed=" + seed);

            assertThat(plan.order())
                    .as("seed %d", seed)
                    .hasSize(4)
                    .allSatisfy(repeat -> assertThat(repeat).containsExactlyInAnyOrderElementsOf(ids(plan)))
                    .isEqualTo(plan("", "method.seed=" + seed).order())
                    .isNotEqualTo(plan("", "method.seed=" + (seed + 1)).order());
            assertThat(plan.order().stream().distinct().count())
                    .as("seed %d", seed)
                    .isGreaterThan(1);
        }
    }

    @Test
    void theShuffleFavoursNoPlace() {
        int first = 0;
        for (long seed = 0; seed < 2000; seed++) {
            first += plan("target=gpu", "method.seed=" + seed, "method.repeats=1")
                            .order()
                            .getFirst()
                            .getFirst()
                            .equals("gpu-fp32-b64")
                    ? 1
                    : 0;
        }

        assertThat(first / 2000.0).isBetween(0.28, 0.39);
    }

    @Test
    void theTimeIsIdleWarmUpMeasurementAndLatency() {
        assertThat(plan("target=cpu,precision=fp32,batch=8").estimateSeconds())
                .isEqualTo(4 * (2 * 5 + 2 * 1 + 10) + 2 + 2 * 5);
        assertThat(plan("target=cpu,precision=fp32,batch=8", "method.idle.kinds=[]", "method.latency.seconds=0")
                        .estimateSeconds())
                .isEqualTo(4 * (2 + 10));
    }

    @Test
    void aDryRunShowsCellsOrderAndTime() {
        Plan plan = plan("target=gpu,batch<64");

        assertThat(plan.describe())
                .hasSize(7)
                .contains("cells     gpu  fp32  batch 1, 8", "order     interleaved, seed 7")
                .last()
                .isEqualTo("repeat 4  " + String.join(" ", plan.order().getLast()));
        assertThat(plan.describe().getFirst()).startsWith("2 cells × 4 repeats, at least 3 min 10 s");
    }

    @Test
    void visitsAreTheCellsInTheirOrder() {
        Plan plan = plan("");

        assertThat(plan.visits().stream()
                        .map(repeat -> repeat.stream().map(Cell::id).toList()))
                .isEqualTo(plan.order());
    }

    @Test
    void jsonKeepsThePlan() {
        Plan plan = plan("");

        assertThat(Plan.fromJson(plan.toJson())).isEqualTo(plan);
        assertThat(plan.toJson()).startsWith("{\"cells\":[{\"id\":\"cpu-fp32-b1\"");
    }

    @Test
    void aPlanThatMissesACellIsRefused() {
        String json = plan("target=gpu,batch=1").toJson();

        assertThatThrownBy(() -> Plan.fromJson(json.replaceFirst("\\[\"gpu-fp32-b1\"]", "[]")))
                .isInstanceOf(ExperimentException.class)
                .hasMessageContaining("each repeat must visit each cell once");
        assertThatThrownBy(() -> Plan.fromJson("{}")).isInstanceOf(ExperimentException.class);
        assertThatThrownBy(() -> Plan.fromJson("{")).isInstanceOf(ExperimentException.class);
    }

    @Test
    void twoCellsOfOneNameAreRefused() {
        String text = TEXT.replace("cpu:", "a-b:")
                .replace("gpu:", "a:")
                .replace("fp32: a.onnx", "c: a.onnx, b-c: x.onnx")
                .replace("[fp32]", "[b-c]");

        assertThatThrownBy(() -> Plan.of(ExperimentFile.parse(text, "e.yaml"), Selection.ALL))
                .isInstanceOf(ExperimentException.class)
                .hasMessageContaining("two cells would be called 'a-b-c-b1'");
    }

    @Test
    void conditionsCompareAsTheyAreWritten() {
        assertThat(Stream.of("batch<8", "batch<=8", "batch=8", "batch!=8", "batch>=8", "batch>8")
                        .map(condition -> plan("target=gpu," + condition).cells().stream()
                                .map(Cell::batch)
                                .toList()))
                .containsExactly(List.of(1), List.of(1, 8), List.of(8), List.of(1, 64), List.of(8, 64), List.of(64));
        assertThat(ids(plan("precision != fp32, batch > 8"))).containsExactly("cpu-int8-b64");
    }

    @Test
    void aSelectionOfNothingSaysWhatThereIs() {
        assertThatThrownBy(() -> plan("target=fpga"))
                .isInstanceOf(ExperimentException.class)
                .hasMessage("--only 'target=fpga' leaves no cell; there are target cpu, gpu; precision fp32, int8;"
                        + " batch 1, 8, 64; load c1");
    }

    @Test
    void aSelectionThatCannotBeReadSaysWhy() {
        assertThatThrownBy(() -> Selection.parse("traget=cpu"))
                .hasMessage("--only: unknown field 'traget'; did you mean 'target'?");
        assertThatThrownBy(() -> Selection.parse("batch<x"))
                .hasMessage("--only: batch is compared with a whole number, not 'x'");
        assertThatThrownBy(() -> Selection.parse("target<cpu"))
                .hasMessage("--only: target can be compared with = and != only: 'target<cpu'");
        assertThatThrownBy(() -> Selection.parse("cpu"))
                .hasMessageContaining("write e.g. --only 'target=cpu,batch<=64'");
    }

    @Test
    void whereAnIntervalIsAskedThereIsAnOrderForTheRepeatsThatMayCome() {
        Experiment experiment = ExperimentFile.parse("""
                version: 1
                name: net
                model: {name: net}
                targets: {cpu: {workload: {adapter: command, command: [x]}}}
                method: {measure: {repeats: 2, until: {ci_half_width: 1%}, max_repeats: 7}}
                """, "e.yaml");

        Plan plan = Plan.of(experiment, Selection.ALL);

        assertThat(plan.repeats()).isEqualTo(2);
        assertThat(plan.order()).hasSize(7);
        assertThat(plan.describe()).anyMatch(line -> line.contains("up to 5 more repeats"));
        assertThat(Plan.fromJson(plan.toJson())).isEqualTo(plan);
    }
}
