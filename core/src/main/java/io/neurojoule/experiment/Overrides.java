package io.neurojoule.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// Values given by `-D key.key=value`, put into the node tree before it is read.
final class Overrides {
    /// What the mark of an override starts with instead of a file name.
    static final String FLAG = "-D ";

    private static final Map<String, String> ALIASES = Map.of("method.repeats", "method.measure.repeats");

    private static final String PLACE = "targets.*.place";

    /// Maps from any name to a value: the rest of the dotted key is the name.
    private static final Set<String> FLAT = Set.of(
            "model.artifacts",
            "targets.*.workload.env",
            "targets.*.workload.options",
            "targets.*.boundary",
            "targets.*.sources.options.*");

    /// Maps from any name to a map.
    private static final Set<String> OPEN = Set.of("targets.*.sources.options", PLACE);

    private Overrides() {}

    /// A tree with the values in it; the given one stays as it is.
    ///
    /// @throws ExperimentException if an override names no key, or holds no YAML
    static Node apply(Node root, List<String> overrides, String file) {
        Node result = root;
        for (String override : overrides) {
            int equals = override.indexOf('=');
            if (equals < 1) {
                throw new ExperimentException(FLAG + override + ": no key and value; write e.g. -D method.repeats=3");
            }
            String key = override.substring(0, equals).strip();
            String path = ALIASES.getOrDefault(key, key);
            Node value = ExperimentFile.compose(override.substring(equals + 1), FLAG + override)
                    .orElseGet(() -> new ScalarNode(Tag.NULL, "", ScalarStyle.PLAIN));
            result = with(result, "", "", List.of(path.split("\\.", -1)), value, FLAG + override, file);
        }
        return result;
    }

    /// @param path  of the node, as written
    /// @param level of the node, as in [ExperimentFile#KEYS]
    private static Node with(
            Node node, String path, String level, List<String> keys, Node value, String flag, String file) {
        if (!(node instanceof MappingNode) && !node.getTag().equals(Tag.NULL)) {
            throw new ExperimentException("%s: %s holds no keys here; give it as a whole: -D %s=…"
                    .formatted(flag, path.isEmpty() ? "the file" : path, path));
        }
        boolean isFlat = FLAT.contains(level);
        String key = isFlat ? String.join(".", keys) : keys.getFirst();
        Set<String> known = known(node, path, level, file);
        if (!isFlat && !OPEN.contains(level) && !known.contains(key)) {
            throw new ExperimentException(flag + ": "
                    + (known.isEmpty()
                            ? "%s has no keys below it".formatted(path)
                            : ExperimentNode.unknown(key, path, known)));
        }
        String childPath = path.isEmpty() ? key : path + "." + key;
        String childLevel = level(level, key);
        List<NodeTuple> tuples = new ArrayList<>();
        Optional<NodeTuple> old = Optional.empty();
        if (node instanceof MappingNode mapping) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (tuple.getKeyNode() instanceof ScalarNode name
                        && name.getValue().equals(key)) {
                    old = Optional.of(tuple);
                }
                tuples.add(tuple);
            }
        }
        Node child = value;
        if (!isFlat && keys.size() > 1) {
            Node before = old.map(NodeTuple::getValueNode)
                    .orElseGet(() -> new ScalarNode(
                            Tag.NULL, false, "", ScalarStyle.PLAIN, value.getStartMark(), value.getEndMark()));
            child = with(before, childPath, childLevel, keys.subList(1, keys.size()), value, flag, file);
        }
        NodeTuple replaced = new NodeTuple(
                old.map(NodeTuple::getKeyNode)
                        .orElseGet(() -> new ScalarNode(
                                Tag.STR, false, key, ScalarStyle.PLAIN, value.getStartMark(), value.getEndMark())),
                child);
        if (old.isPresent()) {
            tuples.set(tuples.indexOf(old.get()), replaced);
        } else {
            tuples.add(replaced);
        }
        return new MappingNode(Tag.MAP, false, tuples, FlowStyle.BLOCK, node.getStartMark(), node.getEndMark());
    }

    private static String level(String level, String key) {
        if (level.equals(PLACE)) {
            return PLACE;
        }
        boolean isNamed = ExperimentFile.KEYS.containsKey(level + ".*") || FLAT.contains(level + ".*");
        return isNamed ? level + ".*" : level.isEmpty() ? key : level + "." + key;
    }

    /// The keys that can be meant: aliases, too; of a map by name, those that are there.
    private static Set<String> known(Node node, String path, String level, String file) {
        if (ExperimentFile.KEYS.containsKey(level + ".*") && node instanceof MappingNode) {
            return new ExperimentNode(node, path, file).entries().keySet();
        }
        Set<String> known = new TreeSet<>(ExperimentFile.KEYS.getOrDefault(level, List.of()));
        for (String alias : ALIASES.keySet()) {
            int dot = alias.lastIndexOf('.');
            if (alias.substring(0, dot).equals(path)) {
                known.add(alias.substring(dot + 1));
            }
        }
        return known;
    }
}
