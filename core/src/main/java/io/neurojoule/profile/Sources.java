package io.neurojoule.profile;

import io.neurojoule.plugin.Plugins;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The sensors of this machine, opened, and what is missing.
///
/// The estimate is there only if no measured source covers the CPU.
public record Sources(List<Sensor> sensors, List<Discovery.Missing> missing) implements AutoCloseable {
    /// A counter in larger steps tells less of a window than a power does: 1 Wh is 18 s of 200 W.
    private static final double COARSE_JOULES = 20;

    private static final Comparator<Channel> BETTER = Comparator.comparing(Channel::basis)
            .thenComparing(Sources::isCoarse)
            .thenComparing(Channel::quantity)
            .thenComparing(channel -> channel.refresh().isZero()) // unknown
            .thenComparing(Channel::refresh);

    private static final int PCI_WITHOUT_DOMAIN = "41:00.0".length();

    /// PCI addresses as people write them, with or without the domain.
    private static final Pattern PCI = Pattern.compile("([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");

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
            try {
                Discovery found = source.discover(own);
                sensors.addAll(found.sensors());
                missing.addAll(found.missing());
            } catch (SettingsException e) {
                new Sources(sensors, missing).close();
                throw e;
            }
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

    private static boolean isCoarse(Channel channel) {
        return channel.quantity() == Quantity.ENERGY && channel.scale() > COARSE_JOULES;
    }

    private static boolean covers(Sensor sensor, Basis basis) {
        return sensor.channels().stream()
                .anyMatch(channel ->
                        isEnergy(channel) && channel.component().kind() == Kind.CPU && channel.basis() == basis);
    }

    /// The channels that the default boundary, `compute`, sums of the CPU: its packages. They never overlap.
    ///
    /// Where some packages are measured, one that is there but cannot be read is a member too, so that the boundary has
    /// no figure instead of the sum of the others.
    public List<String> compute() {
        return best(Kind.CPU);
    }

    /// The channels of the best sources of all components of a kind, one for each, sorted; those that another of them
    /// contains are left out.
    List<String> best(Kind kind) {
        boolean measured =
                energies().anyMatch(channel -> channel.component().kind() == kind && channel.basis() == Basis.MEASURED);
        Set<String> known = energies().map(channel -> channel.component().id()).collect(Collectors.toSet());
        Stream<Channel> lost = measured ? missing.stream().flatMap(one -> one.channel().stream()) : Stream.empty();
        lost = lost.filter(Sources::isEnergy)
                .filter(channel -> !known.contains(channel.component().id())); // read by another source
        List<Channel> all = oneEach(Stream.concat(energies(), lost)
                .filter(channel -> channel.component().kind() == kind)
                .toList());
        return all.stream()
                .filter(channel -> all.stream()
                        .noneMatch(other ->
                                !other.equals(channel) && other.component().contains(channel.component())))
                .map(Channel::id)
                .sorted()
                .toList();
    }

    /// The channels of the machine's parts that are measured: packages, memory and accelerators, one each, and none
    /// within another. An accelerator that a node's controller only numbers may be one that its driver reads by PCI
    /// address: then it is left out.
    List<String> parts() {
        List<String> cards = best(Kind.ACCELERATOR);
        List<String> known = cards.stream().filter(id -> PCI.matcher(id).find()).toList();
        return withoutParts(withoutParts(best(Kind.CPU), best(Kind.DRAM)), known.isEmpty() ? cards : known);
    }

    /// The channels of the accelerator that a network uses: `cpu` has none, a PCI address such as `0000:41:00.0` means
    /// that card, and so does the id of its component. A device that no source knows is a member that was not recorded,
    /// so that the sum has no figure.
    ///
    /// @param environment of the network's process
    /// @throws SettingsException if it cannot be told which card is meant
    public List<String> device(String device, Map<String, String> environment) {
        if (device.equals("cpu")) {
            return List.of();
        }
        for (PowerSource source : Plugins.load(PowerSource.class, "power source", PowerSource::name)
                .byName()
                .values()) {
            Optional<String> component = source.component(device, environment);
            if (component.isPresent()) {
                return device(device, id -> id.equals(component.get()));
            }
        }
        String name = device.toLowerCase(Locale.ROOT);
        if (!PCI.matcher(name).matches()) {
            return device(device, id -> id.equals(name));
        }
        String address = name.length() == PCI_WITHOUT_DOMAIN ? "0000:" + name : name;
        return device(device, id -> id.endsWith("-" + address));
    }

    private List<String> device(String device, Predicate<String> meant) {
        List<Channel> card = energies()
                .filter(channel -> channel.component().kind() == Kind.ACCELERATOR
                        && meant.test(channel.component().id()))
                .toList();
        return card.isEmpty()
                ? List.of("device:" + device)
                : oneEach(card).stream().map(Channel::id).toList();
    }

    /// Both lists in one, without what another member contains: an APU's figure has the processor's in it. An id that
    /// no sensor has stays.
    List<String> withoutParts(List<String> some, List<String> others) {
        List<String> ids =
                Stream.concat(some.stream(), others.stream()).distinct().toList();
        List<Channel> members = channels().stream()
                .filter(channel -> ids.contains(channel.id()))
                .toList();
        Set<String> parts = members.stream()
                .filter(part -> members.stream()
                        .anyMatch(whole ->
                                !whole.equals(part) && whole.component().contains(part.component())))
                .map(Channel::id)
                .collect(Collectors.toSet());
        return ids.stream().filter(id -> !parts.contains(id)).toList();
    }

    /// One channel for each component: the best basis, then a counter before a power, unless its steps are coarse, then
    /// the better refresh. Keeps the order of the components.
    static List<Channel> oneEach(List<Channel> channels) {
        Map<String, Channel> best = new LinkedHashMap<>();
        for (Channel channel : channels) {
            best.merge(channel.component().id(), channel, (a, b) -> BETTER.compare(a, b) <= 0 ? a : b);
        }
        return List.copyOf(best.values());
    }

    private Stream<Channel> energies() {
        return channels().stream().filter(Sources::isEnergy);
    }

    /// Not volts, amperes or temperature.
    private static boolean isEnergy(Channel channel) {
        return channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER;
    }

    /// All channels, in the order of the sensors.
    public List<Channel> channels() {
        return sensors.stream().flatMap(sensor -> sensor.channels().stream()).toList();
    }

    /// The energy and power channels that a selector means: a glob, where `rapl:package` also means `rapl:package-0`.
    /// Empty if there is none.
    public List<Channel> matching(String selector) {
        String full = Plugins.load(PowerSource.class, "power source", PowerSource::name).byName().values().stream()
                .flatMap(source -> source.resolve(selector).stream())
                .findFirst()
                .orElse(selector);
        String expression = full.chars()
                .mapToObj(c -> c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c)))
                .collect(Collectors.joining("", "", "([-/].*)?"));
        return energies().filter(channel -> channel.id().matches(expression)).toList();
    }

    @Override
    public void close() throws IOException {
        for (Sensor sensor : sensors) {
            sensor.close();
        }
    }
}
