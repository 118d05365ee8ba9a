package io.neurojoule.sensor.snmp;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.util.List;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.Variable;

/// All numbers of one device, read together.
final class SnmpSensor implements Sensor {
    private final String id;
    private final String via;
    private final Agent agent;
    private final List<OID> places;
    private final List<Channel> channels;

    /// @param places one for each channel
    SnmpSensor(String id, String via, Agent agent, List<OID> places, List<Channel> channels) {
        this.id = id;
        this.via = via;
        this.agent = agent;
        this.places = List.copyOf(places);
        this.channels = List.copyOf(channels);
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return via;
    }

    @Override
    public void read(Reading out) throws IOException {
        List<Variable> values = agent.get(places);
        for (int i = 0; i < places.size(); i++) {
            try {
                out.set(i, plausible(channels.get(i), Agent.number(values.get(i))));
            } catch (IOException e) {
                out.fail(i, String.valueOf(e.getMessage()));
            }
        }
    }

    /// The only feed of this machine draws something while this machine runs; one of several may rest.
    private static long plausible(Channel channel, long value) throws IOException {
        boolean isAll = channel.component().id().equals("wall") && channel.quantity() == Quantity.POWER;
        if (isAll && value == 0) {
            throw new IOException("it is 0 W: the device has no value now");
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        agent.close();
    }
}
