package io.neurojoule.sensor.redfish;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.sensor.redfish.RedfishSensor.Value;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/// Management controllers that speak Redfish: the power of the whole machine, its energy, and its power supplies.
///
/// Each is described by the user: `redfish:NAME`. The machine's power comes from EnvironmentMetrics, else from the
/// older resource Power; that of the supplies from PowerSubsystem, else from Power. The supplies are parts of the
/// machine.
///
/// @see <a href="https://www.dmtf.org/dsp/DSP0268">Redfish Schema Guide, DSP0268</a>
public final class RedfishSource implements PowerSource {
    private static final String NAME = "redfish";

    private static final List<String> KEYS = List.of(
            "url",
            "user",
            "password_env",
            "password_file",
            "login",
            "certificate",
            "sha256",
            "chassis",
            "of",
            "refresh");

    /// Most controllers renew their values once a second (docs/reference/sources.md); `refresh` says otherwise.
    private static final double REFRESH_SECONDS = 1;

    private static final double LONGEST_REFRESH_SECONDS = 3600;

    private static final double JOULES_PER_KWH = 3.6e6;

    @Override
    public String name() {
        return NAME;
    }

    /// @throws SettingsException if the user describes a controller in a way that makes no sense
    @Override
    public Discovery discover(SourceConfig config) {
        if (!config.options().isEmpty()) {
            throw new SettingsException("redfish needs a name for each controller: redfish:NAME,url=https://…");
        }
        if (config.named().isEmpty()) {
            return Discovery.of(Missing.notConfigured(
                    "redfish-not-configured",
                    "Redfish management controller",
                    "none is described",
                    "--source redfish:bmc1,url=https://ADDRESS,user=NAME,password_env=VARIABLE"));
        }
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        List<Search> searches = config.named().entrySet().stream()
                .map(entry -> Search.of(entry.getKey(), entry.getValue(), sensors, missing))
                .toList();
        searches.forEach(Search::run);
        return new Discovery(sensors, missing);
    }

