package io.neurojoule.sensor.ipmi;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.ipmi.BmcSensor.Part;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/// Finds out what one controller can tell.
final class BmcSearch {
    private static final long ANSWER_NANOS = 4_000_000_000L;
    private static final long REPOSITORY_NANOS = 20_000_000_000L;
    private static final int BUSY = 0xC0;
    private static final int BUSY_TRIES = 3;
    private static final long PAUSE_NANOS = 200_000_000L;
    private static final long ANCHOR_NANOS = 2_500_000_000L;
    private static final long ANCHOR_PAUSE_NANOS = 5_000_000L;
    private static final Duration LATE = Duration.ofMillis(500);

    /// Where the controller's values belong.
    ///
    /// @param sensorId  e.g. `ipmi:bmc1`
    /// @param prefix    of the ids of channels, e.g. `ipmi:bmc1/`
    /// @param component what it measures as a whole
    /// @param refresh   how often it renews its values: the specifications do not say
    record Place(String sensorId, String prefix, Component component, Duration refresh) {
        Channel dcmi() {
            // Neither is what a value averages over specified. Half a refresh lies between both extremes, and the error
            // bound, which is more than a refresh, has both in it.
            return Channel.power(prefix + "node", component, 1, refresh, refresh);
        }

        Channel energy() {
            return Channel.counter(prefix + "node-energy", component, 1e-3, XccEnergy.WRAPS_AT_MILLIJOULES, refresh);
        }

        Channel part(PowerSensor sensor, String slug) {
            String id = component.kind() == Kind.NODE ? slug : component.id() + "-" + slug;
            Kind kind = component.kind() == Kind.NODE ? Kind.RAIL : Kind.BEYOND;
            Component rail = new Component(kind, id, Set.of(component.id()));
            // The controller scans its sensors, and each has a rate of its own (PMBus supply, node manager): what is
            // shown
            // is up to a scan older than its own renewals tell.
            return Channel.power(prefix + slug, rail, sensor.scale(), refresh, refresh.multipliedBy(2))
                    .withBaseWatts(sensor.baseWatts());
        }
    }

    private final Bmc bmc;
    private final Place place;
    private final Ticker ticker;
    private final List<Part> parts = new ArrayList<>();
    private final List<Missing> missing = new ArrayList<>();

    BmcSearch(Bmc bmc, Place place, Ticker ticker) {
        this.bmc = bmc;
        this.place = place;
        this.ticker = ticker;
    }

    List<Missing> missing() {
        return missing;
    }

    /// Empty if it tells nothing; then it has been closed.
    Optional<Sensor> run() {
        boolean reachable = dcmi();
        if (reachable) {
            energy();
            powerSensors();
        }
        if (parts.isEmpty()) {
            if (reachable && missing.stream().allMatch(one -> one.code().equals("ipmi-dcmi-unsupported"))) {
                missing.clear();
                missing.add(Missing.absent(
                        "ipmi-no-power",
                        bmc.where(),
                        "this controller has neither DCMI's power reading nor a sensor of watts",
                        "Ask it by Redfish, which many controllers of the kind have, or measure at the socket (PDU)."));
            }
            bmc.close();
            return Optional.empty();
        }
        return Optional.of(new BmcSensor(place.sensorId(), bmc, parts, ticker));
    }

    /// Whether the controller answers.
    private boolean dcmi() {
        Channel channel = place.dcmi();
        try {
            Dcmi unused = Dcmi.parse(patiently(Dcmi.REQUEST));
            parts.add(new Part(
                    channel,
                    Dcmi.REQUEST,
                    (data, out, i, now) -> out.set(i, Dcmi.parse(data).plausibleWatts())));
        } catch (CompletionException e) {
            missing.add(refused(e).of(channel));
        } catch (LoginException e) {
            missing.add(Missing.notPermitted(
                            "ipmi-login",
                            bmc.where(),
                            String.valueOf(e.getMessage()),
                            "Check user, password, privilege and cipher; this asks the same: ipmitool -I lanplus -C 17 "
                                    + "-L USER -H HOST -U USER -P PASSWORD dcmi power reading")
                    .of(channel));
            return false;
        } catch (IOException e) {
            missing.add(Missing.broken(
                            "ipmi-unreachable",
                            bmc.where(),
                            String.valueOf(e.getMessage()),
                            "Check address and port (623), that the controller allows IPMI over LAN, and that no "
                                    + "firewall drops UDP. For the device: the kernel log, dmesg | grep -i ipmi.")
                    .of(channel));
            return false;
        }
        return true;
    }

