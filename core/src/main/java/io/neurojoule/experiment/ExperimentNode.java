package io.neurojoule.experiment;

import io.neurojoule.plugin.Spelling;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// A view of one node of the file that knows where it stands, for strict reading with good messages.
///
/// A key whose value is null or empty counts as absent.
final class ExperimentNode {
    /// A deeper file is a mistake, or refers to itself.
    private static final int DEEPEST = 40;

    private final Node node;
    private final String path;
    private final String file;

    ExperimentNode(Node node, String path, String file) {
        this.node = node;
        this.path = path;
        this.file = file;
    }

    /// The message with the place in front.
    static ExperimentException error(Optional<Mark> mark, String file, String message) {
        String place = mark.map(at -> at.getName().startsWith(Overrides.FLAG)
                        ? at.getName()
                        : "%s:%d:%d".formatted(at.getName(), at.getLine() + 1, at.getColumn() + 1))
                .orElse(file);
        return new ExperimentException(place + ": " + message);
    }

    /// `unknown key 'bacth' in matrix; did you mean 'batch'?`
    static String unknown(String key, String path, Collection<String> known) {
        return "unknown key '%s'%s; %s"
                .formatted(
                        key,
                        path.isEmpty() ? "" : " in " + path,
                        Spelling.suggest(key, known)
                                .map(near -> "did you mean '" + near + "'?")
                                .orElse("there are " + String.join(", ", known)));
    }

    ExperimentException error(String message) {
        return error(node.getStartMark(), file, message);
    }

    /// Refuses every key but the known ones.
    ExperimentNode only(Collection<String> known) {
        for (NodeTuple entry : tuples()) {
            String key = key(entry);
            if (!known.contains(key)) {
                throw error(entry.getKeyNode().getStartMark(), file, unknown(key, path, known));
            }
        }
        return this;
    }

    /// The entries of a map that have a value, in the order of the file.
    Map<String, ExperimentNode> entries() {
        Map<String, ExperimentNode> entries = new LinkedHashMap<>();
        for (NodeTuple entry : tuples()) {
            if (!isNull(entry.getValueNode())) {
                String key = key(entry);
                entries.put(key, new ExperimentNode(entry.getValueNode(), child(key), file));
            }
        }
        return entries;
    }

    private List<NodeTuple> tuples() {
        if (!(node instanceof MappingNode mapping)) {
            throw expected("a map of keys and values");
        }
        Set<String> seen = new LinkedHashSet<>();
        for (NodeTuple entry : mapping.getValue()) {
            String key = key(entry);
            if (!seen.add(key)) {
                throw error(
                        entry.getKeyNode().getStartMark(),
                        file,
                        "key '%s' stands twice%s; remove one".formatted(key, path.isEmpty() ? "" : " in " + path));
            }
        }
        return mapping.getValue();
    }

    private String key(NodeTuple entry) {
        if (entry.getKeyNode() instanceof ScalarNode key) {
            return key.getValue();
        }
        throw error(entry.getKeyNode().getStartMark(), file, "a key must be a word");
    }

    private String child(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    Optional<ExperimentNode> get(String key) {
        return Optional.ofNullable(entries().get(key));
    }

    ExperimentNode required(String key) {
        return get(key).orElseThrow(
                        () -> error("missing key '%s'%s".formatted(key, path.isEmpty() ? "" : " in " + path)));
    }

    <T> T map(String key, T otherwise, Function<ExperimentNode, T> reader) {
        return get(key).map(reader).orElse(otherwise);
    }

    List<ExperimentNode> items() {
        if (!(node instanceof SequenceNode sequence)) {
            throw expected("a list");
        }
        List<ExperimentNode> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
            items.add(new ExperimentNode(item, path, file));
        }
        return items;
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    /// Text; a number or a truth value is taken as it is written.
    String text() {
        if (node instanceof ScalarNode scalar && !isNull(node)) {
            return scalar.getValue();
        }
        throw expected("a word");
    }

    List<String> texts() {
        return items().stream().map(ExperimentNode::text).toList();
    }

    Map<String, String> textMap() {
        Map<String, String> map = new LinkedHashMap<>();
        entries().forEach((key, value) -> map.put(key, value.text()));
        return map;
    }

    boolean truth() {
        if (node.getTag().equals(Tag.BOOL)) {
            return Boolean.parseBoolean(text());
        }
        throw expected("true or false");
    }

    long whole() {
        if (node.getTag().equals(Tag.INT)) {
            try {
                return Long.parseLong(text());
            } catch (NumberFormatException e) {
                throw expected("a whole number between -2^63 and 2^63 - 1, in decimal digits");
            }
        }
        throw expected("a whole number");
    }

    int small() {
        long whole = whole();
        if (whole != (int) whole) {
            throw expected("a smaller whole number");
        }
        return (int) whole;
    }

    double number(String what) {
        if (node.getTag().equals(Tag.INT) || node.getTag().equals(Tag.FLOAT)) {
            try {
                double number = Double.parseDouble(text());
                if (Double.isFinite(number)) {
                    return number;
                }
            } catch (NumberFormatException e) {
                throw expected(what);
            }
        }
        throw expected(what);
    }

    double seconds() {
        return number("a number of seconds without a unit, e.g. 10 or 0.5");
    }

    /// The fraction that a percentage such as `1%` stands for.
    double percent() {
        if (node instanceof ScalarNode scalar && scalar.getValue().matches("\\d{1,6}(\\.\\d{1,9})?\\s*%")) {
            String digits = scalar.getValue().replace("%", "").strip();
            return new BigDecimal(digits).movePointLeft(2).doubleValue();
        }
        throw expected("a percentage, e.g. 1%");
    }

    static OptionalDouble optional(Optional<Double> value) {
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    /// The node as plain data: String, Long, Double, Boolean, List and Map.
    Object plain() {
        return plain(0);
    }

    private Object plain(int depth) {
        if (depth > DEEPEST) {
            throw error("nested too deeply");
        }
        if (node instanceof MappingNode) {
            Map<String, Object> map = new LinkedHashMap<>();
            entries().forEach((key, value) -> map.put(key, value.plain(depth + 1)));
            return map;
        }
        if (node instanceof SequenceNode) {
            return items().stream().map(item -> item.plain(depth + 1)).toList();
        }
        if (node.getTag().equals(Tag.INT)) {
            return whole();
        }
        if (node.getTag().equals(Tag.FLOAT)) {
            return number("a number");
        }
        return node.getTag().equals(Tag.BOOL) ? (Object) truth() : text();
    }

    /// What the factory makes; if it refuses, the error stands at the key with which its message starts.
    <T> T make(Supplier<T> factory) {
        try {
            return factory.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            ExperimentNode place = this;
            for (String key : message.split("[^A-Za-z0-9_.-]", 2)[0].split("\\.", -1)) {
                Optional<ExperimentNode> next = place.node instanceof MappingNode ? place.get(key) : Optional.empty();
                if (next.isEmpty()) {
                    break;
                }
                place = next.get();
            }
            throw place.error(message);
        }
    }

    private ExperimentException expected(String what) {
        String found = isNull(node) ? "nothing" : "a map";
        if (node instanceof ScalarNode scalar && !isNull(node)) {
            found = "'" + scalar.getValue() + "'";
        } else if (node instanceof SequenceNode) {
            found = "a list";
        }
        return error("%sexpected %s, not %s".formatted(path.isEmpty() ? "" : path + ": ", what, found));
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }
}
