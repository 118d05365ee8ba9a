package io.neurojoule.sensor.hwmon;

import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.PciSlot;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What the readings of one chip are parts of, so that nothing is counted twice.
///
/// @param wholes component ids of module inputs on any chip of this machine, which contain the rails of such chips
/// @param chosen the card that the user measures; others are then recorded as boards
record Parts(Chip chip, Rule rule, Set<String> wholes, Optional<PciSlot> chosen) {
    /// Up to 8 sockets: which of them such a chip is in cannot be told from its name.
    private static final Set<String> PACKAGES =
            IntStream.range(0, 8).mapToObj(i -> "package-" + i).collect(Collectors.toUnmodifiableSet());

    /// Jetson: what enters the module (Orin NX and Nano, Xavier NX, TX2; Nano), or the carrier board that it sits on.
    private static final Set<String> MODULE_INPUTS = Set.of("VDD_IN", "POM_5V_IN", "VDD_MUX");

    private static final Set<String> CARD_TOTALS = Set.of("power", "total power", "board power");

    /// NVIDIA's firmware on Grace: `CPU Power Socket 0`.
    private static final Pattern GRACE = Pattern.compile("(Module|Grace|CPU|SysIO) Power Socket (\\d+)");

    private static final Pattern SOCKET = Pattern.compile(".* Power Socket (\\d+)");

    /// gpu_metrics begins with its length (2 bytes) and its format: 1 for cards, above for processors with graphics
    /// (kgd_pp_interface.h).
    private static final int METRICS_FORMAT_AT = 2;

    /// Component ids of the module inputs among these chips.
    static Set<String> wholes(List<Chip> chips) {
        Set<String> wholes = new HashSet<>();
        for (Chip chip : chips) {
            if (Rule.of(chip).kind() == Rule.Kind.MODULE_RAILS) {
                Parts parts = new Parts(chip, Rule.of(chip), Set.of(), Optional.empty());
                for (Rule.Pair pair : parts.rule.pairs()) {
                    chip.label("in" + pair.volts())
                            .filter(MODULE_INPUTS::contains)
                            .ifPresent(label -> wholes.add(parts.railId("in" + pair.volts())));
                }
            }
        }
        return wholes;
    }

    Component component(String attribute) {
        return switch (rule.kind()) {
            // Such a chip measures one rail: its power and its accumulators of energy are the same joules.
            case RAILS -> Component.of(Kind.RAIL, "rail-" + chip.id());
            case MODULE_RAILS -> moduleRail(attribute);
            case GPU -> gpu(attribute);
            case CARD -> cardOrRail(attribute);
            case METER -> meter(attribute);
            case PACKAGE, CPU_TEMPERATURE -> new Component(Kind.RAIL, railId(attribute), PACKAGES);
            case SUPPLY -> supply(attribute);
            case UNKNOWN -> new Component(Kind.RAIL, railId(attribute), others(attribute));
        };
    }

    /// By the attribute's own label: that of the whole chip would make one of several rails.
    private String railId(String attribute) {
        return "rail-" + chip.id() + "-" + chip.text(attribute + "_label").orElse(attribute);
    }

    /// What contains what is not known, so each is said to contain the others: none are added.
    private Set<String> others(String attribute) {
        return Stream.of("power", "energy")
                .flatMap(kind -> chip.numbers(kind, "input|average").stream().map(n -> kind + n))
                .filter(other -> !other.equals(attribute))
                .map(this::railId)
                .collect(Collectors.toSet());
    }

    /// A module's input contains the rails of all such chips, since no file says which of them are outside.
    private Component moduleRail(String attribute) {
        String id = railId(attribute);
        String label = chip.label(attribute).orElse("");
        if (label.equals("VDD_MUX")) {
            return Component.of(Kind.BOARD, id);
        }
        boolean isModule = MODULE_INPUTS.contains(label);
        Set<String> within = wholes.stream()
                .filter(whole -> !whole.equals(id) && (!isModule || whole.endsWith("-VDD_MUX")))
                .collect(Collectors.toCollection(HashSet::new));
        if (label.equals("VDDQ_VDD2_1V8AO")) {
            // AGX Orin: whether its memory rail is fed from VIN_SYS_5V0 is not documented; so the two are not added.
            within.add("rail-" + chip.id().replaceFirst("0041$", "0040") + "-VIN_SYS_5V0");
        }
        return new Component(isModule ? Kind.BOARD : Kind.RAIL, id, within);
    }

    /// i915 counts each tile in a chip of its own, xe the package inside the card.
    private Component gpu(String attribute) {
        Component whole = card();
        String part = chip.name().startsWith("i915_")
                ? chip.name().substring("i915_".length())
                : attribute.startsWith("energy") && !attribute.equals("energy1") ? attribute : "";
        return part.isEmpty()
                ? whole
                : new Component(
                        Kind.RAIL, whole.id() + "-" + chip.label(attribute).orElse(part), Set.of(whole.id()));
    }

