package io.neurojoule.sensor.xrt;

import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.FileSensor;
import io.neurojoule.sensor.FileSensor.Column;
import io.neurojoule.sensor.PciSlot;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// FPGA cards under XRT, read from the files of their controller (XMC): the card's power, its supplies, and the fabric.
///
/// For nodes whose XRT has no hwmon yet; where it has, both sources name the same components, so that no card is
/// counted twice. Options: `bdf`, the PCI address of the card that is measured; other cards are recorded beside it.
/// `examine`, a file that `xrt-smi examine --format JSON --output FILE` wrote, which names the cards.
public final class XrtSource implements PowerSource {
    static final String NAME = "xrt";

    @Override
    public String name() {
        return NAME;
    }

    /// @throws SettingsException if the file of `examine` is not there, or not what it should be
    @Override
    public Discovery discover(SourceConfig config) {
        Settings settings = Settings.of(NAME, config.options(), List.of("bdf", "examine"));
        Optional<PciSlot> chosen = PciSlot.chosen(NAME, settings);
        List<Card> cards = Card.find(config.sysfs());
        Optional<Examination> written = settings.text("examine").map(XrtSource::read);
        Examination examination = written.orElseGet(
                () -> config.isThisMachine() && !cards.isEmpty() ? Examination.ask() : Examination.NONE);
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        for (Card card : cards) {
            boolean used = chosen.isEmpty() || chosen.get().has(card.address());
            FileSensor.open(
                            NAME + ":" + card.address(),
                            via(card, examination),
                            card.columns(used ? Kind.ACCELERATOR : Kind.BOARD),
                            (column, e) -> refused(column, e).ifPresent(missing::add))
                    .ifPresent(sensors::add);
        }
        if (cards.isEmpty()) {
            missing.add(absent(config.sysfs()));
        } else if (chosen.isPresent() && cards.stream().map(Card::address).noneMatch(chosen.get()::has)) {
            missing.add(otherCards(chosen.get(), cards));
        }
        return new Discovery(sensors, missing);
    }

    private static Examination read(String file) {
        try {
            return Examination.parse(Files.readString(Path.of(file)));
        } catch (IOException e) {
            throw new SettingsException("xrt: cannot use the file of examine, %s: %s. Make it with: xrt-smi examine "
                            .formatted(file, e.getMessage())
                    + "--format JSON --output " + file);
        }
    }

    private static String via(Card card, Examination examination) {
        return examination
                .name(card.address())
                .or(card::boardName)
                .map(name -> "xmc (" + name + ")")
                .orElse("xmc");
    }

    /// Volts and amperes are told with the power that is made of them.
    private static Optional<Missing> refused(Column column, IOException e) {
        Quantity quantity = column.channel().quantity();
        return quantity == Quantity.VOLTAGE || quantity == Quantity.CURRENT
                ? Optional.empty()
                : Optional.of(missing(column, e));
    }

    private static Missing missing(Column column, IOException e) {
        if (e instanceof AccessDeniedException) {
            String file = String.valueOf(e.getMessage());
            return Missing.notPermitted(
                            "xrt-permission",
                            file,
                            "permission denied",
                            "Ask an administrator to let users read it: sudo chmod a+r " + file)
                    .withAdmin("chmod a+r " + file)
                    .of(column.channel());
        }
        String files = column.terms().stream()
                .flatMap(List::stream)
                .map(Path::toString)
                .collect(Collectors.joining(" "));
        return Missing.broken(
                        "xrt-unreadable",
                        files,
                        String.valueOf(e.getMessage()),
                        "Look at it with: cat " + files
                                + "; xrt-smi examine tells whether the card answers, xrt-smi reset brings it back.")
                .of(column.channel());
    }

    private static Missing absent(Path sysfs) {
        return Missing.absent(
                "xrt-absent",
                sysfs.resolve("bus/pci/devices/*/xmc.*").toString(),
                "no FPGA card with a controller that XRT shows: none is here, or its driver (xocl) is not loaded",
                "Newer XRT shows the same readings through hwmon (source hwmon). If there is a card: lspci -d 10ee: lists"
                        + " it, and sudo modprobe xocl loads the driver.");
    }

    private static Missing otherCards(PciSlot slot, List<Card> cards) {
        return Missing.absent(
                "xrt-card-absent",
                "card " + slot.name(),
                "this machine has " + cards.stream().map(Card::address).collect(Collectors.joining(", ")),
                "Give the address of one of these as bdf, or leave bdf out.");
    }
}
