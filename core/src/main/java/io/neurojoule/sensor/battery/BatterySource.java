package io.neurojoule.sensor.battery;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The draw of a laptop that runs from its batteries: one sensor for all of them, since they feed one machine.
///
/// On mains there is no figure: the battery then gives nothing, or takes. Raw values are the size of what the drivers
/// give, as their sign differs from driver to driver.
public final class BatterySource implements PowerSource {
    static final String NAME = "battery";

    /// The ACPI driver keeps a value for a second (its parameter cache_time); the controller behind it may need up to a
    /// minute for a new one. A value is taken as the mean since the one before; no document says.
    private static final Duration REFRESH = Duration.ofSeconds(1);

    private static final double MICRO = 1e-6;

    /// Microvolts times microamperes.
    private static final double PICO = 1e-12;

    private static final List<String> POWER = List.of("power_now");
    private static final List<String> PRODUCT = List.of("voltage_now", "current_now");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        Settings.of(NAME, config.options(), List.of());
        List<Supply> supplies = Supply.find(config.sysfs());
        List<Supply> batteries = supplies.stream().filter(Supply::isBattery).toList();
        if (batteries.isEmpty()) {
            return Discovery.of(Missing.absent(
                    "battery-absent",
                    config.sysfs().resolve("class/power_supply").toString(),
                    "this machine has no battery, or does not show it",
                    "Nothing to do: a battery tells the draw of a laptop only."));
        }
        boolean hasPower = batteries.stream().allMatch(battery -> battery.has("power_now"));
        boolean hasProduct =
                batteries.stream().allMatch(battery -> PRODUCT.stream().allMatch(battery::has));
        if (!hasPower && !hasProduct) {
            return Discovery.of(Missing.absent(
                    "battery-no-power",
                    names(batteries),
                    "the battery tells neither power nor volts and amperes",
                    "Its percentage is too coarse for a figure; measure at the plug instead."));
        }
        Channel node = Channel.power(
                NAME + ":node", Component.of(Kind.NODE, "node"), hasPower ? MICRO : PICO, REFRESH, REFRESH);
        boolean feeds =
                batteries.stream().anyMatch(battery -> battery.text("status").equals("Discharging"))
                        && supplies.stream().noneMatch(supply -> !supply.isBattery() && isPluggedIn(supply));
        return feeds ? open(supplies, batteries, node, hasPower ? POWER : PRODUCT) : Discovery.of(onMains(batteries));
    }

    private static boolean isPluggedIn(Supply adapter) {
        return !adapter.text("online").isEmpty() && !adapter.text("online").equals("0");
    }

    private static Discovery open(List<Supply> supplies, List<Supply> batteries, Channel node, List<String> factors) {
        List<Channel> channels = new ArrayList<>(List.of(node));
        if (factors.size() > 1) {
            for (Supply battery : batteries) {
                channels.add(factor(battery, "voltage_now", Quantity.VOLTAGE, node.component()));
                channels.add(factor(battery, "current_now", Quantity.CURRENT, node.component()));
            }
        }
        try {
            return new Discovery(List.of(BatterySensor.open(supplies, channels, factors, via(batteries))), List.of());
        } catch (AccessDeniedException e) {
            String file = String.valueOf(e.getMessage());
            return Discovery.of(Missing.notPermitted(
                            "battery-permission",
                            file,
                            "permission denied",
                            "Ask an administrator to let users read it: sudo chmod a+r " + file)
                    .withAdmin("chmod a+r " + file)
                    .of(node));
        } catch (IOException e) {
            return Discovery.of(Missing.broken(
                            "battery-unreadable",
                            names(batteries),
                            String.valueOf(e.getMessage()),
                            "Some controllers answer only some seconds after the plug is pulled: try again then.")
                    .of(node));
        }
    }

    private static Channel factor(Supply battery, String file, Quantity quantity, Component node) {
        String part = battery.name().replaceAll("[^A-Za-z0-9._-]", "_") + "-" + file;
        return Channel.signal(NAME + ":node/" + part, node, quantity, MICRO, REFRESH);
    }

    private static Missing onMains(List<Supply> batteries) {
        String states = batteries.stream()
                .map(battery -> battery.name() + ": " + battery.text("status"))
                .collect(Collectors.joining(", "));
        return Missing.absent(
                "battery-on-mains",
                names(batteries),
                "the machine runs from an adapter (" + states
                        + "): what the battery gives or takes is not what the machine draws",
                "Pull the plug and start again, if the run is long enough: a battery renews its value every 1 to 60 s.");
    }

    private static String names(List<Supply> batteries) {
        return batteries.stream().map(Supply::directory).map(Path::toString).collect(Collectors.joining(", "));
    }

    private static String via(List<Supply> batteries) {
        return batteries.stream().map(Supply::name).collect(Collectors.joining(", ", "power_supply (", ")"));
    }
}
