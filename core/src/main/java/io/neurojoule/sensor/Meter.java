package io.neurojoule.sensor;

import io.neurojoule.sensor.Component.Kind;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// A meter that the user describes: one channel, and how a number in text becomes its raw value without loss.
///
/// @param digits how many decimal places of the user's unit are kept: the raw value counts steps of the last one
/// @param time   what stands before a value
public record Meter(Channel channel, int digits, Time time) {
    /// The settings by which a user describes a meter, apart from how it is reached.
    public static final List<String> KEYS = List.of("unit", "kind", "id", "within", "digits", "refresh", "time");

    private static final int DIGITS = 6;
    private static final int MOST_DIGITS = 15;

    /// A 63-bit number has at most 19 digits.
    private static final int MOST_PLACES = 19;

    private static final int LONGEST = 64;
    private static final int SHOWN = 80;

    /// ASCII alone, so that nothing is a number which only some programs read as one.
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?");

    private static final double LEAST_REFRESH = 0.001;
    private static final double MOST_REFRESH = 3600;

    private static final Map<String, Kind> KINDS = Map.of(
            "node",
            Kind.NODE,
            "wall",
            Kind.WALL,
            "accelerator",
            Kind.ACCELERATOR,
            "board",
            Kind.BOARD,
            "rail",
            Kind.RAIL);

    private static final Map<String, Unit> UNITS = Map.ofEntries(
            unit("W", Quantity.POWER, "1"),
            unit("mW", Quantity.POWER, "1e-3"),
            unit("uW", Quantity.POWER, "1e-6"),
            unit("kW", Quantity.POWER, "1e3"),
            unit("MW", Quantity.POWER, "1e6"),
            unit("J", Quantity.ENERGY, "1"),
            unit("mJ", Quantity.ENERGY, "1e-3"),
            unit("uJ", Quantity.ENERGY, "1e-6"),
            unit("nJ", Quantity.ENERGY, "1e-9"),
            unit("kJ", Quantity.ENERGY, "1e3"),
            unit("MJ", Quantity.ENERGY, "1e6"),
            unit("mWh", Quantity.ENERGY, "3.6"),
            unit("Wh", Quantity.ENERGY, "3.6e3"),
            unit("kWh", Quantity.ENERGY, "3.6e6"));

    private record Unit(Quantity quantity, BigDecimal si) {}

    /// What the time before a value means.
    public enum Time {
        /// There is none: the value is of the moment when it arrived.
        NONE("none"),
        /// CLOCK_MONOTONIC of this machine.
        MONOTONIC_NS("monotonic-ns"),
        UNIX_S("unix-s"),
        UNIX_MS("unix-ms");

        private final String word;

        Time(String word) {
            this.word = word;
        }

        /// As the setting `time` has it.
        public String word() {
            return word;
        }
    }

    private static Map.Entry<String, Unit> unit(String name, Quantity quantity, String si) {
        return Map.entry(name, new Unit(quantity, new BigDecimal(si)));
    }

    /// The settings of a source: those of every meter and its own.
    public static List<String> keys(List<String> own) {
        List<String> keys = new ArrayList<>(own);
        keys.addAll(KEYS);
        return List.copyOf(keys);
    }

    /// Reads the description. Without `kind` it is a board of its own, which no boundary sums unless it is named there.
    ///
    /// @param owner    id of the only channel, e.g. `http:plug`
    /// @param settings may have the [#KEYS]
    /// @throws SettingsException if the unit is absent or unknown, or another setting is wrong
    public static Meter of(String owner, Settings settings) {
        return of(owner, settings, settings.required("unit"), Kind.BOARD);
    }

