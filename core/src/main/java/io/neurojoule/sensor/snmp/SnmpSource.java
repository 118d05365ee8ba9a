package io.neurojoule.sensor.snmp;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.Variable;

/// Power distribution units that speak SNMP: outlets, the inlet, and their energy counters.
///
/// Each is described by the user: `snmp:NAME`. APC and Raritan are known; of any other device one number can be named.
public final class SnmpSource implements PowerSource {
    static final String NAME = "snmp";

    private static final OID SYS_OBJECT_ID = new OID("1.3.6.1.2.1.1.2.0");

    /// More decimals than a long of watts can have.
    private static final int MOST_DECIMALS = 9;

    @Override
    public String name() {
        return NAME;
    }

    /// @throws SettingsException if the user describes a device in a way that makes no sense
    @Override
    public Discovery discover(SourceConfig config) {
        if (!config.options().isEmpty()) {
            throw new SettingsException("snmp needs a name for each device: snmp:NAME,host=…");
        }
        if (config.named().isEmpty()) {
            return Discovery.of(Missing.notConfigured(
                    "snmp-not-configured",
                    "power distribution unit by SNMP",
                    "none is described",
                    "--source snmp:pdu1,host=ADDRESS,outlets=5 (and community_env=VARIABLE, or version=3,user=…)"));
        }
        List<Description> devices = config.named().entrySet().stream()
                .map(entry -> Description.of(entry.getKey(), entry.getValue()))
                .toList();
        boolean several =
                devices.stream().filter(Description::isNumberOfThisMachine).count() > 1;
        devices.stream()
                .filter(device -> several && device.isUnclear())
                .findFirst()
                .ifPresent(device -> {
                    throw new SettingsException(device.owner()
                            + " is not the only number of this machine: say feed=NAME of each, the same NAME for the power and the"
                            + " energy of one feed");
                });
        int feeds = (int) devices.stream()
                .flatMap(device -> device.feeds().stream())
                .distinct()
                .count();
        List<Sensor> sensors = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        devices.forEach(device -> new Search(device, feeds, sensors, missing).run());
        return new Discovery(sensors, missing);
    }

    /// One device.
    private record Search(Description device, int feeds, List<Sensor> sensors, List<Missing> missing) {
        void run() {
            Agent agent;
            try {
                agent = Agent.open(device.host(), device.port(), device.login());
            } catch (UnknownHostException e) {
                lost("snmp-unreachable", "no such host", "Check host=" + device.host());
                return;
            } catch (IOException e) {
                lost(
                        "snmp-unreachable",
                        String.valueOf(e.getMessage()),
                        "See whether this machine can open UDP ports.");
                return;
            }
            boolean isUsed = false;
            try {
                isUsed = find(agent);
            } catch (Agent.RefusedException e) {
                lost(
                        "snmp-login",
                        String.valueOf(e.getMessage()),
                        "Check user, auth, priv and what their password settings name.");
            } catch (IOException e) {
                lost(
                        "snmp-unreachable",
                        String.valueOf(e.getMessage()),
                        "Check host and port; a device stays silent, too, if the community or user is wrong, or if it"
                                + " does not let this machine in.");
            } finally {
                if (!isUsed) {
                    close(agent);
                }
            }
        }

