package io.neurojoule.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.JsonSchemaCheck;
import io.neurojoule.analysis.ExperimentResult;
import io.neurojoule.analysis.ResultRow;
import io.neurojoule.sensor.Basis;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ResultSchemaTest {
    @Test
    void theSchemaNamesExactlyTheFieldsThatRowsHave() throws IOException {
        try (InputStream in = JsonReport.class.getResourceAsStream("results.schema.json")) {
            assertThat(in).isNotNull();
            JsonNode schema = JsonMapper.shared().readTree(in.readAllBytes());

            assertThat(schema.at("/$defs/row/properties").propertyNames())
                    .containsExactlyElementsOf(
                            RowField.ALL.stream().map(RowField::name).toList());
            assertThat(schema.at("/$defs/phase/properties").propertyNames())
                    .containsExactlyElementsOf(
                            RowField.PHASES.stream().map(RowField::name).toList());
        }
    }

    static Stream<ExperimentResult> results() {
        ResultRow figure = MadeResult.boundary("c1", Basis.MEASURED, Basis.DERIVED);
        ResultRow hole = MadeResult.absent("c2", "fp32", "why");
        return Stream.of(
                MadeResult.result(),
                MadeResult.result().anonymous(),
                MadeResult.with(List.of()),
                MadeResult.with(List.of(figure)),
                MadeResult.with(List.of(hole)),
                MadeResult.with(List.of(figure, hole)));
    }

    @ParameterizedTest
    @MethodSource("results")
    void whatIsWrittenIsValid(ExperimentResult result) throws IOException {
        assertThat(errors(tree(result))).isEmpty();
    }

    static Stream<Arguments> damage() {
        return Stream.of(
                damaged("a key too many", tree -> tree.put("extra", 1)),
                damaged("a key too many in a row", tree -> row(tree).put("wats", 1)),
                damaged("no rows", tree -> tree.remove("rows")),
                damaged("another format", tree -> tree.put("format", 2)),
                damaged("no basis", tree -> row(tree).remove("basis")),
                damaged("a basis that is none", tree -> row(tree).put("basis", "GUESSED")),
                damaged("joules as text", tree -> row(tree).put("joules", "1.5")),
                damaged("joules that are no number", tree -> row(tree).put("joules", "NaN")),
                damaged("an absent figure as null", tree -> row(tree).putNull("watts")),
                damaged("a basis without joules", tree -> row(tree).remove("joules")),
                damaged(
                        "joules that nothing gave",
                        tree -> row(tree).put("basis", "UNAVAILABLE").put("reason", "why")),
                damaged("a hole without a reason", tree -> hole(tree).remove("reason")),
                damaged("a hole with a figure", tree -> hole(tree).put("joules_per_element", 0)),
                damaged("above idle without its basis", tree -> row(tree).remove("above_idle_basis")),
                damaged("half an interval", tree -> row(tree).remove("joules_per_element_high")),
                damaged("a negative batch", tree -> row(tree).put("batch", -1)),
                damaged("half a batch", tree -> row(tree).put("batch", 1.5)),
                damaged("a negative bound", tree -> row(tree).put("bound_joules_per_element", -1)),
                damaged("a cell without an id", tree -> row(tree).put("cell_id", "")),
                damaged("a scope that is none", tree -> row(tree).put("scope", "BOUNDARY")),
                damaged(
                        "a time that is local",
                        tree -> ((ObjectNode) tree.path("run")).put("started_at", "2026-11-23 03:15")),
                damaged(
                        "a regression that is said to be measured",
                        tree -> ((ObjectNode) tree.path("phases").path(1)).put("basis", "MEASURED")),
                damaged(
                        "a phase without figure and reason",
                        tree -> ((ObjectNode) tree.path("phases").path(2)).remove("reason")),
                damaged("a status that is none", tree -> first(tree, "cells").put("status", "fine")),
                damaged(
                        "a cold start without basis",
                        tree -> first(tree, "cells").remove("cold_start_basis")),
                damaged("a code with spaces", tree -> first(tree, "findings").put("code", "Not a code")),
                damaged(
                        "a boundary that is no list",
                        tree -> ((ObjectNode) tree.path("boundaries")).put("compute", "rapl:package-0")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damage")
    void whatIsDamagedIsNot(String what, Consumer<ObjectNode> damage) throws IOException {
        ObjectNode tree = tree(MadeResult.result());

        damage.accept(tree);

        assertThat(errors(tree)).as(what).isNotEmpty();
    }

    private static Arguments damaged(String what, Consumer<ObjectNode> damage) {
        return Arguments.of(what, damage);
    }

    private static ObjectNode first(ObjectNode tree, String list) {
        return (ObjectNode) tree.path(list).path(0);
    }

    private static ObjectNode row(ObjectNode tree) {
        return first(tree, "rows");
    }

    private static ObjectNode hole(ObjectNode tree) {
        return (ObjectNode) tree.path("rows").path(tree.path("rows").size() - 1);
    }

    private static ObjectNode tree(ExperimentResult result) throws IOException {
        StringBuilder out = new StringBuilder();
        JsonReport.write(result, out);
        return (ObjectNode) JsonMapper.shared().readTree(out.toString());
    }

    private static List<String> errors(JsonNode tree) throws IOException {
        return JsonSchemaCheck.of(JsonReport.class, "results.schema.json").errors(tree);
    }
}