    private Missing refused(CompletionException e) {
        if (e.code() == CompletionException.PRIVILEGE) {
            return Missing.notPermitted(
                    "ipmi-privilege",
                    bmc.where(),
                    String.valueOf(e.getMessage()),
                    "Add privilege=operator, or administrator, to its settings, if the user may have it.");
        }
        if (e.isUnsupported()) {
            return Missing.absent(
                    "ipmi-dcmi-unsupported",
                    bmc.where(),
                    String.valueOf(e.getMessage()),
                    "Use its sensors of watts, if there are any, or Redfish.");
        }
        return Missing.broken(
                "ipmi-refused",
                bmc.where(),
                String.valueOf(e.getMessage()),
                "Try again; if it stays so, restart the controller (it does not restart the machine): "
                        + "ipmitool mc reset cold");
    }

    private byte[] patiently(Request request) throws IOException {
        for (int i = 1; true; i++) {
            try {
                return bmc.ask(request, ticker.nanos() + ANSWER_NANOS);
            } catch (CompletionException e) {
                if (e.code() != BUSY || i >= BUSY_TRIES) {
                    throw e;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void energy() {
        try {
            if (!XccEnergy.isLenovo(bmc, ticker.nanos() + ANSWER_NANOS)) {
                return;
            }
            BmcClock clock = anchored();
            parts.add(new Part(place.energy(), XccEnergy.REQUEST, (data, out, i, now) -> {
                XccEnergy energy = XccEnergy.parse(data);
                out.set(i, energy.millijoules());
                out.at(i, clock.toNanos(energy.stampMillis(), now));
            }));
        } catch (CompletionException e) {
            if (e.code() == CompletionException.PRIVILEGE) {
                missing.add(refused(e).of(place.energy()));
            } else {
                missing.add(withoutEnergy(e));
            }
        } catch (IOException e) {
            missing.add(withoutEnergy(e));
        }
    }

    private Missing withoutEnergy(IOException e) {
        return Missing.absent(
                "ipmi-energy-unsupported",
                bmc.where(),
                "no energy counter: " + e.getMessage(),
                "Only ThinkSystem SD650 is known to have one; its power reading is enough.");
    }

    /// Watches until the counter brings a new value, so that the age of its stamp is known.
    private BmcClock anchored() throws IOException {
        BmcClock clock = new BmcClock(2 * place.refresh().toNanos() + LATE.toNanos());
        long until = ticker.nanos() + ANCHOR_NANOS;
        XccEnergy first = XccEnergy.ask(bmc, ticker.nanos() + ANSWER_NANOS);
        while (ticker.nanos() < until) {
            LockSupport.parkNanos(ANCHOR_PAUSE_NANOS);
            XccEnergy next = XccEnergy.ask(bmc, ticker.nanos() + ANSWER_NANOS);
            if (next.stampMillis() != first.stampMillis()) {
                clock.anchor(next.stampMillis(), ticker.nanos());
                break;
            }
        }
        return clock;
    }

    private void powerSensors() {
        Set<String> taken = new HashSet<>(Set.of("node", "node-energy"));
        try {
            List<PowerSensor> sensors = Sdr.powerSensors(
                    bmc,
                    ticker,
                    ticker.nanos() + REPOSITORY_NANOS,
                    (name, why) -> missing.add(Missing.absent(
                            "ipmi-sensor-unusable",
                            "%s, sensor '%s'".formatted(bmc.where(), name),
                            why,
                            "The controller's other values are not affected.")));
            for (PowerSensor sensor : sensors) {
                String slug = unique(sensor.slug(), taken);
                parts.add(new Part(
                        place.part(sensor, slug),
                        sensor.request(),
                        (data, out, i, now) -> out.set(i, sensor.reading(data))));
            }
        } catch (CompletionException e) {
            if (!e.isUnsupported()) {
                missing.add(withoutRepository(e));
            }
        } catch (IOException e) {
            missing.add(withoutRepository(e));
        }
    }

    private Missing withoutRepository(IOException e) {
        return Missing.broken(
                "ipmi-sdr-unreadable",
                bmc.where(),
                "its sensor data repository cannot be read: " + e.getMessage(),
                "The power reading does not need it. This reads it too: ipmitool sdr elist");
    }

    private static String unique(String slug, Set<String> taken) {
        String unique = slug;
        for (int i = 2; !taken.add(unique); i++) {
            unique = slug + "-" + i;
        }
        return unique;
    }
}