    /// One controller.
    private record Search(
            String owner,
            URI url,
            Controller controller,
            Optional<String> chassis,
            String of,
            Duration refresh,
            List<Sensor> sensors,
            List<Missing> missing) {
        static Search of(String name, Map<String, String> values, List<Sensor> sensors, List<Missing> missing) {
            String owner = NAME + ":" + name;
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
            URI url = url(owner, settings.required("url"));
            Optional<Controller.Login> login = login(owner, settings);
            try {
                return new Search(
                        owner,
                        url,
                        new Controller(url, pins(owner, settings), login),
                        settings.text("chassis"),
                        of,
                        Duration.ofNanos((long) (refresh * 1e9)),
                        sensors,
                        missing);
            } catch (GeneralSecurityException e) {
                throw new SettingsException(owner + ": this JDK cannot do TLS: " + e.getMessage());
            }
        }

        private static URI url(String owner, String text) {
            try {
                URI url = new URI(text);
                String host = Optional.ofNullable(url.getHost()).orElse("");
                String path = Optional.ofNullable(url.getRawPath()).orElse("");
                boolean isRoot = Set.of("", "/", "/redfish/v1", "/redfish/v1/").contains(path);
                if (url.getRawUserInfo() != null) {
                    throw new SettingsException(
                            owner + ": a password stands in no url; use user=NAME,password_env=VARIABLE");
                }
                if (host.isEmpty() || !isRoot || !Set.of("https", "http").contains(String.valueOf(url.getScheme()))) {
                    throw new SettingsException(owner + ": url must be like https://10.0.0.7: '" + text + "'");
                }
                if (url.getScheme().equals("http")
                        && !Set.of("localhost", "127.0.0.1", "[::1]").contains(host)) {
                    throw new SettingsException(owner
                            + ": http would show the password to the network; use https, or a tunnel to localhost");
                }
                return new URI(url.getScheme(), null, host, url.getPort(), "/", null, null);
            } catch (URISyntaxException e) {
                throw new SettingsException(owner + ": url must be like https://10.0.0.7: " + e.getReason());
            }
        }

        private static Optional<Controller.Login> login(String owner, Settings settings) {
            String how = settings.oneOf("login", List.of("session", "basic"), "session");
            Optional<String> user = settings.text("user");
            Optional<String> password = settings.secret("password");
            if (user.isPresent() != password.isPresent()) {
                throw new SettingsException(owner
                        + (user.isPresent()
                                ? " has a user and no password; add password_env=VARIABLE or password_file=FILE"
                                : " has a password and no user; add user=NAME"));
            }
            return user.map(name -> new Controller.Login(name, password.orElseThrow(), how.equals("session")));
        }

        private static Pins pins(String owner, Settings settings) throws GeneralSecurityException {
            Optional<String> sha256 = settings.text("sha256");
            Optional<String> certificate = settings.text("certificate");
            if (sha256.isPresent() && certificate.isPresent()) {
                throw new SettingsException(owner + " has both sha256 and certificate; keep one");
            }
            if (sha256.isPresent()) {
                String digits = sha256.get().replace(":", "").toLowerCase(Locale.ROOT);
                if (!digits.matches("[0-9a-f]{64}")) {
                    throw new SettingsException(owner
                            + ": sha256 must be 64 hexadecimal digits, with or without colons: '" + sha256.get() + "'");
                }
                return Pins.ofSha256(digits);
            }
            if (certificate.isPresent()) {
                try {
                    return Pins.ofFile(Path.of(certificate.get()));
                } catch (IOException | GeneralSecurityException e) {
                    throw new SettingsException(
                            owner + ": cannot read the certificate " + certificate.get() + ": " + e.getMessage());
                }
            }
            return Pins.usual();
        }

        void run() {
            controller.retain();
            try {
                JsonNode found = chassis(controller.root());
                boolean hasNode = environment(found);
                boolean hasSupplies = subsystem(found);
                if (!older(found, hasNode, hasSupplies)) {
                    missing.add(Missing.absent(
                                    "redfish-no-power",
                                    owner + " (" + url + ")",
                                    "neither EnvironmentMetrics nor Power of this chassis has the machine's power",
                                    "Another chassis may have it: chassis=ID; or newer firmware.")
                            .of(power("node", Component.node(of), 0)));
                }
            } catch (RefusedException e) {
                missing.add(e.toMissing(owner + " (" + url + ")").of(power("node", Component.node(of), 0)));
            } catch (IOException e) {
                missing.add(Missing.broken(
                                "redfish-unreachable",
                                owner + " (" + url + ")",
                                String.valueOf(e.getMessage()),
                                "See whether the controller answers, then try again.")
                        .of(power("node", Component.node(of), 0)));
            } finally {
                controller.release();
            }
        }

        /// What a link leads to; empty if there is no link, or nothing there.
        private Optional<JsonNode> follow(JsonNode link) throws IOException {
            Optional<String> path = Controller.link(link);
            if (path.isEmpty()) {
                return Optional.empty();
            }
            try {
                return Optional.of(controller.get(path.get()));
            } catch (RefusedException e) {
                if (e.isAbsent()) {
                    return Optional.empty();
                }
                throw e;
            }
        }

        private JsonNode chassis(JsonNode root) throws IOException {
            String collection = Controller.link(root.path("Chassis")).orElse(Controller.ROOT + "Chassis");
            List<String> members = members(controller.get(collection));
            List<String> ids = members.stream()
                    .map(path -> path.substring(path.lastIndexOf('/') + 1))
                    .toList();
            List<String> chosen = members.stream()
                    .filter(path -> chassis.isEmpty() || path.endsWith("/" + chassis.get()))
                    .toList();
            if (chosen.size() == 1) {
                return controller.get(chosen.getFirst());
            }
            throw chassis.isPresent()
                    ? new RefusedException(
                            State.ABSENT,
                            "redfish-chassis",
                            "there is no chassis '" + chassis.get() + "'",
                            "It has: " + String.join(", ", ids))
                    : new RefusedException(
                            State.ABSENT,
                            "redfish-chassis",
                            "it has " + members.size() + " chassis, and only you know which is meant",
                            "Add chassis=ID, one of: " + String.join(", ", ids));
        }

        private static List<String> members(JsonNode collection) {
            List<String> paths = new ArrayList<>();
            for (JsonNode member : collection.path("Members")) {
                Controller.link(member)
                        .map(path -> path.replaceFirst("/+$", ""))
                        .ifPresent(paths::add);
            }
            return paths;
        }

        /// The machine's power, and its energy beside it: joules, or the coarser kWh where there are none.
        private boolean environment(JsonNode found) throws IOException {
            Optional<JsonNode> there = follow(found.path("EnvironmentMetrics"));
            if (there.isEmpty()) {
                return false;
            }
            JsonNode metrics = there.get();
            List<Value> values = new ArrayList<>();
            if (metrics.path("PowerWatts").has("Reading")) {
                values.add(value(metrics, "/PowerWatts/Reading", "node", Component.node(of)));
            }
            if (metrics.path("EnergyJoules").has("Reading")) {
                values.add(energy(metrics, "/EnergyJoules/Reading", 1));
            } else if (metrics.path("EnergykWh").has("Reading")) {
                values.add(energy(metrics, "/EnergykWh/Reading", JOULES_PER_KWH));
            }
            if (!values.isEmpty()) {
                String path = Controller.link(found.path("EnvironmentMetrics")).orElseThrow();
                sensors.add(new RedfishSensor(controller, path, "EnvironmentMetrics", values));
            }
            return metrics.path("PowerWatts").has("Reading");
        }

        private boolean subsystem(JsonNode found) throws IOException {
            Optional<JsonNode> there = follow(found.path("PowerSubsystem"));
            Optional<JsonNode> collection =
                    there.isPresent() ? follow(there.get().path("PowerSupplies")) : Optional.empty();
            List<String> members = collection.map(Search::members).orElse(List.of());
            int known = sensors.size();
            for (int i = 0; i < members.size(); i++) {
                JsonNode link = controller.get(members.get(i)).path("Metrics");
                Optional<JsonNode> metrics = follow(link);
                if (metrics.isPresent() && metrics.get().path("InputPowerWatts").has("Reading")) {
                    Value input = value(metrics.get(), "/InputPowerWatts/Reading", supply(i), part(i));
                    sensors.add(new RedfishSensor(
                            controller, Controller.link(link).orElseThrow(), "PowerSubsystem", List.of(input)));
                }
            }
            return sensors.size() > known;
        }

        /// What the newer resources do not have.
        ///
        /// @return whether the machine's power is known now
        private boolean older(JsonNode found, boolean hasNode, boolean hasSupplies) throws IOException {
            if (hasNode && hasSupplies) {
                return true;
            }
            Optional<JsonNode> power = follow(found.path("Power"));
            List<Value> values = new ArrayList<>();
            if (power.isPresent() && !hasNode) {
                consumed(power.get(), values);
            }
            boolean isKnown = hasNode || !values.isEmpty();
            if (power.isPresent() && !hasSupplies) {
                inputs(power.get(), values);
            }
            if (!values.isEmpty()) {
                String path = Controller.link(found.path("Power")).orElseThrow();
                sensors.add(new RedfishSensor(controller, path, "Power", values));
            }
            return isKnown;
        }

        /// The first that has it is the whole machine; those after it are parts, such as processors and memory.
        private void consumed(JsonNode power, List<Value> values) {
            JsonNode controls = power.path("PowerControl");
            for (int i = 0; i < controls.size(); i++) {
                if (controls.path(i).has("PowerConsumedWatts")) {
                    String pointer = "/PowerControl/" + i + "/PowerConsumedWatts";
                    values.add(value(power, pointer, "node", Component.node(of)));
                    return;
                }
            }
        }

        private void inputs(JsonNode power, List<Value> values) {
            JsonNode supplies = power.path("PowerSupplies");
            for (int i = 0; i < supplies.size(); i++) {
                if (supplies.path(i).has("PowerInputWatts")) {
                    values.add(value(power, "/PowerSupplies/" + i + "/PowerInputWatts", supply(i), part(i)));
                }
            }
        }

        private static String supply(int i) {
            return "supply-" + (i + 1);
        }

        /// A supply is a part of its machine: what it takes in is never added to what the machine draws.
        private Component part(int i) {
            String machine = Component.node(of).id();
            Kind kind = of.equals(Component.THIS_MACHINE) ? Kind.RAIL : Kind.BEYOND;
            return new Component(kind, owner.replace(':', '-') + "-" + supply(i), Set.of(machine));
        }

        private Value value(JsonNode resource, String pointer, String part, Component component) {
            JsonPointer place = JsonPointer.compile(pointer);
            int decimals = Shown.decimals(resource.at(place));
            return new Value(place, decimals, power(part, component, decimals));
        }

        /// What a controller shows is taken as the mean since it showed the last value.
        private Channel power(String part, Component component, int decimals) {
            return Channel.power(owner + "/" + part, component, Shown.scale(1, decimals), refresh, refresh);
        }

        private Value energy(JsonNode resource, String pointer, double joules) {
            JsonPointer place = JsonPointer.compile(pointer);
            int decimals = Shown.decimals(resource.at(place));
            return new Value(
                    place,
                    decimals,
                    Channel.counter(
                            owner + "/node-energy", Component.node(of), Shown.scale(joules, decimals), 0, refresh));
        }
    }
}
