package io.neurojoule.sensor.snmp;

import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.snmp4j.security.AuthHMAC128SHA224;
import org.snmp4j.security.AuthHMAC192SHA256;
import org.snmp4j.security.AuthHMAC256SHA384;
import org.snmp4j.security.AuthHMAC384SHA512;
import org.snmp4j.security.AuthMD5;
import org.snmp4j.security.AuthSHA;
import org.snmp4j.security.PrivAES128;
import org.snmp4j.security.PrivAES192;
import org.snmp4j.security.PrivAES256;
import org.snmp4j.security.PrivDES;
import org.snmp4j.security.SecurityLevel;
import org.snmp4j.security.UsmUser;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;

/// What the user says about one device.
///
/// @param device  empty where it is to be found out
/// @param outlets as printed on the device; empty: the whole device
/// @param single  the one number to be read of a device of another make
/// @param feed    the way of the current that `single` belongs to: its power and its energy have the same
/// @param of      whose power it is, see [Component#node]
record Description(
        String owner,
        String host,
        int port,
        Agent.Login login,
        Optional<Device> device,
        List<Integer> outlets,
        Optional<Device.Item> single,
        Optional<String> feed,
        String of,
        Duration refresh,
        OptionalDouble maxWatts) {
    private static final List<String> KEYS = List.of(
            "host",
            "port",
            "version",
            "community_env",
            "community_file",
            "user",
            "auth",
            "auth_password_env",
            "auth_password_file",
            "priv",
            "priv_password_env",
            "priv_password_file",
            "device",
            "outlets",
            "oid",
            "scale",
            "unit",
            "feed",
            "of",
            "refresh",
            "max_watts");

    private static final Map<String, OID> AUTH = Map.of(
            "MD5", AuthMD5.ID,
            "SHA", AuthSHA.ID,
            "SHA224", AuthHMAC128SHA224.ID,
            "SHA256", AuthHMAC192SHA256.ID,
            "SHA384", AuthHMAC256SHA384.ID,
            "SHA512", AuthHMAC384SHA512.ID);

    private static final Map<String, OID> PRIV =
            Map.of("DES", PrivDES.ID, "AES", PrivAES128.ID, "AES192", PrivAES192.ID, "AES256", PrivAES256.ID);

    /// Most units renew their values once a second; `refresh` says otherwise.
    private static final double REFRESH_SECONDS = 1;

    private static final double LONGEST_REFRESH_SECONDS = 3600;

    private static final int MOST_OUTLETS = 200;

    static Description of(String name, Map<String, String> values) {
        String owner = SnmpSource.NAME + ":" + name;
        if (!name.matches("[A-Za-z0-9._-]+")) {
            throw new SettingsException(owner + ": a name is of letters, digits, '.', '_' and '-'");
        }
        Settings settings = Settings.of(owner, values, KEYS);
        String of = settings.text("of").orElse(Component.THIS_MACHINE);
        if (!of.matches("[A-Za-z0-9._-]+")) {
            throw new SettingsException(owner + ": of must be " + Component.THIS_MACHINE
                    + " or the name of another machine, of letters, digits, '.', '_' and '-': '" + of + "'");
        }
        double refresh = settings.number("refresh", REFRESH_SECONDS);
        if (refresh <= 0 || refresh > LONGEST_REFRESH_SECONDS) {
            throw new SettingsException(owner + ": refresh must be seconds above 0, at most 3600: " + refresh);
        }
        double most = settings.number("max_watts", 0);
        if (settings.text("max_watts").isPresent() && most <= 0) {
            throw new SettingsException(owner + ": max_watts must be above 0: " + most);
        }
        return new Description(
                owner,
                settings.required("host"),
                settings.whole("port", 161, 1, 65535),
                login(owner, settings),
                device(settings),
                outlets(owner, settings),
                single(owner, settings),
                feed(owner, settings),
                of,
                Duration.ofNanos((long) (refresh * 1e9)),
                most > 0 ? OptionalDouble.of(most) : OptionalDouble.empty());
    }

    private static Agent.Login login(String owner, Settings settings) {
        if (settings.oneOf("version", List.of("2c", "3"), "2c").equals("2c")) {
            if (settings.text("user").isPresent()) {
                throw new SettingsException(owner + " has a user, which version 2c does not know; add version=3");
            }
            return new Agent.Login.Community(settings.secret("community").orElse("public"));
        }
        String user = settings.required("user");
        Optional<OID> auth = protocol(settings, "auth", AUTH);
        Optional<OID> priv = protocol(settings, "priv", PRIV);
        Optional<OctetString> authPassword = password(owner, settings, "auth", auth.isPresent());
        Optional<OctetString> privPassword = password(owner, settings, "priv", priv.isPresent());
        if (priv.isPresent() && auth.isEmpty()) {
            throw new SettingsException(owner + " has priv and no auth; SNMPv3 encrypts only what it authenticates");
        }
        int level = priv.isPresent()
                ? SecurityLevel.AUTH_PRIV
                : auth.isPresent() ? SecurityLevel.AUTH_NOPRIV : SecurityLevel.NOAUTH_NOPRIV;
        return new Agent.Login.User(
                new UsmUser(
                        new OctetString(user),
                        auth.orElse(null),
                        authPassword.orElse(null),
                        priv.orElse(null),
                        privPassword.orElse(null)),
                level);
    }

    private static Optional<OID> protocol(Settings settings, String key, Map<String, OID> known) {
        if (settings.text(key).isEmpty()) {
            return Optional.empty();
        }
        return Optional.ofNullable(
                known.get(settings.oneOf(key, known.keySet().stream().sorted().toList(), "")));
    }

    private static Optional<OctetString> password(String owner, Settings settings, String key, boolean isUsed) {
        Optional<String> password = settings.secret(key + "_password");
        if (password.isPresent() != isUsed) {
            throw new SettingsException("%s needs both %s and %s_password_env (or %s_password_file), or none"
                    .formatted(owner, key, key, key));
        }
        if (password.isPresent() && password.get().length() < 8) {
            throw new SettingsException(
                    "%s: %s_password is too short: SNMPv3 wants 8 characters".formatted(owner, key));
        }
        return password.map(OctetString::new);
    }

    private static Optional<Device> device(Settings settings) {
        return switch (settings.oneOf("device", List.of("auto", "apc", "raritan"), "auto")) {
            case "apc" -> Optional.of(Device.APC);
            case "raritan" -> Optional.of(Device.RARITAN);
            default -> Optional.empty();
        };
    }

    private static List<Integer> outlets(String owner, Settings settings) {
        List<Integer> outlets = new ArrayList<>();
        for (String one :
                settings.text("outlets").map(text -> text.split(";", -1)).orElse(new String[0])) {
            String digits = one.strip();
            if (!digits.matches("[0-9]{1,3}")
                    || Integer.parseInt(digits) < 1
                    || Integer.parseInt(digits) > MOST_OUTLETS
                    || outlets.contains(Integer.parseInt(digits))) {
                throw new SettingsException(
                        owner + ": outlets must be different numbers from 1 to 200, e.g. 5;6: '" + one + "'");
            }
            outlets.add(Integer.parseInt(digits));
        }
        return outlets;
    }

    private static Optional<Device.Item> single(String owner, Settings settings) {
        Optional<String> oid = settings.text("oid");
        if (oid.isEmpty()) {
            if (settings.text("scale").isPresent() || settings.text("unit").isPresent()) {
                throw new SettingsException(owner + ": scale and unit belong to oid=…, for devices of another make");
            }
            return Optional.empty();
        }
        if (settings.text("device").isPresent() || settings.text("outlets").isPresent()) {
            throw new SettingsException(owner + " has both oid and device or outlets; keep one");
        }
        if (!oid.get().matches("\\.?[0-2](\\.[0-9]{1,9})+")) {
            throw new SettingsException(
                    owner + ": oid must be numbers with dots, e.g. 1.3.6.1.4.1.2021.1.0: '" + oid.get() + "'");
        }
        double scale = settings.number("scale", 1);
        if (scale <= 0) {
            throw new SettingsException(owner + ": scale must be above 0: " + scale);
        }
        settings.required("unit");
        boolean isPower = settings.oneOf("unit", List.of("W", "J"), "W").equals("W");
        return Optional.of(new Device.Item(
                isPower ? "power" : "energy",
                isPower ? Quantity.POWER : Quantity.ENERGY,
                new OID(oid.get().replaceFirst("^\\.", "")),
                scale,
                Optional.empty()));
    }

    private static Optional<String> feed(String owner, Settings settings) {
        Optional<String> feed = settings.text("feed");
        if (feed.isPresent() && settings.text("oid").isEmpty()) {
            throw new SettingsException(owner + ": feed belongs to oid=…, for devices of another make");
        }
        if (feed.filter(name -> !name.matches("[A-Za-z0-9._-]+")).isPresent()) {
            throw new SettingsException(owner + ": feed must be of letters, digits, '.', '_' and '-'");
        }
        return feed;
    }

    /// The ways that the current takes into this machine by this device; none if it feeds another machine.
    Set<String> feeds() {
        if (isForeign()) {
            return Set.of();
        }
        return single.isPresent() || outlets.isEmpty()
                ? Set.of(feedId())
                : outlets.stream().map(outlet -> owner + "/outlet-" + outlet).collect(Collectors.toSet());
    }

    private String feedId() {
        return feed.map(name -> "feed-" + name).orElse(owner.replace(':', '-'));
    }

    /// Whether it is one number of this machine's feed, and nobody says of which: beside another it could be the same
    /// feed's.
    boolean isUnclear() {
        return single.isPresent() && feed.isEmpty() && !isForeign();
    }

    /// Whether it is one number of a feed of this machine.
    boolean isNumberOfThisMachine() {
        return single.isPresent() && !isForeign();
    }

    private boolean isForeign() {
        return !of.equals(Component.THIS_MACHINE);
    }

    /// What a part of the device measures.
    ///
    /// What this machine draws from the wall is one outlet, or the sum of several; a whole device with outlets named
    /// has more on it than the machine. What feeds another machine is a part of that machine's power.
    ///
    /// @param part  `inlet`, `outlet-5`, …, with or without `-energy`
    /// @param feeds of all devices together
    Component component(String part, int feeds) {
        String place = part.replaceFirst("-energy$", "");
        boolean isOutlet = place.startsWith("outlet-");
        String device = owner.replace(':', '-');
        if (!isOutlet && !outlets.isEmpty()) {
            return Component.of(Kind.BEYOND, device + "-inlet");
        }
        Set<String> inlet = isOutlet ? Set.of(device + "-inlet") : Set.of();
        if (isForeign()) {
            return new Component(
                    Kind.BEYOND,
                    device + "-" + place,
                    with(inlet, Component.node(of).id()));
        }
        if (single.isPresent() && feeds > 1) {
            return new Component(Kind.WALL, feedId(), Set.of("wall"));
        }
        return feeds == 1
                ? new Component(Kind.WALL, "wall", inlet)
                : new Component(Kind.WALL, device + "-" + place, with(inlet, "wall"));
    }

    private static Set<String> with(Set<String> some, String more) {
        Set<String> all = new java.util.HashSet<>(some);
        all.add(more);
        return Set.copyOf(all);
    }

    /// For `run.json`, e.g. `v3 raritan`.
    String via(Optional<Device> found) {
        return login
                + found.map(device -> " " + device.name().toLowerCase(Locale.ROOT))
                        .orElse("");
    }

    List<Device.Item> items(Optional<Device> found) {
        return single.map(List::of).orElseGet(() -> found.orElseThrow().items(outlets));
    }
}
