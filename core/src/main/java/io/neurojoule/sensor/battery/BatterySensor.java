package io.neurojoule.sensor.battery;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.NumberFile;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// What all batteries of the machine give together, while they alone feed it.
///
/// A battery of several that rests gives 0 W, and says so itself; one that is charged is a gap, like an adapter that is
/// plugged in. The files stay open.
///
/// Used by one thread at a time.
final class BatterySensor implements Sensor {
    private static final byte[] DISCHARGING = "Discharging".getBytes(StandardCharsets.US_ASCII);

    /// Above what any battery has in volts, amperes or watts, and small enough that products and sums fit.
    private static final long LARGEST = 1_000_000_000L;

    private final List<Channel> channels;
    private final String via;
    private final List<String> names = new ArrayList<>();
    private final List<WordFile> statuses = new ArrayList<>();
    private final List<List<NumberFile>> factors = new ArrayList<>();
    private final List<NumberFile> online = new ArrayList<>();

    private BatterySensor(List<Channel> channels, String via) {
        this.channels = List.copyOf(channels);
        this.via = via;
    }

    /// @param channels the power; then, where it is a product, each factor of each battery
    /// @param factors  names of the files whose product is the power
    /// @throws IOException if one of the files cannot be opened
    static BatterySensor open(List<Supply> supplies, List<Channel> channels, List<String> factors, String via)
            throws IOException {
        BatterySensor sensor = new BatterySensor(channels, via);
        try {
            for (Supply supply : supplies) {
                sensor.add(supply, factors);
            }
        } catch (IOException e) {
            sensor.close();
            throw e;
        }
        return sensor;
    }

    private void add(Supply supply, List<String> files) throws IOException {
        if (supply.isBattery()) {
            names.add(supply.name());
            statuses.add(WordFile.open(supply.file("status")));
            List<NumberFile> own = new ArrayList<>();
            factors.add(own);
            for (String file : files) {
                own.add(NumberFile.open(supply.file(file)));
            }
        } else if (supply.has("online")) {
            online.add(NumberFile.open(supply.file("online")));
        }
    }

    @Override
    public String id() {
        return BatterySource.NAME + ":node";
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return via;
    }

    /// @throws IOException while an adapter is plugged in or a battery is charged, too
    @Override
    public void read(Reading out) throws IOException {
        for (int i = 0; i < online.size(); i++) {
            if (online.get(i).read() != 0) {
                throw new IOException(online.get(i).path()
                        + ": the adapter is plugged in; what the battery gives is not what the machine draws");
            }
        }
        long sum = 0;
        int next = 1;
        for (int i = 0; i < names.size(); i++) {
            List<NumberFile> own = factors.get(i);
            long power = 1;
            for (int f = 0; f < own.size(); f++) {
                long factor = own.get(f).read();
                if (own.size() > 1) {
                    out.set(next++, factor);
                }
                power *= magnitude(factor, own.get(f));
            }
            if (power != 0 && !statuses.get(i).holds(DISCHARGING)) {
                throw new IOException("the battery " + names.get(i) + " does not feed the machine: its status is '"
                        + statuses.get(i).word() + "'");
            }
            sum += power;
        }
        if (sum == 0) {
            throw new IOException("no battery says that it gives power");
        }
        out.set(0, sum);
    }

    /// Some drivers count what flows out of the battery below 0: its status gives the direction.
    private static long magnitude(long value, NumberFile file) throws IOException {
        long magnitude = Math.abs(value);
        if (magnitude < 0 || magnitude > LARGEST) {
            throw new IOException(file.path() + " is beyond what a battery can give: " + value);
        }
        return magnitude;
    }

    @Override
    public void close() throws IOException {
        for (WordFile status : statuses) {
            status.close();
        }
        for (List<NumberFile> own : factors) {
            for (NumberFile file : own) {
                file.close();
            }
        }
        for (NumberFile file : online) {
            file.close();
        }
    }
}
