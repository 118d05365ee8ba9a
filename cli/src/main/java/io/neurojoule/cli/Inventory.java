package io.neurojoule.cli;

import io.neurojoule.profile.Sources;
import io.neurojoule.report.Format;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.Quantity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What a discovery found, counted and put into words: what `sources` and `doctor` have in common.
record Inventory(Sources sources) {
    /// The same trouble of several things, e.g. of every counter of a processor.
    record Trouble(Missing first, List<Missing> all) {
        String code() {
            return first.code();
        }

        State state() {
            return first.state();
        }

        /// What it is about, at most three by name.
        String what() {
            List<String> names = all.stream()
                    .map(one -> one.channel().map(Channel::id).orElse(one.what()))
                    .distinct()
                    .toList();
            return names.size() <= 3
                    ? String.join(", ", names)
                    : String.join(", ", names.subList(0, 2)) + " and " + (names.size() - 2) + " more";
        }

        /// The lines of all of them, each once.
        List<String> admin() {
            return all.stream().flatMap(one -> one.admin().stream()).distinct().toList();
        }
    }

    /// What is missing, by state and code, in order of discovery.
    List<Trouble> troubles() {
        Map<String, List<Missing>> byCode = sources.missing().stream()
                .collect(Collectors.groupingBy(
                        one -> one.state() + " " + one.code(), LinkedHashMap::new, Collectors.toList()));
        return byCode.values().stream()
                .map(all -> new Trouble(all.getFirst(), all))
                .sorted(Comparator.comparing(Trouble::state))
                .toList();
    }

    /// Codes are `SOURCE-WORDS`.
    static String source(Missing missing) {
        return missing.code().split("-", 2)[0];
    }

    /// Channels that give joules.
    List<Channel> usable() {
        return sources.channels().stream()
                .filter(channel -> channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER)
                .toList();
    }

    Set<String> usableSources() {
        return usable().stream().map(Channel::source).collect(Collectors.toCollection(TreeSet::new));
    }

    /// All sources but those that wait for the user to describe something.
    Set<String> knownSources() {
        Set<String> known = new TreeSet<>(usableSources());
        sources.channels().forEach(channel -> known.add(channel.source()));
        sources.missing().stream()
                .filter(one -> one.state() != State.NOT_CONFIGURED)
                .forEach(one -> known.add(source(one)));
        return known;
    }

    /// What can be profiled, e.g. `CPU (rapl, MEASURED)`; the strongest basis of each kind of component.
    List<String> measurable() {
        Map<Component.Kind, List<Channel>> byKind = usable().stream()
                .collect(Collectors.groupingBy(
                        channel -> channel.component().kind(), TreeMap::new, Collectors.toList()));
        List<String> words = new ArrayList<>();
        byKind.forEach((kind, channels) -> {
            Basis best = channels.stream()
                    .map(Channel::basis)
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
            String names = channels.stream()
                    .filter(channel -> channel.basis() == best)
                    .map(Channel::source)
                    .distinct()
                    .collect(Collectors.joining(", "));
            double widest = channels.stream()
                    .filter(channel -> channel.basis() == best)
                    .mapToDouble(channel -> channel.accuracy().orElse(0))
                    .max()
                    .orElse(0);
            words.add("%s (%s, %s%s)"
                    .formatted(name(kind), names, best, widest > 0 ? " ± " + Format.percent(widest) : ""));
        });
        return words;
    }

    private static String name(Component.Kind kind) {
        return switch (kind) {
            case CPU -> "CPU packages";
            case CORES -> "CPU cores";
            case UNCORE -> "CPU uncore";
            case DRAM -> "memory";
            case ACCELERATOR -> "accelerators";
            case BEYOND -> "more than this machine";
            case RAIL, BOARD, PLATFORM, NODE, WALL -> kind.name().toLowerCase(Locale.ROOT);
        };
    }
}
