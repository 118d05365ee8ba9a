package io.neurojoule.sensor.ipmi;

import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.sensor.ipmi.BmcSearch.Place;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Management controllers (BMC) by IPMI: this machine's through the kernel's device, others by RMCP+ where the user
/// names them. One sensor per controller.
///
/// A controller that the user names measures this machine (`of=node`), or another one (`of=NAME`): then nothing of it
/// is in a boundary, unless the experiment names it.
public final class IpmiSource implements PowerSource {
    static final String NAME = "ipmi";

    /// The names that kernels give the first device.
    private static final List<String> DEVICES = List.of("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0");

    private static final List<String> KEYS =
            List.of("host", "port", "user", "password_env", "password_file", "cipher", "privilege", "of", "refresh");
    private static final List<String> PRIVILEGES = List.of("user", "operator", "administrator");
    private static final int LEAST_PRIVILEGE = 2;
    private static final int PORT = 623;
    private static final int LONGEST_USER = 16;
    private static final String LOCAL = "local";

    private final Opener opener;
    private final Ticker ticker;

    /// Opens the kernel's device.
    @FunctionalInterface
    interface Opener {
        /// @throws NoSuchFileException if there is no such device
        /// @throws AccessDeniedException if it is not for this user
        Bmc open(String path) throws IOException;
    }

    public IpmiSource() {
        this(IpmiSource::device, Ticker.monotonic());
    }

    IpmiSource(Opener opener, Ticker ticker) {
        this.opener = opener;
        this.ticker = ticker;
    }

    private static Bmc device(String path) throws IOException {
        LibC libc = LibC.bind()
                .orElseThrow(() -> new IOException(
                        "native calls are not possible here: neither x86-64 nor AArch64, or they are denied to Java"));
        return DeviceBmc.open(libc, path, Ticker.monotonic());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        Settings own = Settings.of(NAME, config.options(), List.of("refresh"));
        Duration refresh = refresh(own);
        List<Remote> remotes = config.named().entrySet().stream()
                .map(entry -> Remote.of(entry.getKey(), entry.getValue()))
                .toList();
        onlyOneOfThisMachine(remotes);
        if (config.isThisMachine()) {
            local(refresh, sensors, missing);
        } else {
            missing.add(Missing.absent(
                    "ipmi-absent",
                    DEVICES.getFirst(),
                    "the device is this machine's, and --sysfs names the tree of another",
                    "Leave out --sysfs, or ask that machine's controller over the network: --source "
                            + "ipmi:NAME,host=…,user=…,password_env=…"));
        }
        for (Remote remote : remotes) {
            search(new LanBmc(remote.host, remote.port, remote.account, ticker), remote.place(), sensors, missing);
        }
        if (!remotes.isEmpty()) {
            // The user has said where a controller is: that there is no device is no news.
            missing.removeIf(one -> one.code().equals("ipmi-absent"));
        }
        return new Discovery(sensors, missing);
    }

    private void local(Duration refresh, List<Sensor> sensors, List<Missing> missing) {
        Place place = new Place(NAME + ":" + LOCAL, NAME + ":", Component.node(Component.THIS_MACHINE), refresh);
        for (String device : DEVICES) {
            try {
                search(opener.open(device), place, sensors, missing);
                return;
            } catch (NoSuchFileException e) {
                // Another kernel's name, perhaps; try the next.
            } catch (AccessDeniedException e) {
                missing.add(denied(device).of(place.dcmi()));
                return;
            } catch (IOException e) {
                missing.add(Missing.broken(
                        "ipmi-unreadable",
                        device,
                        String.valueOf(e.getMessage()),
                        "The kernel log may say why: dmesg | grep -i ipmi"));
                return;
            }
        }
        missing.add(Missing.absent(
                        "ipmi-absent",
                        DEVICES.getFirst(),
                        "there is no such device: no management controller, its driver is not loaded, or a container "
                                + "hides it",
                        "A server's controller can also be asked over the network: --source "
                                + "ipmi:NAME,host=…,user=…,password_env=… In a container: hand the device in.")
                .withAdmin("modprobe ipmi_si", "modprobe ipmi_devintf"));
    }

