package io.neurojoule.profile;

import io.neurojoule.plugin.Plugins;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The sensors of this machine, opened, and what is missing.
///
/// The estimate is there only if no measured source covers the CPU.
public record Sources(List<Sensor> sensors, List<Discovery.Missing> missing) implements AutoCloseable {
    public Sources {
        sensors = List.copyOf(sensors);
        missing = List.copyOf(missing);
    }

    /// Asks every power source without settings.
    public static Sources discover(SourceConfig config) throws IOException {
        return discover(config, Map.of());
    }

    /// Asks every power source. Synthetic ones are made up, so they are asked only where their options name them.
    ///
    /// @param settings what the user says, by `SOURCE` or, for things that the user names, `SOURCE:NAME`
    /// @throws SettingsException if it names no source, or the source cannot use it
    public static Sources discover(SourceConfig config, Map<String, Map<String, String>> settings) throws IOException {
        Plugins<PowerSource> plugins = Plugins.load(PowerSource.class, "power source", PowerSource::name);
        for (String key : settings.keySet()) {
            if (!plugins.byName().containsKey(key.split(":", 2)[0])) {
                throw new SettingsException("no power source called '%s'; there are %s"
                        .formatted(
                                key.split(":", 2)[0],
                                String.join(", ", new TreeSet<>(plugins.byName().keySet()))));
            }
        }
        List<Sensor> sensors = new ArrayList<>();
        List<Discovery.Missing> missing = new ArrayList<>();
        for (PowerSource source : new TreeMap<>(plugins.byName()).values()) {
            SourceConfig own = own(source.name(), config, settings);
            if (source.name().equals("synthetic") && own.options().isEmpty()) {
                continue;
            }
            Discovery found = source.discover(own);
            sensors.addAll(found.sensors());
            missing.addAll(found.missing());
        }
        if (sensors.stream().anyMatch(sensor -> covers(sensor, Basis.MEASURED))) {
            for (Sensor sensor : List.copyOf(sensors)) {
                if (covers(sensor, Basis.ESTIMATED)) {
                    sensor.close();
                    sensors.remove(sensor);
                }
            }
        }
        return new Sources(sensors, missing);
    }

    private static SourceConfig own(String name, SourceConfig config, Map<String, Map<String, String>> settings) {
        Map<String, Map<String, String>> named = new TreeMap<>();
        settings.forEach((key, values) -> {
            if (key.startsWith(name + ":")) {
                named.put(key.substring(name.length() + 1), values);
            }
        });
        return config.withOptions(settings.getOrDefault(name, Map.of())).withNamed(named);
    }

    private static boolean covers(Sensor sensor, Basis basis) {
        return sensor.channels().stream()
                .anyMatch(channel -> channel.component().kind() == Component.Kind.CPU && channel.basis() == basis);
    }

    /// The channels that the default boundary, `compute`, sums: CPU packages. They never overlap.
    ///
    /// Where some packages are measured, one that is there but cannot be read is a member too, so that the boundary has
    /// no
    /// figure instead of the sum of the others.
    public List<String> compute() {
        boolean measured = sensors.stream().anyMatch(sensor -> covers(sensor, Basis.MEASURED));
        Stream<Channel> present = sensors.stream().flatMap(sensor -> sensor.channels().stream());
        Stream<Channel> lost = measured ? missing.stream().flatMap(one -> one.channel().stream()) : Stream.empty();
        return Stream.concat(present, lost)
                .filter(channel -> channel.component().kind() == Component.Kind.CPU)
                .map(Channel::id)
                .distinct()
                .sorted()
                .toList();
    }

    /// All channels, in the order of the sensors.
    public List<Channel> channels() {
        return sensors.stream().flatMap(sensor -> sensor.channels().stream()).toList();
    }

    /// The energy and power channels that a selector means: a glob, where `rapl:package` also means `rapl:package-0`.
    /// Empty
    /// if there is none.
    public List<Channel> matching(String selector) {
        String expression = selector.chars()
                .mapToObj(c -> c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c)))
                .collect(Collectors.joining("", "", "([-/].*)?"));
        return channels().stream()
                .filter(channel -> channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER)
                .filter(channel -> channel.id().matches(expression))
                .toList();
    }

    @Override
    public void close() throws IOException {
        for (Sensor sensor : sensors) {
            sensor.close();
        }
    }
}
