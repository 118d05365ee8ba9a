package io.neurojoule.sensor;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a PCI card sits, whichever of its functions is meant.
///
/// @param name domain, bus and device, e.g. `0000:c1:00`
public record PciSlot(String name) {
    private static final Pattern ADDRESS =
            Pattern.compile("(?:([0-9a-fA-F]{4,}):)?([0-9a-fA-F]{2}:[0-9a-fA-F]{2})(?:\\.[0-7])?");

    /// Of an address with or without domain and function, e.g. `0000:c1:00.1` or `c1:00.1`; empty if it is none.
    public static Optional<PciSlot> of(String address) {
        Matcher matcher = ADDRESS.matcher(address.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String domain = Optional.ofNullable(matcher.group(1)).orElse("0000");
        return Optional.of(new PciSlot((domain + ":" + matcher.group(2)).toLowerCase(java.util.Locale.ROOT)));
    }

    /// The slot that the setting `bdf` of a source names; empty if the user names none.
    ///
    /// @throws SettingsException if it is no PCI address
    public static Optional<PciSlot> chosen(String source, Settings settings) {
        return settings.text("bdf")
                .map(text -> of(text).orElseThrow(() -> new SettingsException(
                        "%s: bdf must be a PCI address such as 0000:c1:00.1: '%s'".formatted(source, text))));
    }

    /// Whether a function's address is in this slot.
    public boolean has(String address) {
        return of(address).filter(this::equals).isPresent();
    }
}
