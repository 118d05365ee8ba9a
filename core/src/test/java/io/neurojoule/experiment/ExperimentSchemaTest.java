package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.JsonSchemaCheck;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ExperimentSchemaTest {
    @Test
    void theSchemaHasExactlyTheKeysThatTheParserKnows() throws IOException {
        JsonNode schema = schema();
        Map<String, Set<String>> found = new LinkedHashMap<>();

        collect(schema, schema, "", found);

        Map<String, Set<String>> known = new LinkedHashMap<>();
        ExperimentFile.KEYS.forEach((level, keys) -> known.put(level, new TreeSet<>(keys)));
        assertThat(found).isEqualTo(known);
    }

    @Test
    void editorsReportUnknownKeysAtEveryLevelThatHasKnownOnes() throws IOException {
        JsonNode schema = schema();

        List<JsonNode> levels = new ArrayList<>();
        levels(schema, levels);

        assertThat(levels).isNotEmpty().allSatisfy(level -> {
            JsonNode others = level.path("additionalProperties");
            assertThat(others.isBoolean() && !others.asBoolean())
                    .as("%s", level)
                    .isTrue();
        });
        assertThat(schema.path("$schema").asString()).contains("2020-12");
    }

    /// Where keys are declared; what stands under a condition only narrows them.
    private static void levels(JsonNode node, List<JsonNode> levels) {
        if (node.path("properties").isObject()) {
            levels.add(node);
        }
        for (Map.Entry<String, JsonNode> child : node.properties()) {
            if (!Set.of("if", "then", "else", "not").contains(child.getKey())) {
                levels(child.getValue(), levels);
            }
        }
    }

    /// The file as data; what YAML itself refuses is none.
    private static List<String> errors(String yaml) throws IOException {
        LoadSettings settings =
                LoadSettings.builder().setSchema(new CoreSchema()).build();
        Object data = new Load(settings).loadFromString(yaml);
        return JsonSchemaCheck.of(Experiment.class, "experiment.schema.json")
                .errors(JsonMapper.shared().valueToTree(data));
    }

    static Stream<String> good() throws IOException {
        List<String> texts = new ArrayList<>();
        for (Path example : ExperimentFileTest.examples().toList()) {
            texts.add(Files.readString(example));
            texts.add(ExperimentFile.write(ExperimentFile.parse(Files.readString(example), "example")));
        }
        texts.add(ExperimentFileTest.FULL);
        texts.add(ExperimentFile.write(ExperimentFile.parse(ExperimentFileTest.FULL, "full")));
        for (String more : List.of(
                "",
                "matrix:\n",
                "method: {cooldown: null, latency: }\ncarbon: {source: null}\n",
                "method: {measure: {until: null}}\ngates:\noutput: {dir: }\n",
                "title: 2024\nelement: true\n",
                "matrix: {batch: 8}\n",
                "matrix: {batch: '1, 8,64'}\n",
                "matrix: {batch: '8:64:+8'}\n",
                "matrix: {batch: [1, 8], precision: []}\n",
                "method: {idle: {kinds: []}, measure: {until: {ci_half_width: 1 %}}}\n",
                "carbon: {intensity_g_per_kwh: 380, source: grid}\n",
                "carbon: {intensity_g_per_kwh: null}\n")) {
            texts.add(ExperimentFileTest.SMALL + more);
        }
        return texts.stream();
    }

    @ParameterizedTest
    @MethodSource("good")
    void whatTheParserTakesIsValid(String text) throws IOException {
        ExperimentFile.parse(text, "e.yaml");

        assertThat(errors(text)).isEmpty();
    }

    static Stream<String> wrong() {
        List<String> texts = new ArrayList<>();
        for (String more : List.of(
                "matrix: {bacth: [1]}\n",
                "nmae: x\n",
                "matrix: 5\n",
                "method: {measure: {min_seconds: 10s}}\n",
                "method: {measure: {min_seconds: 0}}\n",
                "method: {measure: {until: {ci_half_width: 0.01}}}\n",
                "method: {measure: {until: {ci_half_width: 0%}}}\n",
                "method: {measure: {repeats: 0}}\n",
                "method: {quick: yes}\n",
                "method: {seed: 1.5}\n",
                "method: {order: random}\n",
                "method: {idle: {when: start}}\n",
                "method: {idle: {when: []}}\n",
                "method: {idle: {kinds: [bare, bare]}}\n",
                "method: {grace_seconds: -1}\n",
                "method: {grace_seconds: 86401}\n",
                "title: [a]\n",
                "element: ' '\n",
                "matrix: {batch: [1, 0]}\n",
                "matrix: {batch: [1, 1]}\n",
                "matrix: {batch: 0}\n",
                "matrix: {batch: -1}\n",
                "matrix: {batch: many}\n",
                "matrix: {batch: '1,,2'}\n",
                "matrix: {batch: '1:8:x1'}\n",
                "matrix: {batch: '1:8'}\n",
                "matrix: {precision: [a b]}\n",
                "matrix: {precision: [fp32, fp32]}\n",
                "gates: {on_unsupported: ignore}\n",
                "gates: {repeat_cv: 0.02}\n",
                "carbon: {embodied_g: 5}\n",
                "carbon: {intensity_g_per_kwh: -1, source: x}\n",
                "output: {dir: ''}\n",
                "output: {report: html}\n")) {
            texts.add(ExperimentFileTest.SMALL + more);
        }
        for (List<String> change : List.of(
                List.of("version: 1", "version: 2"),
                List.of("version: 1", "version:"),
                List.of("name: small", "name: a b"),
                List.of("name: small", "title: none"),
                List.of("adapter: onnx", "adapter: command"),
                List.of("adapter: onnx", "adapter: command, command: []"),
                List.of("adapter: onnx", "adapter: onnx, command: [x]"),
                List.of("adapter: onnx", "adapter: ' '"),
                List.of("adapter: onnx", "device: cpu"),
                List.of("adapter: onnx", "adapter: onnx, cpus: all"),
                List.of("adapter: onnx}", "adapter: onnx}, simulated: ''"),
                List.of("adapter: onnx}", "adapter: onnx}, boundary: {compute: []}"),
                List.of("cpu:", "the cpu:"),
                List.of("name: net,", "name: net, input: {name: x}, inputs: [{name: y}],"),
                List.of("name: net,", "name: net, input: {shape: [0]},"),
                List.of("name: net,", "name: net, input: {shape: [a-b]},"),
                List.of("name: net,", "name: net, output: {classes: 0},"),
                List.of("fp32: net", "fp.32: net"))) {
            texts.add(ExperimentFileTest.SMALL.replace(change.getFirst(), change.getLast()));
        }
        return texts.stream();
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void whatTheParserRefusesIsNot(String text) throws IOException {
        assertThatThrownBy(() -> ExperimentFile.parse(text, "e.yaml")).isInstanceOf(ExperimentException.class);

        assertThat(errors(text)).isNotEmpty();
    }

    private static JsonNode schema() throws IOException {
        try (InputStream in = Experiment.class.getResourceAsStream("experiment.schema.json")) {
            assertThat(in).isNotNull();
            return JsonMapper.shared().readTree(in.readAllBytes());
        }
    }

    private static void collect(JsonNode root, JsonNode at, String level, Map<String, Set<String>> found) {
        JsonNode node = at.has("$ref") ? root.at(at.path("$ref").asString().substring(1)) : at;
        if (node.path("properties").isObject()) {
            Set<String> names = new TreeSet<>();
            for (Map.Entry<String, JsonNode> property : node.path("properties").properties()) {
                names.add(property.getKey());
                collect(
                        root,
                        property.getValue(),
                        level.isEmpty() ? property.getKey() : level + "." + property.getKey(),
                        found);
            }
            found.put(level, names);
        }
        collectNamed(root, node.path("additionalProperties"), level, found);
        collectNamed(root, node.path("items"), level, found);
    }

    private static void collectNamed(JsonNode root, JsonNode node, String level, Map<String, Set<String>> found) {
        if (node.isObject()) {
            collect(root, node, level + ".*", found);
        }
    }
}
