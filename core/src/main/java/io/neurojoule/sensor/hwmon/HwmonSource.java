package io.neurojoule.sensor.hwmon;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.FileSensor;
import io.neurojoule.sensor.FileSensor.Column;
import io.neurojoule.sensor.PciSlot;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Whatever Linux shows through hwmon that is a power, an energy, or volts and amperes of one rail: one sensor per
/// chip.
///
/// Rails (INA219, 226, 260, 3221 and others), supplies on PMBus, AMD and Intel GPUs, FPGA cards under XRT and OPAE,
/// ACPI power meters. Option: `bdf`, the PCI address of the card that is measured; other cards are recorded beside it.
public final class HwmonSource implements PowerSource {
    static final String NAME = "hwmon";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        Settings settings = Settings.of(NAME, config.options(), List.of("bdf"));
        return new Search(config.sysfs(), PciSlot.chosen(NAME, settings)).run();
    }

    /// One discovery.
    private static final class Search {
        private final Path sysfs;
        private final Optional<PciSlot> chosen;
        private final List<Sensor> sensors = new ArrayList<>();
        private final List<Missing> missing = new ArrayList<>();

        Search(Path sysfs, Optional<PciSlot> chosen) {
            this.sysfs = sysfs;
            this.chosen = chosen;
        }

        Discovery run() {
            List<Chip> chips = Chip.find(sysfs);
            Set<String> wholes = Parts.wholes(chips);
            for (Chip chip : chips) {
                if (!isSecondViewOfCard(chip, chips)) {
                    Rule rule = Rule.of(chip);
                    open(new Layout(chip, rule, new Parts(chip, rule, wholes, chosen)));
                }
            }
            boolean anyPower = sensors.stream()
                    .flatMap(sensor -> sensor.channels().stream())
                    .anyMatch(Search::isPower);
            if (!anyPower && missing.isEmpty()) {
                missing.add(absent(chips));
            }
            chosen.filter(slot -> cards(chips).noneMatch(slot::has))
                    .ifPresent(slot -> missing.add(otherCards(slot, chips)));
            return new Discovery(sensors, missing);
        }

        private static boolean isPower(Channel channel) {
            return channel.quantity() == Quantity.POWER || channel.quantity() == Quantity.ENERGY;
        }

        private static Stream<String> cards(List<Chip> chips) {
            return chips.stream()
                    .filter(chip -> Rule.of(chip).kind() == Rule.Kind.CARD
                            || Rule.of(chip).kind() == Rule.Kind.GPU)
                    .flatMap(chip -> chip.pci().stream());
        }

        /// XRT's management function shows the same readings as the user's, which is then read alone.
        private static boolean isSecondViewOfCard(Chip chip, List<Chip> chips) {
            Optional<PciSlot> slot = chip.pci().flatMap(PciSlot::of);
            return chip.name().endsWith("_mgmt")
                    && slot.isPresent()
                    && chips.stream()
                            .filter(other -> other.name().endsWith("_user"))
                            .flatMap(other -> other.pci().stream())
                            .anyMatch(slot.get()::has);
        }

        private void open(Layout layout) {
            Chip chip = layout.chip();
            missing.addAll(layout.missing());
            FileSensor.open(NAME + ":" + chip.id(), layout.via(), layout.columns(), this::refused)
                    .ifPresent(sensors::add);
        }

        /// Volts and amperes are told with the power that is made of them.
        private void refused(Column column, IOException e) {
            Quantity quantity = column.channel().quantity();
            if (quantity != Quantity.VOLTAGE && quantity != Quantity.CURRENT) {
                missing.add(missing(column, e));
            }
        }

        private static Missing missing(Column column, IOException e) {
            Channel lost = column.channel();
            if (e instanceof AccessDeniedException) {
                String file = String.valueOf(e.getMessage());
                return Missing.notPermitted(
                                "hwmon-permission",
                                file,
                                "permission denied",
                                "Ask an administrator to let users read it: sudo chmod a+r " + file)
                        .withAdmin("chmod a+r " + file)
                        .of(lost);
            }
            String files = column.terms().stream()
                    .flatMap(List::stream)
                    .map(Path::toString)
                    .collect(Collectors.joining(" "));
            return Missing.broken(
                            "hwmon-unreadable",
                            files,
                            String.valueOf(e.getMessage()),
                            "Look at it with: cat " + files
                                    + "; a card that sleeps answers once it works, and the kernel log may say more:"
                                    + " sudo dmesg | tail")
                    .of(lost);
        }

        private static Missing otherCards(PciSlot slot, List<Chip> chips) {
            String others = cards(chips).distinct().sorted().collect(Collectors.joining(", "));
            return Missing.absent(
                    "hwmon-card-absent",
                    "card " + slot.name(),
                    others.isEmpty() ? "no card here is shown by hwmon" : "hwmon shows the cards " + others,
                    "Give the address of one of these as bdf, or leave bdf out.");
        }

        private Missing absent(List<Chip> chips) {
            String names = chips.stream().map(Chip::name).distinct().sorted().collect(Collectors.joining(", "));
            return Missing.absent(
                    "hwmon-absent",
                    sysfs.resolve("class/hwmon").toString(),
                    chips.isEmpty()
                            ? "no hwmon chips: no driver for one is loaded, or a virtual machine or container hides them"
                            : "none of the chips here measures power (" + names + ")",
                    "sudo modprobe acpi_power_meter helps on servers that have one, and sudo sensors-detect finds other"
                            + " drivers. In a container: mount the host's /sys and give it with --sysfs.");
        }
    }
}