    private static Missing denied(String device) {
        return Missing.notPermitted(
                        "ipmi-permission",
                        device,
                        "permission denied: the device is for root",
                        "An administrator can give it to a group; whoever may open it can also switch the machine off. "
                                + "A user of the controller with the lowest privilege needs no root: --source "
                                + "ipmi:NAME,host=…,user=…,password_env=…")
                .withAdmin(
                        "groupadd -f ipmi",
                        "chgrp ipmi " + device,
                        "chmod 0660 " + device,
                        "usermod -aG ipmi \"${SUDO_USER:?}\"");
    }

    private void search(Bmc bmc, Place place, List<Sensor> sensors, List<Missing> missing) {
        BmcSearch search = new BmcSearch(bmc, place, ticker);
        search.run().ifPresent(sensors::add);
        missing.addAll(search.missing());
    }

    private static void onlyOneOfThisMachine(List<Remote> remotes) {
        List<String> ours = remotes.stream()
                .filter(remote -> remote.of.equals(Component.THIS_MACHINE))
                .map(remote -> NAME + ":" + remote.name)
                .toList();
        if (ours.size() > 1) {
            throw new SettingsException("%s: a machine has one controller; say of=NAME for those of other machines"
                    .formatted(String.join(" and ", ours)));
        }
    }

    private static Duration refresh(Settings settings) {
        double seconds = settings.number("refresh", 1);
        if (seconds < 0.01 || seconds > 3600) {
            throw new SettingsException("%s: refresh must be from 0.01 to 3600 seconds: %s".formatted(NAME, seconds));
        }
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    /// A controller that the user names.
    private record Remote(String name, String host, int port, LanBmc.Account account, String of, Duration refresh) {
        static Remote of(String name, Map<String, String> values) {
            String owner = NAME + ":" + name;
            Settings settings = Settings.of(owner, values, KEYS);
            if (!name.matches("[A-Za-z0-9._-]+") || name.equals(LOCAL) || name.equals("node")) {
                throw new SettingsException(
                        "%s: a name has letters, digits, '.', '_' and '-', and is neither '%s' nor 'node'"
                                .formatted(owner, LOCAL));
            }
            String user = settings.required("user");
            if (user.length() > LONGEST_USER
                    || !StandardCharsets.US_ASCII.newEncoder().canEncode(user)) {
                throw new SettingsException(
                        "%s: user must have at most %d ASCII characters: '%s'".formatted(owner, LONGEST_USER, user));
            }
            byte[] password = settings.secret("password")
                    .orElseThrow(() -> new SettingsException(
                            "%s needs the setting 'password_env' or 'password_file'".formatted(owner)))
                    .getBytes(StandardCharsets.UTF_8);
            if (password.length > Rakp.KEY_BYTES) {
                throw new SettingsException("%s: a password of IPMI has at most %d bytes, this one has %d"
                        .formatted(owner, Rakp.KEY_BYTES, password.length));
            }
            CipherSuite suite = CipherSuite.of(Integer.parseInt(settings.oneOf("cipher", List.of("17", "3"), "17")))
                    .orElseThrow();
            int privilege = LEAST_PRIVILEGE + PRIVILEGES.indexOf(settings.oneOf("privilege", PRIVILEGES, "user"));
            return new Remote(
                    name,
                    settings.required("host"),
                    settings.whole("port", PORT, 1, 65_535),
                    new LanBmc.Account(user, password, privilege, suite),
                    settings.text("of").orElse(Component.THIS_MACHINE),
                    IpmiSource.refresh(settings));
        }

        Place place() {
            return new Place(NAME + ":" + name, NAME + ":" + name + "/", Component.node(of), refresh);
        }
    }
}