    Component card() {
        String address = chip.pci().orElse(chip.id());
        boolean used = chosen.isEmpty() || chosen.get().has(address);
        Kind kind = used ? Kind.ACCELERATOR : Kind.BOARD;
        return rule.kind() == Rule.Kind.GPU
                ? new Component(kind, "gpu-" + address, isProcessorWithGraphics() ? PACKAGES : Set.of())
                : Component.of(kind, cardId());
    }

    /// The figure of a processor with graphics is that of the whole package.
    private boolean isProcessorWithGraphics() {
        if (chip.device().isEmpty()) {
            return false;
        }
        try (InputStream metrics = Files.newInputStream(chip.device().get().resolve("gpu_metrics"))) {
            byte[] head = metrics.readNBytes(METRICS_FORMAT_AT + 1);
            return head.length > METRICS_FORMAT_AT && head[METRICS_FORMAT_AT] > 1;
        } catch (IOException e) {
            return false; // most cards have no such file
        }
    }

    /// XRT shows one card as two functions, management (0) and user (1): both are called by the user's.
    private String cardId() {
        String address = chip.pci().orElse(chip.id());
        return "fpga-" + (isXrt() ? address.replaceFirst("\\.0$", ".1") : address);
    }

    /// What comes out of the slot and the plug makes up the total; other rails are fed by these.
    private Component cardOrRail(String attribute) {
        String label = chip.text(attribute + "_label").orElse("");
        boolean isTotal = attribute.startsWith("power")
                && (CARD_TOTALS.contains(label.toLowerCase(Locale.ROOT)) || label.isEmpty());
        if (isTotal) {
            return card();
        }
        Set<String> within = new HashSet<>(Set.of(cardId()));
        if (!isSupplyOfCard(label)) {
            chip.numbers("in", "input").stream()
                    .filter(n -> isSupplyOfCard(chip.text("in" + n + "_label").orElse("")))
                    .map(n -> cardRailId("in" + n))
                    .forEach(within::add);
        }
        return new Component(Kind.RAIL, cardRailId(attribute), within);
    }

    private String cardRailId(String attribute) {
        return cardId() + "-" + rail(attribute).orElse(attribute);
    }

    private static boolean isSupplyOfCard(String label) {
        return label.matches("(?i)(12V|3V3)[ _]?(PEX|AUX|Backplane).*");
    }

    private Component meter(String attribute) {
        Matcher grace = GRACE.matcher(chip.text(attribute + "_oem_info").orElse(""));
        if (grace.matches()) {
            String module = "module-" + grace.group(2);
            String socket = "grace-" + grace.group(2);
            return switch (grace.group(1)) {
                case "Module" -> Component.of(Kind.BOARD, module);
                case "Grace" -> new Component(Kind.PLATFORM, socket, Set.of(module));
                // As other sources call the same processor, e.g. cray.
                case "CPU" ->
                    new Component(Kind.CPU, "package-" + grace.group(2), Set.of("cpu", "psys", socket, module));
                default -> new Component(Kind.UNCORE, socket + "-sysio", Set.of(socket, module));
            };
        }
        String info = chip.text(attribute + "_oem_info").orElse("");
        boolean isPart =
                !info.isEmpty() || chip.number(attribute + "_is_battery").orElse(0) == 1;
        if (!isPart) {
            return Component.of(Kind.NODE, "node");
        }
        // What the firmware has a name for is not known to be the whole machine.
        Matcher socket = SOCKET.matcher(info);
        return new Component(
                Kind.RAIL, railId(attribute), socket.matches() ? Set.of("module-" + socket.group(1)) : Set.of());
    }

    private Component supply(String attribute) {
        String supply = "psu-" + chip.id();
        String label = chip.label(attribute).orElse(attribute);
        return label.equals("pin")
                ? Component.of(Kind.RAIL, supply)
                : new Component(Kind.RAIL, supply + "-" + label.replaceFirst("^[pv]", ""), Set.of(supply));
    }

    /// Intel's chip says which package; AMD's sits in function 3 of device 18 and up, one for each node of the package.
    Component processor(String attribute) {
        Matcher intel = Pattern.compile("Package id (\\d+)")
                .matcher(chip.text(attribute + "_label").orElse(""));
        Matcher amd = Pattern.compile(".*:([0-9a-f]{2})\\.3").matcher(chip.pci().orElse(""));
        String number = intel.matches()
                ? intel.group(1)
                : amd.matches() ? Integer.toString(Math.max(0, Integer.parseInt(amd.group(1), 16) - 0x18)) : "0";
        return Component.of(Kind.CPU, "package-" + number);
    }

    Optional<String> rail(String attribute) {
        return chip.text(attribute + "_label").map(label -> label.replaceFirst("(?i) (voltage|current)$", ""));
    }

    boolean isXrt() {
        return rule.kind() == Rule.Kind.CARD && !isSdm() && !chip.name().contains("bmc");
    }

    boolean isSdm() {
        return chip.name().contains("hwmon_sdm");
    }
}
