package io.neurojoule.profile;

import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.ExperimentException;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component.Kind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which channels each boundary of each target sums, resolved before anything is measured.
///
/// Every target has `compute` (CPU packages and the accelerator that it uses); `device` (that accelerator), `node` and
/// `wall` where there is something of the kind, `rest` where parts of it are measured; and those that the experiment
/// names.
///
/// @param byTarget members of each boundary by its name, by target
public record Boundaries(Map<String, Map<String, List<String>>> byTarget) {
    static final String COMPUTE = "compute";
    static final String DEVICE = "device";

    /// What the whole draws beside its measured parts: mainboard, network, fans, losses of supplies.
    static final String REST = "rest";

    private static final String LESS = "-";

    /// @throws ExperimentException if a selector matches nothing, or members overlap
    public static Boundaries resolve(Experiment experiment, Sources sources) {
        Map<String, Map<String, List<String>>> byTarget = new LinkedHashMap<>();
        experiment.targets().forEach((name, target) -> {
            Map<String, List<String>> own = new LinkedHashMap<>();
            List<String> used = target.workload()
                    .device()
                    .map(device -> sources.device(device, environment(target)))
                    .orElse(List.of());
            own.put(COMPUTE, sources.withoutParts(sources.compute(), used));
            if (!used.isEmpty()) {
                own.put(DEVICE, used);
            }
            whole(sources, Kind.NODE, "node", own);
            whole(sources, Kind.WALL, "wall", own);
            rest(sources, own);
            target.boundary()
                    .forEach((boundary, selectors) -> own.put(boundary, members(boundary, selectors, sources)));
            byTarget.put(name, own);
        });
        return new Boundaries(byTarget);
    }

    /// Of the network's process: the profiler's own, and what the experiment adds.
    private static Map<String, String> environment(Experiment.Target target) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(target.workload().env());
        return environment;
    }

    private static void whole(Sources sources, Kind kind, String name, Map<String, List<String>> own) {
        List<String> members = sources.best(kind);
        if (!members.isEmpty()) {
            own.put(name, members);
        }
    }

    /// The node, or else the wall, less each part that is measured.
    private static void rest(Sources sources, Map<String, List<String>> own) {
        List<String> whole = own.getOrDefault("node", own.getOrDefault("wall", List.of()));
        List<String> parts = sources.parts();
        if (!whole.isEmpty() && !parts.isEmpty()) {
            own.put(
                    REST,
                    Stream.concat(whole.stream(), parts.stream().map(part -> LESS + part))
                            .toList());
        }
    }

    private static List<String> members(String boundary, List<String> selectors, Sources sources) {
        Set<Channel> members = new LinkedHashSet<>();
        for (String selector : selectors) {
            List<Channel> matching = sources.matching(selector);
            if (matching.isEmpty()) {
                throw new ExperimentException("boundary '%s': no source matches '%s'; this machine has %s"
                        .formatted(
                                boundary,
                                selector,
                                sources.channels().stream().map(Channel::id).collect(Collectors.joining(", "))));
            }
            members.addAll(Sources.oneEach(matching));
        }
        for (Channel one : members) {
            for (Channel other : members) {
                if (!one.equals(other) && one.component().overlaps(other.component())) {
                    throw new ExperimentException("boundary '%s' would count twice: %s and %s measure the same joules"
                            .formatted(boundary, one.id(), other.id()));
                }
            }
        }
        return members.stream().map(Channel::id).toList();
    }

    /// For `run.json`: by name where all targets agree, else by `TARGET/NAME`.
    Map<String, List<String>> flat() {
        Map<String, List<String>> flat = new LinkedHashMap<>();
        byTarget.forEach((target, own) -> own.forEach((name, members) -> {
            boolean shared = byTarget.values().stream().allMatch(other -> members.equals(other.get(name)));
            flat.put(shared ? name : target + "/" + name, members);
        }));
        return flat;
    }

    /// What figures are asked for: the headline, and the boundaries that the user names.
    public Map<String, Set<String>> asked(Experiment experiment) {
        Map<String, Set<String>> asked = new LinkedHashMap<>();
        experiment.targets().forEach((name, target) -> {
            Set<String> names = new LinkedHashSet<>(Set.of(COMPUTE));
            names.addAll(target.boundary().keySet());
            asked.put(name, names);
        });
        return asked;
    }

    /// The ids of all channels that the asked boundaries sum.
    public Set<String> askedMembers(Experiment experiment) {
        Set<String> members = new LinkedHashSet<>();
        asked(experiment)
                .forEach((target, names) -> names.forEach(name ->
                        members.addAll(byTarget.getOrDefault(target, Map.of()).getOrDefault(name, List.of()))));
        return members;
    }

    /// The channels that windows must be long enough for: members of the headline and of the boundaries that the user
    /// names, and what the sources must have.
    Set<String> required(Experiment experiment, Sources sources) {
        Set<String> required = new LinkedHashSet<>(askedMembers(experiment));
        experiment.targets().values().stream()
                .flatMap(target -> target.sources().require().stream())
                .flatMap(selector -> sources.matching(selector).stream())
                .forEach(channel -> required.add(channel.id()));
        return required;
    }

    /// The members of the headline of a target.
    List<String> headline(String target) {
        return byTarget.getOrDefault(target, Map.of()).getOrDefault(COMPUTE, List.of());
    }
}
