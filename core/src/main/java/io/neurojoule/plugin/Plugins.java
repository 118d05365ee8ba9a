package io.neurojoule.plugin;

import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;

/// All plug-ins of one type, by name.
///
/// @param what what a person calls such a plug-in, e.g. `power source`
public record Plugins<T>(String what, Map<String, T> byName) {
    public Plugins {
        byName = Map.copyOf(byName);
    }

    /// Finds them on the class path through META-INF/services.
    ///
    /// @throws IllegalStateException if two have the same name
    public static <T> Plugins<T> load(Class<T> type, String what, Function<T, String> name) {
        Map<String, T> found = new TreeMap<>();
        for (T plugin : ServiceLoader.load(type)) {
            T other = found.put(name.apply(plugin), plugin);
            if (other != null) {
                throw new IllegalStateException("two plug-ins are called '%s': %s and %s"
                        .formatted(name.apply(plugin), other.getClass(), plugin.getClass()));
            }
        }
        return new Plugins<>(what, found);
    }

    /// The names in order of the alphabet.
    public List<String> names() {
        return byName.keySet().stream().sorted().toList();
    }

    /// @throws IllegalArgumentException if there is none of this name; the message says what there is
    public T get(String name) {
        T plugin = byName.get(name);
        if (plugin == null) {
            throw new IllegalArgumentException("no %s called '%s'; %s%s"
                    .formatted(
                            what,
                            name,
                            Spelling.suggest(name, names())
                                    .map(near -> "did you mean '" + near + "'? ")
                                    .orElse(""),
                            names().isEmpty() ? "there are none" : "there are " + String.join(", ", names())));
        }
        return plugin;
    }
}