    /// The same where the source knows the unit, and what it usually measures.
    public static Meter of(String owner, Settings settings, String unitName, Kind usual) {
        Unit unit = UNITS.get(unitName.replace('\u00b5', 'u').replace('\u03bc', 'u'));
        if (unit == null) {
            throw new SettingsException("%s: unit must be one of %s: '%s'"
                    .formatted(owner, String.join(", ", new TreeSet<>(UNITS.keySet())), unitName));
        }
        Kind kind = KINDS.getOrDefault(
                settings.oneOf(
                        "kind",
                        List.copyOf(new TreeSet<>(KINDS.keySet())),
                        usual.name().toLowerCase(Locale.ROOT)),
                usual);
        Component component =
                new Component(kind, settings.text("id").orElse(usualId(kind, owner)), within(settings.text("within")));
        int digits = settings.whole("digits", DIGITS, 0, MOST_DIGITS);
        double scale = unit.si().scaleByPowerOfTen(-digits).doubleValue();
        Duration refresh = seconds(owner, settings, "refresh", 1, LEAST_REFRESH, MOST_REFRESH);
        Channel channel = switch (unit.quantity()) {
            case ENERGY -> Channel.counter(owner, component, scale, 0, refresh);
            case POWER, VOLTAGE, CURRENT, TEMPERATURE, FREQUENCY, UTILISATION, FLAGS ->
                Channel.power(owner, component, scale, refresh, Duration.ZERO);
        };
        return new Meter(channel, digits, time(settings));
    }

    /// A machine has one node and one wall, whoever reads them: two meters of it show the same joules unless the user
    /// gives each an id.
    private static String usualId(Kind kind, String owner) {
        return kind == Kind.NODE || kind == Kind.WALL ? kind.name().toLowerCase(Locale.ROOT) : owner.replace(':', '-');
    }

    private static Set<String> within(Optional<String> text) {
        Set<String> ids = new LinkedHashSet<>();
        for (String id : text.orElse("").split("[,\\s]+", -1)) {
            if (!id.isEmpty()) {
                ids.add(id);
            }
        }
        return ids;
    }

    private static Time time(Settings settings) {
        String word = settings.oneOf(
                "time", List.of(Time.values()).stream().map(Time::word).toList(), Time.NONE.word());
        return List.of(Time.values()).stream()
                .filter(time -> time.word().equals(word))
                .findFirst()
                .orElse(Time.NONE);
    }

    /// A setting in seconds.
    ///
    /// @throws SettingsException if it is no number in the range
    public static Duration seconds(
            String owner, Settings settings, String key, double usual, double least, double most) {
        double seconds = settings.number(key, usual);
        if (seconds < least || seconds > most) {
            throw new SettingsException("%s: %s must be from %s to %s seconds: %s"
                    .formatted(owner, key, plain(least), plain(most), plain(seconds)));
        }
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    private static String plain(double number) {
        return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
    }

    /// The same with another channel, e.g. one that knows its accuracy.
    public Meter with(Channel other) {
        return new Meter(other, digits, time);
    }

    /// The raw value of a number in the user's unit, exact.
    ///
    /// @throws IOException if the text is no number, has more decimal places than are kept, or is too large: a gap
    public long raw(String text) throws IOException {
        BigDecimal steps = decimal(text).scaleByPowerOfTen(digits);
        if (steps.signum() == 0) {
            return 0;
        }
        if (steps.precision() - steps.scale() > MOST_PLACES) {
            throw new IOException("'" + shown(text) + "' is beyond 63 bits with digits=" + digits);
        }
        long raw;
        try {
            raw = steps.longValueExact();
        } catch (ArithmeticException e) {
            throw new IOException(
                    steps.stripTrailingZeros().scale() > 0
                            ? "'%s' has more than %d decimal places; raise digits (at most %d)"
                                    .formatted(shown(text), digits, MOST_DIGITS)
                            : "'" + shown(text) + "' is beyond 63 bits with digits=" + digits,
                    e);
        }
        if (raw < 0 && channel.quantity() == Quantity.ENERGY) {
            throw new IOException("'" + shown(text) + "' is a negative energy");
        }
        return raw;
    }

    /// @throws IOException if it is no decimal number
    static BigDecimal decimal(String text) throws IOException {
        if (text.length() > LONGEST || !NUMBER.matcher(text).matches()) {
            throw new IOException("'" + shown(text) + "' is not a number");
        }
        return new BigDecimal(text);
    }

    /// A text as messages show it: not too long, one line.
    public static String shown(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }
}
