package io.neurojoule.sensor.hwmon;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.FileSensor.Column;
import io.neurojoule.sensor.Quantity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the files of one chip mean: a channel for each power, energy, and pair of volts and amperes.
record Layout(Chip chip, Rule rule, Parts parts) {
    private static final double MICRO = 1e-6;
    private static final double MILLI = 1e-3;

    /// XRT's own tools take both for "not there": 0, and a register of ones.
    private static final Long[] CARD_HAS_NONE = {0L, 0xFFFFFFFFL};

    List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        powers(columns);
        energies(columns);
        pairs(columns);
        temperatures(columns);
        return columns;
    }

    /// The chip's name and the labels of what is read, for `run.json`.
    String via() {
        String labels = columns().stream()
                .filter(column -> column.channel().quantity() == Quantity.POWER
                        || column.channel().quantity() == Quantity.ENERGY)
                .map(column ->
                        column.terms().getFirst().getFirst().getFileName().toString())
                .flatMap(file -> chip.label(file.substring(0, file.lastIndexOf('_'))).stream())
                .distinct()
                .collect(Collectors.joining(", "));
        return labels.isEmpty() ? chip.name() : chip.name() + " (" + labels + ")";
    }

    /// A power limit that XRT shows as if it was a reading.
    private boolean isSetPoint(String attribute) {
        return rule.kind() == Rule.Kind.CARD
                && chip.label(attribute).orElse("").toUpperCase(Locale.ROOT).contains("TARGET");
    }

    /// What cannot be understood: a value whose unit nothing tells.
    List<Missing> missing() {
        return chip.numbers("power", "input").stream()
                .map(n -> "power" + n)
                .filter(attribute -> scale(attribute, MICRO).isEmpty())
                .map(attribute -> Missing.broken(
                        "hwmon-unreadable",
                        chip.file(attribute + "_unitm").toString(),
                        "without this exponent the unit of " + attribute + "_input is not known",
                        "Look at it with: cat " + chip.file(attribute + "_unitm") + "; a newer XRT may bring it."))
                .toList();
    }

    private void powers(List<Column> columns) {
        for (int n : chip.numbers("power", "input|average")) {
            String attribute = "power" + n;
            boolean isXrtSetPoint = parts.isXrt() && n > 1;
            if (isSetPoint(attribute) || isXrtSetPoint) {
                continue;
            }
            List<String> suffixes = readings(attribute);
            for (int i = 0; i < suffixes.size(); i++) {
                String file = attribute + suffixes.get(i);
                power(attribute, i == 0 ? attribute : file, file).ifPresent(columns::add);
            }
        }
    }

    /// Which files of a power attribute are readings, the better one first. Cards put the highest value so far, or the
    /// mean of a minute, into their average.
    private List<String> readings(String attribute) {
        boolean input = chip.has(attribute + "_input");
        boolean average = chip.has(attribute + "_average");
        return switch (rule.kind()) {
            case CARD -> input ? List.of("_input") : List.of();
            case GPU, METER -> present(average, "_average", input, "_input");
            case RAILS, MODULE_RAILS, PACKAGE, CPU_TEMPERATURE, SUPPLY, UNKNOWN ->
                present(
                        input,
                        "_input",
                        average && (!input || interval(attribute).isPresent()),
                        "_average");
        };
    }

    private static List<String> present(boolean one, String first, boolean other, String second) {
        return Stream.concat(one ? Stream.of(first) : Stream.empty(), other ? Stream.of(second) : Stream.empty())
                .toList();
    }

    private OptionalLong interval(String attribute) {
        OptionalLong millis = chip.number(attribute + "_average_interval");
        return millis.isPresent() && millis.getAsLong() > 0 ? millis : OptionalLong.empty();
    }

    private Optional<Column> power(String attribute, String part, String file) {
        OptionalDouble scale = scale(attribute, MICRO);
        if (scale.isEmpty()) {
            return Optional.empty();
        }
        Duration averagedOver = Duration.ZERO;
        Duration refresh = refresh();
        if (file.endsWith("_average") && interval(attribute).isPresent()) {
            averagedOver = Duration.ofMillis(interval(attribute).getAsLong());
            refresh = averagedOver;
        } else if (rule.means()) {
            averagedOver = refresh;
        }
        Channel channel =
                Channel.power(id(part), parts.component(attribute), scale.getAsDouble(), refresh, averagedOver);
        OptionalDouble error = error(attribute);
        Column column =
                Column.of(error.isPresent() ? channel.withAccuracy(error.getAsDouble()) : channel, chip.file(file));
        return Optional.of(
                rule.kind() == Rule.Kind.CARD ? column.without(CARD_HAS_NONE).ofRegisters(List.of()) : column);
    }

    /// ACPI states how exact a meter is: 95 % leaves an error of 5 %.
    private OptionalDouble error(String attribute) {
        Matcher percent = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*%")
                .matcher(chip.text(attribute + "_accuracy").orElse(""));
        if (!percent.matches()) {
            return OptionalDouble.empty();
        }
        double error = 1 - Double.parseDouble(percent.group(1)) / 100;
        return error > 0 && error < 1 ? OptionalDouble.of(error) : OptionalDouble.empty();
    }

    private void energies(List<Column> columns) {
        for (int n : chip.numbers("energy", "input")) {
            String attribute = "energy" + n;
            boolean isOneCore = chip.label(attribute).orElse("").startsWith("Ecore"); // dozens, all in their socket's
            if (isOneCore) {
                continue;
            }
            Channel channel = Channel.counter(id(attribute), parts.component(attribute), MICRO, 0, refresh());
            OptionalDouble most = mostWatts();
            columns.add(Column.of(
                    most.isPresent() ? channel.withMaxWatts(most.getAsDouble()) : channel,
                    chip.file(attribute + "_input")));
        }
    }

    private OptionalDouble mostWatts() {
        return Stream.of("power1_max", "power1_rated_max", "power1_cap_max", "power1_crit")
                .map(chip::number)
                .filter(OptionalLong::isPresent)
                .mapToDouble(limit -> limit.getAsLong() * MICRO)
                .filter(watts -> watts > 0)
                .max();
    }

    private void pairs(List<Column> columns) {
        for (Rule.Pair pair : matched()) {
            String in = "in" + pair.volts();
            String curr = "curr" + pair.amperes();
            boolean off = chip.number(in + "_enable").orElse(1) == 0
                    || chip.label(in).orElse("").equals("NC");
            OptionalDouble volts = scale(in, MILLI);
            OptionalDouble amperes = scale(curr, MILLI);
            if (off || volts.isEmpty() || amperes.isEmpty()) {
                continue;
            }
            Component rail = parts.component(in);
            Duration mean = rule.means() ? refresh() : Duration.ZERO;
            Channel power = Channel.power(
                    id(in + "-" + curr), rail, product(volts.getAsDouble(), amperes.getAsDouble()), refresh(), mean);
            double step = chip.number(in + "_input").orElse(0) * volts.getAsDouble() * amperes.getAsDouble();
            Channel stepped = step > power.scale() ? power.withResolution(step) : power;
            Column product = Column.product(stepped, chip.file(in + "_input"), chip.file(curr + "_input"));
            columns.add(rule.kind() == Rule.Kind.CARD ? product.ofRegisters(alwaysOn(in)) : product);
            columns.add(plain(in, rail, Quantity.VOLTAGE, volts.getAsDouble()));
            columns.add(plain(curr, rail, Quantity.CURRENT, amperes.getAsDouble()));
        }
    }

    /// The fabric and the slot have volts while a card runs; a plug may be empty.
    private List<Path> alwaysOn(String in) {
        String rail = parts.rail(in).orElse("");
        return rail.matches("(?i)(VCC ?INT|12V[ _]PEX)") ? List.of(chip.file(in + "_input")) : List.of();
    }

    /// Powers of ten multiply to a power of ten, not to 1.0000000000000002e-6.
    private static double product(double one, double other) {
        return powerOfTen(Math.round(Math.log10(one) + Math.log10(other)));
    }

    private static double powerOfTen(long exponent) {
        return Double.parseDouble("1e" + exponent);
    }

    private List<Rule.Pair> matched() {
        List<Rule.Pair> candidates = switch (rule.kind()) {
            case CARD -> byLabel();
            case SUPPLY -> outputs();
            // Behind iio-hwmon, in1 is the shunt and in2 the bus: there it has a power file, and no in0.
            case RAILS, MODULE_RAILS -> chip.numbers("power", "input").isEmpty() ? rule.pairs() : List.of();
            case GPU, METER, PACKAGE, CPU_TEMPERATURE, UNKNOWN -> List.of();
        };
        return candidates.stream()
                .filter(pair ->
                        chip.has("in" + pair.volts() + "_input") && chip.has("curr" + pair.amperes() + "_input"))
                .toList();
    }

    /// `12V PEX` and `12V PEX Current`, `FPGA Core Voltage` and `FPGA Core Current`.
    private List<Rule.Pair> byLabel() {
        List<Rule.Pair> pairs = new ArrayList<>();
        for (int volts : chip.numbers("in", "input")) {
            Optional<String> rail = parts.rail("in" + volts);
            chip.numbers("curr", "input").stream()
                    .filter(amperes -> rail.isPresent() && rail.equals(parts.rail("curr" + amperes)))
                    .findFirst()
                    .ifPresent(amperes -> pairs.add(new Rule.Pair(volts, amperes)));
        }
        return pairs;
    }

    /// `vout2` and `iout2`, where there is no `pout2`. Never `vin` and `iin`: an input of alternating current has more
    /// volt-amperes than watts.
    private List<Rule.Pair> outputs() {
        List<Rule.Pair> pairs = new ArrayList<>();
        Set<String> known = chip.numbers("power", "input").stream()
                .map(n -> chip.label("power" + n).orElse(""))
                .collect(Collectors.toSet());
        for (int volts : chip.numbers("in", "input")) {
            String label = chip.label("in" + volts).orElse("");
            if (!label.startsWith("vout") || known.contains("p" + label.substring(1))) {
                continue;
            }
            chip.numbers("curr", "input").stream()
                    .filter(n -> chip.label("curr" + n).orElse("").equals("i" + label.substring(1)))
                    .findFirst()
                    .ifPresent(amperes -> pairs.add(new Rule.Pair(volts, amperes)));
        }
        return pairs;
    }

    private void temperatures(List<Column> columns) {
        List<Integer> numbers = chip.numbers("temp", "input");
        Optional<Integer> chosen = switch (rule.kind()) {
            case GPU -> numbers.stream().findFirst();
            case CARD -> labelled(numbers, "(?i).*FPGA.*");
            case CPU_TEMPERATURE -> labelled(numbers, "Package id \\d+|Tdie").or(() -> labelled(numbers, "Tctl"));
            case RAILS, MODULE_RAILS, METER, PACKAGE, SUPPLY, UNKNOWN -> Optional.empty();
        };
        chosen.map(n -> "temp" + n)
                .ifPresent(attribute -> columns.add(plain(
                        attribute,
                        rule.kind() == Rule.Kind.CPU_TEMPERATURE ? parts.processor(attribute) : parts.card(),
                        Quantity.TEMPERATURE,
                        MILLI)));
    }

    private Optional<Integer> labelled(List<Integer> temperatures, String pattern) {
        return temperatures.stream()
                .filter(n -> chip.text("temp" + n + "_label").orElse("").matches(pattern))
                .findFirst();
    }

    private Column plain(String attribute, Component component, Quantity quantity, double scale) {
        return Column.of(
                Channel.signal(id(attribute), component, quantity, scale, refresh()), chip.file(attribute + "_input"));
    }

    /// `update_interval` where the chip has it, else what its row says.
    private Duration refresh() {
        OptionalLong millis = chip.number("update_interval");
        return millis.isPresent() && millis.getAsLong() > 0 ? Duration.ofMillis(millis.getAsLong()) : rule.refresh();
    }

    /// SI units per step; hwmon_sdm tells the exponent beside each value, and without it there is no figure.
    private OptionalDouble scale(String attribute, double usual) {
        if (!parts.isSdm()) {
            return OptionalDouble.of(usual);
        }
        OptionalLong exponent = chip.number(attribute + "_unitm");
        return exponent.isPresent() && Math.abs(exponent.getAsLong()) <= 12
                ? OptionalDouble.of(powerOfTen(exponent.getAsLong()))
                : OptionalDouble.empty();
    }

    private String id(String part) {
        return HwmonSource.NAME + ":" + chip.id() + "/" + part;
    }
}
