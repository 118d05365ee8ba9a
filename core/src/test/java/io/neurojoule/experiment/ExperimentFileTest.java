package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExperimentFileTest {
    private static final Path EXAMPLES = Path.of("..", "examples");

    static final String SMALL = """
            version: 1
            name: small
            model: {name: net, artifacts: {fp32: net.onnx}}
            targets:
              cpu: {workload: {adapter: onnx}}
            """;

    /// Every key with a value that is not its default.
    static final String FULL = """
            version: 1
            name: full.v1
            title: "A: title"
            element: frame
            model:
              name: net-1.5
              inputs:
                - {name: x, shape: [N, 3, 32], layout: NCL, dtype: float32, source: "uniform(-2, 2)", seed: 2018}
                - {name: sr, source: 16000}
              output: {classes: 24}
              work: {onnx: net.onnx}
              artifacts: {fp32: net.onnx, int8: "yes"}
            matrix: {batch: "1:8:x2", precision: [fp32]}
            targets:
              cpu:
                label: CPU
                simulated: emulated sensors
                workload: {adapter: command, command: [run, "1", "true"], env: {N: "128"}, device: 0, options: {a: no}, cpus: 2-7}
                matrix: {batch: [3], precision: [w4a4]}
                sources: {require: [rapl:package], want: ["ipmi:node"], options: {rapl: {via: perf}}}
                boundary: {compute: ["rapl:package*"]}
                place: {executor: slurm, nodes: 1, share: 0.5, exclusive: true, modules: [a, "1"], deep: {x: y}}
              gpu:
                workload: {adapter: onnx}
            method:
              idle: {seconds: 30, when: [start], kinds: [loaded]}
              warmup: {min_seconds: 5, until: steady, max_seconds: 60}
              measure: {min_seconds: 20.5, min_updates: 100, repeats: 4, until: {ci_half_width: 0.7%}, max_repeats: 15}
              order: interleaved
              seed: -20241
              cooldown: {seconds: 10, until_temperature_below: 50}
              phases: {mode: sampled, isolate: true}
              latency: {seconds: 3}
              grace_seconds: 7
              quick: true
            gates:
              idle_drift: 3%
              throttled: false
              foreign_cpu: 2.5%
              repeat_cv: 7%
              on_unsupported: fail
              on_out_of_memory: fail
            carbon: {intensity_g_per_kwh: 380, source: grid operator, embodied_g: 1}
            output: {dir: out, report: [csv], export: [svg]}
            """;

    private static Experiment parse(String text, String... overrides) {
        return ExperimentFile.parse(text, "e.yaml", List.of(overrides));
    }

    static Stream<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleParsesAndSurvivesWriting(Path file) throws IOException {
        Experiment experiment = ExperimentFile.parse(Files.readString(file), file.toString());

        assertThat(ExperimentFile.parse(ExperimentFile.write(experiment), "again"))
                .isEqualTo(experiment);
        assertThat(Plan.of(experiment, Selection.ALL).cells()).isNotEmpty();
    }

    @Test
    void anExperimentWithEveryKeySurvivesWriting() {
        Experiment experiment = parse(FULL);

        assertThat(parse(ExperimentFile.write(experiment))).isEqualTo(experiment);
    }

    @Test
    void everyValueArrivesWhereItBelongs() {
        Experiment experiment = parse(FULL);

        Experiment.Target cpu = experiment.targets().values().iterator().next();
        assertThat(experiment.matrix().batch()).containsExactly(1, 2, 4, 8);
        assertThat(experiment.batches("cpu")).containsExactly(3);
        assertThat(experiment.precisions("gpu")).containsExactly("fp32");
        assertThat(experiment.model().inputs().getLast().source()).contains("16000");
        assertThat(cpu.workload().command()).containsExactly("run", "1", "true");
        assertThat(cpu.sources().options()).isEqualTo(Map.of("rapl", Map.of("via", "perf")));
        assertThat(cpu.place())
                .containsEntry("nodes", 1L)
                .containsEntry("share", 0.5)
                .containsEntry("exclusive", true);
        assertThat(experiment.method().measure())
                .isEqualTo(new Experiment.Measure(20.5, 100, 4, OptionalDouble.of(0.007), 15));
        assertThat(experiment.gates().repeatCv()).hasValue(0.07);
    }

    @Test
    void whatIsLeftOutOrNullHasItsDefault() {
        Experiment experiment = parse(SMALL + "method: {cooldown: null, latency: }\ncarbon: {source: null}\n");

        assertThat(experiment.method()).isEqualTo(Experiment.Method.DEFAULT);
        assertThat(experiment.carbon()).isEqualTo(Experiment.Carbon.NONE);
        assertThat(experiment.batches("cpu")).isEqualTo(Experiment.Matrix.BATCHES);
        assertThat(experiment.precisions("cpu")).containsExactly("fp32");
        assertThat(ExperimentFile.parse(ExperimentFile.write(experiment), "again"))
                .isEqualTo(experiment);
    }

    static Stream<List<String>> mistakes() {
        return Stream.of(
                List.of("matrix:\n  bacth: [1]\n", "e.yaml:7:3: unknown key 'bacth' in matrix; did you mean 'batch'?"),
                List.of("nmae: x\n", "e.yaml:6:1: unknown key 'nmae'; did you mean 'name'?"),
                List.of(
                        "output: {zzzzzzzzz: 1}\n",
                        "e.yaml:6:10: unknown key 'zzzzzzzzz' in output; there are dir, report, export"),
                List.of("name: other\n", "e.yaml:6:1: key 'name' stands twice; remove one"),
                List.of(
                        "matrix: {batch: [1], batch: [2]}\n",
                        "e.yaml:6:22: key 'batch' stands twice in matrix; remove one"),
                List.of("matrix: 5\n", "e.yaml:6:9: matrix: expected a map of keys and values, not '5'"),
                List.of(
                        "method:\n  measure: {min_seconds: 10s}\n",
                        "e.yaml:7:26: method.measure.min_seconds: expected a number of seconds without a unit,"
                                + " e.g. 10 or 0.5, not '10s'"),
                List.of(
                        "method:\n  measure: {until: {ci_half_width: 0.01}}\n",
                        "e.yaml:7:36: method.measure.until.ci_half_width: expected a percentage, e.g. 1%, not '0.01'"),
                List.of("method: {quick: yes}\n", "e.yaml:6:17: method.quick: expected true or false, not 'yes'"),
                List.of("method: {seed: 1.5}\n", "e.yaml:6:16: method.seed: expected a whole number, not '1.5'"),
                List.of(
                        "method: {idle: {when: start}}\n",
                        "e.yaml:6:23: method.idle.when: expected a list, not 'start'"),
                List.of("title: [a]\n", "e.yaml:6:8: title: expected a word, not a list"),
                List.of(
                        "matrix: {batch: [1, 0]}\n",
                        "e.yaml:6:21: batch must be a whole number from 1 to 1000000: 0; write e.g. 1,8,64"),
                List.of(
                        "matrix: {batch: 1:8:x1}\n",
                        "e.yaml:6:17: batch range '1:8:x1' never ends; write e.g. 1:1024:x2 or 8:64:+8"),
                List.of("method: {measure: {repeats: 0}}\n", "e.yaml:6:29: repeats must be from 1 to 10000: 0"),
                List.of(
                        "method: {warmup: {min_seconds: 9, max_seconds: 3}}\n",
                        "e.yaml:6:48: max_seconds must not be less than min_seconds: 3.0 < 9.0"),
                List.of(
                        "method: {measure: {min_seconds: .inf}}\n",
                        "e.yaml:6:33: method.measure.min_seconds: expected a number of seconds without a unit,"
                                + " e.g. 10 or 0.5, not '.inf'"),
                List.of("method: {order: random}\n", "e.yaml:6:17: order must be interleaved: 'random'"),
                List.of("carbon: {embodied_g: 5}\n", "e.yaml:6:9: source must say where the carbon figures come from"),
                List.of(
                        "matrix: {precision: [int8]}\n",
                        "e.yaml:5:8: targets.cpu.matrix.precision 'int8' has no file; add it to model.artifacts"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsNamedWithItsLineAndColumn(List<String> mistake) {
        assertThatThrownBy(() -> parse(SMALL + mistake.getFirst()))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(mistake.getLast());
    }

    @Test
    void aMissingKeyIsNamedWhereItShouldStand() {
        assertThatThrownBy(() -> parse("version: 1\nname: x\nmodel:\n  artifacts: {}\ntargets: {}\n"))
                .hasMessage("e.yaml:4:3: missing key 'name' in model");
        assertThatThrownBy(() -> parse("")).hasMessage("e.yaml:1:1: the file is empty");
        assertThatThrownBy(() -> parse(SMALL.replace("version: 1", "version: 2")))
                .hasMessage("e.yaml:1:10: version must be 1: 2");
    }

    @Test
    void brokenYamlIsNamedWithItsLineAndColumn() {
        assertThatThrownBy(() -> parse("version: 1\nname: [a\nmodel: b\n"))
                .isInstanceOf(ExperimentException.class)
                .hasMessageStartingWith("e.yaml:3:6: not valid YAML: ");
    }

    @Test
    void aCommandAndItsAdapterBelongTogether() {
        assertThatThrownBy(() -> parse(SMALL.replace("adapter: onnx", "adapter: command")))
                .hasMessageStartingWith("e.yaml:5:29: adapter 'command' needs the program to start");
        assertThatThrownBy(() -> parse(SMALL.replace("adapter: onnx", "adapter: onnx, command: [x]")))
                .hasMessageStartingWith("e.yaml:5:44: command goes with adapter: command");
    }

    @Test
    void aMapThatHoldsItselfIsRefused() {
        assertThatThrownBy(() -> parse(SMALL.replace("{adapter: onnx}", "{adapter: onnx}, place: &a {b: *a}")))
                .isInstanceOf(ExperimentException.class);
    }

    @Test
    void overridesReplaceAddAndRemove() {
        Experiment experiment = parse(
                SMALL + "method: {measure: {repeats: 7}, quick: true}\n",
                "method.repeats=3",
                "matrix.batch=2:8:x2",
                "targets.cpu.workload.options.a.b=1",
                "method.quick=");

        assertThat(experiment.method().measure().repeats()).isEqualTo(3);
        assertThat(experiment.matrix().batch()).containsExactly(2, 4, 8);
        assertThat(experiment.targets().values())
                .allSatisfy(target -> assertThat(target.workload().options()).containsEntry("a.b", "1"));
        assertThat(experiment.method().quick()).isFalse();
    }

    @Test
    void overridesReachOptionsOfASourceAndThePlace() {
        Experiment experiment = parse(
                SMALL,
                "targets.cpu.sources.options.rapl.via=perf",
                "targets.cpu.place.a.b=1",
                "model.artifacts.int8=b");

        Experiment.Target cpu = experiment.targets().values().iterator().next();
        assertThat(cpu.sources().options()).isEqualTo(Map.of("rapl", Map.of("via", "perf")));
        assertThat(cpu.place()).isEqualTo(Map.of("a", Map.of("b", 1L)));
        assertThat(experiment.model().artifacts()).containsEntry("int8", "b");
    }

    @Test
    void anOverrideOfASharedMapChangesOnlyTheNamedPlace() {
        String text = SMALL.replace("cpu: {workload", "gpu: &g {workload") + "  cpu: *g\n";

        Experiment experiment = parse(text, "targets.cpu.label=mine");

        assertThat(experiment.targets().values())
                .extracting(Experiment.Target::label)
                .containsExactly(Optional.empty(), Optional.of("mine"));
    }

    @Test
    void aWrongOverrideIsNamedWithASuggestion() {
        assertThatThrownBy(() -> parse(SMALL, "method.repaets=3"))
                .hasMessage("-D method.repaets=3: unknown key 'repaets' in method; did you mean 'repeats'?");
        assertThatThrownBy(() -> parse(SMALL, "targets.cpv.label=x"))
                .hasMessage("-D targets.cpv.label=x: unknown key 'cpv' in targets; did you mean 'cpu'?");
        assertThatThrownBy(() -> parse(SMALL, "method.repeats=many"))
                .hasMessage("-D method.repeats=many: method.measure.repeats: expected a whole number, not 'many'");
        assertThatThrownBy(() -> parse(SMALL, "method.repeats=0"))
                .hasMessage("-D method.repeats=0: repeats must be from 1 to 10000: 0");
        assertThatThrownBy(() -> parse(SMALL, "method.repeats"))
                .hasMessage("-D method.repeats: no key and value; write e.g. -D method.repeats=3");
        assertThatThrownBy(() -> parse(SMALL, "name.x=1"))
                .hasMessage("-D name.x=1: name holds no keys here; give it as a whole: -D name=…");
        assertThatThrownBy(() -> parse(SMALL, "title.x=1")).hasMessage("-D title.x=1: title has no keys below it");
    }
}