        private static void close(Agent agent) {
            try {
                agent.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        /// Nothing of the device can be read: what it would have been is missing in every sum.
        private void lost(String code, String why, String hint) {
            List<Device.Item> wanted =
                    device.single().map(List::of).orElseGet(() -> Device.APC.items(device.outlets()));
            wanted.stream()
                    .filter(this::isFeed)
                    .forEach(item -> missing.add(
                            Missing.broken(code, device.owner() + "/" + item.part() + " (" + address() + ")", why, hint)
                                    .of(channel(item, item.unit(), 0))));
        }

        /// Whether it is what the user asked for, and not what is there beside it.
        private boolean isFeed(Device.Item item) {
            boolean isInlet = item.part().equals("inlet") && item.unit() == 1;
            return device.single().isPresent()
                    || (item.quantity() == Quantity.POWER
                            && (device.outlets().isEmpty()
                                    ? isInlet
                                    : !item.part().equals("inlet")));
        }

        private String address() {
            return device.host() + ":" + device.port();
        }

        private boolean find(Agent agent) throws IOException {
            Optional<Device> make = device.device();
            if (make.isEmpty() && device.single().isEmpty()) {
                make = make(agent);
                if (make.isEmpty()) {
                    return false;
                }
            }
            List<Device.Item> items = device.items(make);
            Map<OID, Variable> answers = answers(agent, items);
            List<OID> places = new ArrayList<>();
            List<Channel> channels = new ArrayList<>();
            Set<String> done = new HashSet<>();
            Map<String, Missing> without = new LinkedHashMap<>();
            for (Device.Item item : items) {
                if (done.contains(item.part())) {
                    continue;
                }
                try {
                    Variable value = answer(answers, item.oid());
                    Agent.number(value);
                    channels.add(channel(item, unit(item, answers), Agent.wrapsAt(value)));
                    places.add(item.oid());
                    done.add(item.part());
                } catch (IOException e) {
                    without.put(item.part(), without(item, String.valueOf(e.getMessage())));
                }
            }
            done.forEach(without::remove);
            missing.addAll(without.values());
            if (!channels.isEmpty()) {
                sensors.add(new SnmpSensor(device.owner(), device.via(make), agent, places, channels));
            }
            return !channels.isEmpty();
        }

        /// Who made the device: by its own word, else by whose numbers it has; empty, and told, if that is not clear.
        private Optional<Device> make(Agent agent) throws IOException {
            if (agent.get(List.of(SYS_OBJECT_ID)).getFirst() instanceof OID object) {
                for (Device one : Device.values()) {
                    if (one.isMakerOf(object)) {
                        return Optional.of(one);
                    }
                }
            }
            List<Device> makes = new ArrayList<>();
            for (Device one : Device.values()) {
                List<OID> places = one.items(device.outlets()).stream()
                        .map(Device.Item::oid)
                        .toList();
                if (agent.get(places).stream().anyMatch(value -> !value.isException())) {
                    makes.add(one);
                }
            }
            if (makes.size() == 1) {
                return Optional.of(makes.getFirst());
            }
            lost(
                    "snmp-device",
                    makes.isEmpty()
                            ? "it is neither an APC nor a Raritan device, or shows none of their numbers to this user"
                            : "it has the numbers of an APC and of a Raritan device",
                    makes.isEmpty()
                            ? "Name the number to read: oid=…,scale=…,unit=W"
                            : "Say which is meant: device=apc or device=raritan");
            return Optional.empty();
        }

        private static Map<OID, Variable> answers(Agent agent, List<Device.Item> items) throws IOException {
            List<OID> places = new ArrayList<>();
            items.forEach(item -> {
                places.add(item.oid());
                item.decimals().ifPresent(places::add);
            });
            List<Variable> values = agent.get(places);
            Map<OID, Variable> answers = new LinkedHashMap<>();
            for (int i = 0; i < places.size(); i++) {
                answers.put(places.get(i), values.get(i));
            }
            return answers;
        }

        private static Variable answer(Map<OID, Variable> answers, OID place) throws IOException {
            return Optional.ofNullable(answers.get(place)).orElseThrow(() -> new IOException("not answered: " + place));
        }

        /// Watts or joules of one step.
        private static double unit(Device.Item item, Map<OID, Variable> answers) throws IOException {
            if (item.decimals().isEmpty()) {
                return item.unit();
            }
            long decimals;
            try {
                decimals = Agent.number(answer(answers, item.decimals().get()));
            } catch (IOException e) {
                throw new IOException("the device does not say how many decimals it has: " + e.getMessage(), e);
            }
            if (decimals > MOST_DECIMALS) {
                throw new IOException("the device says that it has %d decimals".formatted(decimals));
            }
            return BigDecimal.valueOf(item.unit()).movePointLeft((int) decimals).doubleValue();
        }

        private Missing without(Device.Item item, String why) {
            Missing without = Missing.absent(
                    "snmp-no-value",
                    device.owner() + "/" + item.part() + " (" + item.oid() + ")",
                    why,
                    item.part().startsWith("outlet-")
                            ? "Not every model measures its outlets; the inlet may be there."
                            : "See what the device has: snmpwalk.");
            return item.quantity() == Quantity.POWER && isFeed(item)
                    ? without.of(channel(item, item.unit(), 0))
                    : without;
        }

        /// What a device shows is taken as the mean since it showed the last value.
        private Channel channel(Device.Item item, double unit, long wrapsAt) {
            String id = device.owner() + "/" + item.part();
            var component = device.component(item.part(), feeds);
            Channel channel = item.quantity() == Quantity.POWER
                    ? Channel.power(id, component, unit, device.refresh(), device.refresh())
                    : Channel.counter(id, component, unit, wrapsAt, device.refresh());
            return device.maxWatts().isPresent()
                    ? channel.withMaxWatts(device.maxWatts().getAsDouble())
                    : channel;
        }
    }
}
