package io.neurojoule.sensor.xrt;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.FileSensor.Column;
import io.neurojoule.sensor.Quantity;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One FPGA card, and the directory in which its controller's readings stand.
///
/// @param address the PCI address of the card's user function, e.g. `0000:c1:00.1`; both functions show one card
/// @param xmc     `…/xmc.u.INSTANCE` of the user function, or `…/xmc.m.INSTANCE` of the management function
/// @see <a
/// href="https://github.com/Xilinx/XRT/blob/master/src/runtime_src/core/pcie/driver/linux/xocl/subdev/xmc.c">the
/// driver that makes these files</a>
record Card(String address, Path xmc) {
    /// What feeds the card: its power is the sum of these.
    private static final List<String> SUPPLIES = List.of("12v_pex", "12v_aux", "3v3_pex");

    private static final String PLUG = "12v_aux";

    /// The fabric of the FPGA; it is fed by the supplies.
    private static final String FABRIC = "vccint";

    private static final double MICRO = 1e-6;
    private static final double MILLI = 1e-3;

    /// The controller is asked once a second, or when the cache of the driver ends, whichever is later.
    private static final long REFRESH_SECONDS = 1;

    /// A card that runs draws more: XRT's controller gives 0 where it has no answer yet.
    private static final Long NO_POWER = 0L;

    /// The cards below `sysfs`, by address; of two functions of one card the user's.
    static List<Card> find(Path sysfs) {
        Map<String, Card> cards = new TreeMap<>();
        for (Path function : children(sysfs.resolve("bus/pci/devices"), "*")) {
            for (Path xmc : children(function, "xmc.[um].*")) {
                String address = function.getFileName().toString().replaceFirst("\\.0$", ".1");
                boolean isUser = xmc.getFileName().toString().startsWith("xmc.u.");
                cards.merge(address, new Card(address, xmc), (one, other) -> isUser ? other : one);
            }
        }
        return List.copyOf(cards.values());
    }

    private static List<Path> children(Path directory, String glob) {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
            stream.forEach(children::add);
        } catch (IOException e) {
            return List.of(); // no such directory: what it holds is reported as absent
        }
        children.sort(null);
        return children;
    }

    /// What the card says that it is, e.g. `ALVEO U280 PQ`.
    Optional<String> boardName() {
        return text("bd_name");
    }

    private Optional<String> text(String file) {
        try {
            return Optional.of(Files.readString(xmc.resolve(file)).strip()).filter(text -> !text.isEmpty());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// The channels of the card, its power first.
    ///
    /// @param kind what the card is to the user: the accelerator that is measured, or a board beside it
    List<Column> columns(Kind kind) {
        String id = "fpga-" + address;
        List<Column> columns = new ArrayList<>();
        total(Component.of(kind, id)).ifPresent(columns::add);
        Set<String> supplies =
                SUPPLIES.stream().map(rail -> id + "-" + name(rail)).collect(Collectors.toSet());
        for (String rail : SUPPLIES) {
            columns.addAll(rail(rail, new Component(Kind.RAIL, id + "-" + name(rail), Set.of(id))));
        }
        Set<String> above = Stream.concat(Stream.of(id), supplies.stream()).collect(Collectors.toSet());
        columns.addAll(rail(FABRIC, new Component(Kind.RAIL, id + "-" + name(FABRIC), above)));
        if (has("xmc_fpga_temp")) {
            columns.add(Column.of(
                    plain("temp", Component.of(kind, id), Quantity.TEMPERATURE, 1), xmc.resolve("xmc_fpga_temp")));
        }
        return columns;
    }

    /// As the hwmon labels of the same driver have it, so that both name the same component: `12V PEX`, `VCC INT`.
    private static String name(String rail) {
        return rail.equals(FABRIC) ? "VCC INT" : rail.toUpperCase(Locale.ROOT).replace('_', ' ');
    }

    private boolean has(String file) {
        return Files.exists(xmc.resolve(file));
    }

    private boolean hasRail(String rail) {
        return has("xmc_" + rail + "_vol") && has("xmc_" + rail + "_curr");
    }

    private Path volts(String rail) {
        return xmc.resolve("xmc_" + rail + "_vol");
    }

    private Path amperes(String rail) {
        return xmc.resolve("xmc_" + rail + "_curr");
    }

    /// `xmc_power`; where the driver is too old for it, the sum of volts times amperes, as XRT's tools make it.
    private Optional<Column> total(Component card) {
        Channel power = Channel.power(id("power"), card, MICRO, refresh(), Duration.ZERO);
        if (has("xmc_power")) {
            return Optional.of(
                    Column.of(power, xmc.resolve("xmc_power")).without(NO_POWER).ofRegisters(List.of()));
        }
        return SUPPLIES.stream().allMatch(this::hasRail)
                ? Optional.of(new Column(
                                power,
                                SUPPLIES.stream()
                                        .map(rail -> List.of(volts(rail), amperes(rail)))
                                        .toList(),
                                List.of(NO_POWER))
                        .ofRegisters(alwaysOn(SUPPLIES)))
                : Optional.empty();
    }

    private List<Column> rail(String rail, Component component) {
        if (!hasRail(rail)) {
            return List.of();
        }
        String volts = text("xmc_" + rail + "_vol").orElse("");
        Channel power = Channel.power(id(rail), component, MICRO, refresh(), Duration.ZERO);
        Channel stepped = volts.matches("[1-9]\\d{0,8}")
                ? power.withResolution(Integer.parseInt(volts) * MILLI * MILLI) // one milliampere
                : power;
        return List.of(
                Column.product(stepped, volts(rail), amperes(rail)).ofRegisters(alwaysOn(List.of(rail))),
                Column.of(plain(rail + "_vol", component, Quantity.VOLTAGE, MILLI), volts(rail))
                        .ofRegisters(alwaysOn(List.of(rail))),
                Column.of(plain(rail + "_curr", component, Quantity.CURRENT, MILLI), amperes(rail))
                        .ofRegisters(List.of()));
    }

    /// The volts of these rails, without those of the plug, which a card may go without.
    private List<Path> alwaysOn(List<String> rails) {
        return rails.stream()
                .filter(rail -> !rail.equals(PLUG))
                .map(this::volts)
                .toList();
    }

    private Channel plain(String part, Component component, Quantity quantity, double scale) {
        return Channel.signal(id(part), component, quantity, scale, refresh());
    }

    private String id(String part) {
        return XrtSource.NAME + ":" + address + "/" + part;
    }

    private Duration refresh() {
        String seconds = text("cache_expire_secs").orElse("");
        return Duration.ofSeconds(
                seconds.matches("\\d{1,2}") ? Math.max(REFRESH_SECONDS, Integer.parseInt(seconds)) : REFRESH_SECONDS);
    }
}
