package io.neurojoule.profile;

import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.ExperimentException;
import io.neurojoule.sensor.Channel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Which channels each boundary sums, resolved before anything is measured.
final class Boundaries {
    static final String COMPUTE = "compute";

    private Boundaries() {}

    /// The boundaries of an experiment: `compute` (CPU packages) unless it says otherwise, and those that it names. The
    /// first one is the headline.
    ///
    /// @throws ExperimentException if a selector matches nothing, members overlap, or two targets disagree
    static Map<String, List<String>> resolve(Experiment experiment, Sources sources) {
        Map<String, List<String>> boundaries = new LinkedHashMap<>();
        boundaries.put(COMPUTE, sources.compute());
        Map<String, List<String>> written = new LinkedHashMap<>();
        experiment
                .targets()
                .forEach((name, target) -> target.boundary().forEach((boundary, selectors) -> {
                    List<String> members = members(boundary, selectors, sources);
                    List<String> other = written.put(boundary, members);
                    if (other != null && !other.equals(members)) {
                        throw new ExperimentException(
                                "targets.%s.boundary.%s has other members than in another target; give it another name"
                                        .formatted(name, boundary));
                    }
                }));
        boundaries.putAll(written);
        return boundaries;
    }

    private static List<String> members(String boundary, List<String> selectors, Sources sources) {
        List<Channel> members = new ArrayList<>();
        for (String selector : selectors) {
            List<Channel> matching = sources.matching(selector);
            if (matching.isEmpty()) {
                throw new ExperimentException("boundary '%s': no source matches '%s'; this machine has %s"
                        .formatted(
                                boundary,
                                selector,
                                sources.channels().stream().map(Channel::id).collect(Collectors.joining(", "))));
            }
            for (Channel channel : matching) {
                if (!members.contains(channel)) {
                    members.add(channel);
                }
            }
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
}
