package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
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

        assertThat(schema.findParents("properties"))
                .isNotEmpty()
                .allSatisfy(
                        level -> assertThat(level.path("additionalProperties").isBoolean())
                                .isTrue());
        assertThat(schema.path("$schema").asString()).contains("2020-12");
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
