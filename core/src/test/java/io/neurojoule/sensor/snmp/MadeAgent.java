package io.neurojoule.sensor.snmp;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.snmp4j.CommandResponder;
import org.snmp4j.CommandResponderEvent;
import org.snmp4j.MessageDispatcherImpl;
import org.snmp4j.MessageException;
import org.snmp4j.PDU;
import org.snmp4j.Snmp;
import org.snmp4j.mp.MPv2c;
import org.snmp4j.mp.StatusInformation;
import org.snmp4j.smi.Address;
import org.snmp4j.smi.Gauge32;
import org.snmp4j.smi.Null;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.UdpAddress;
import org.snmp4j.smi.Variable;
import org.snmp4j.smi.VariableBinding;
import org.snmp4j.transport.DefaultUdpTransportMapping;

/// An SNMPv2c agent on this host that has the numbers that a test gives it.
final class MadeAgent implements CommandResponder, AutoCloseable {
    static final String RARITAN_INLET = "1.3.6.1.4.1.13742.6.5.2.3.1.4.1.1.";
    static final String RARITAN_INLET_DECIMALS = "1.3.6.1.4.1.13742.6.3.3.4.1.7.1.1.";

    final Map<OID, Variable> numbers = new ConcurrentHashMap<>();
    volatile boolean isSilent;
    volatile int mostAsked;
    private final Snmp snmp;
    private final DefaultUdpTransportMapping transport;

    MadeAgent() throws IOException {
        transport = new DefaultUdpTransportMapping(new UdpAddress("127.0.0.1/0"));
        MessageDispatcherImpl dispatcher = new MessageDispatcherImpl();
        dispatcher.addMessageProcessingModel(new MPv2c());
        snmp = new Snmp(dispatcher, transport);
        snmp.addCommandResponder(this);
        snmp.listen();
    }

    MadeAgent with(String oid, Variable value) {
        numbers.put(new OID(oid), value);
        return this;
    }

    /// A unit whose inlet has watts with one decimal.
    MadeAgent withRaritanInlet(long tenths, long wattHours) {
        return with(RARITAN_INLET + 5, new Gauge32(tenths))
                .with(RARITAN_INLET_DECIMALS + 5, new Gauge32(1))
                .with(RARITAN_INLET + 8, new Gauge32(wattHours))
                .with(RARITAN_INLET_DECIMALS + 8, new Gauge32(0));
    }

    MadeAgent withRaritanOutlet(int n, long tenths) {
        return with("1.3.6.1.4.1.13742.6.5.4.3.1.4.1." + n + ".5", new Gauge32(tenths))
                .with("1.3.6.1.4.1.13742.6.3.5.4.1.7.1." + n + ".5", new Gauge32(1));
    }

    Map<String, String> settings(String... more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "host",
                "127.0.0.1",
                "port",
                String.valueOf(transport.getListenAddress().getPort())));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }

    @Override
    public <A extends Address> void processPdu(CommandResponderEvent<A> event) {
        PDU request = event.getPDU();
        if (request == null || isSilent) {
            return;
        }
        mostAsked = Math.max(mostAsked, request.size());
        PDU answer = new PDU();
        answer.setType(PDU.RESPONSE);
        answer.setRequestID(request.getRequestID());
        for (VariableBinding one : request.getVariableBindings()) {
            answer.add(new VariableBinding(one.getOid(), numbers.getOrDefault(one.getOid(), Null.noSuchInstance)));
        }
        try {
            event.getMessageDispatcher()
                    .returnResponsePdu(
                            event.getMessageProcessingModel(),
                            event.getSecurityModel(),
                            event.getSecurityName(),
                            event.getSecurityLevel(),
                            answer,
                            event.getMaxSizeResponsePDU(),
                            event.getStateReference(),
                            new StatusInformation());
        } catch (MessageException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        snmp.close();
    }
}
