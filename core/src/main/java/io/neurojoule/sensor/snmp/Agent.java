package io.neurojoule.sensor.snmp;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snmp4j.CommandResponderEvent;
import org.snmp4j.CommunityTarget;
import org.snmp4j.MessageDispatcherImpl;
import org.snmp4j.PDU;
import org.snmp4j.ScopedPDU;
import org.snmp4j.Snmp;
import org.snmp4j.Target;
import org.snmp4j.UserTarget;
import org.snmp4j.event.ResponseEvent;
import org.snmp4j.mp.MPv2c;
import org.snmp4j.mp.MPv3;
import org.snmp4j.mp.PduHandle;
import org.snmp4j.mp.SnmpConstants;
import org.snmp4j.security.SecurityProtocols;
import org.snmp4j.security.SecurityProtocols.SecurityProtocolSet;
import org.snmp4j.security.USM;
import org.snmp4j.security.UsmUser;
import org.snmp4j.smi.Address;
import org.snmp4j.smi.Counter64;
import org.snmp4j.smi.Integer32;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;
import org.snmp4j.smi.UdpAddress;
import org.snmp4j.smi.UnsignedInteger32;
import org.snmp4j.smi.Variable;
import org.snmp4j.smi.VariableBinding;
import org.snmp4j.transport.DefaultUdpTransportMapping;

/// The way to one SNMP agent. Nothing secret is in its messages.
///
/// Used by one thread.
final class Agent implements AutoCloseable {
    /// An answer that comes later would be stamped too wrongly to be of use.
    private static final Duration TIMEOUT = Duration.ofMillis(2500);

    /// So many fit into a packet of 1472 bytes, which every agent can send.
    private static final int MOST_PER_REQUEST = 16;

    /// What a report of SNMPv3 means (RFC 3414, usmStats).
    private static final Map<OID, String> REPORTS = Map.of(
            new OID("1.3.6.1.6.3.15.1.1.1.0"),
                    "the device wants another security level: add or leave out auth and priv",
            new OID("1.3.6.1.6.3.15.1.1.2.0"), "the clocks of SNMPv3 differ; the next read sets them",
            new OID("1.3.6.1.6.3.15.1.1.3.0"), "the device does not know this user",
            new OID("1.3.6.1.6.3.15.1.1.5.0"), "auth or its password is wrong",
            new OID("1.3.6.1.6.3.15.1.1.6.0"), "priv or its password is wrong");

    private final Snmp snmp;
    private final Target<UdpAddress> target;
    private volatile Optional<String> reported = Optional.empty();

    private Agent(Snmp snmp, Target<UdpAddress> target) {
        this.snmp = snmp;
        this.target = target;
        snmp.setReportHandler(new Listener(snmp.getReportHandler()));
        target.setTimeout(TIMEOUT.toMillis());
        target.setRetries(0);
    }

    /// How to be let in.
    sealed interface Login {
        /// SNMPv2c.
        record Community(String community) implements Login {
            /// Without what is secret.
            @Override
            public String toString() {
                return "v2c";
            }
        }

        /// SNMPv3.
        ///
        /// @param level of [SecurityLevel]
        record User(UsmUser user, int level) implements Login {
            /// Without what is secret.
            @Override
            public String toString() {
                return "v3";
            }
        }
    }

    /// Remembers why the agent lets nobody in: it says so without authentication, so the library rightly does not take
    /// it for an answer (RFC 3412, 7.2.11), and the request ends in silence.
    private final class Listener implements Snmp.ReportHandler {
        private final Snmp.ReportHandler usual;

        private Listener(Snmp.ReportHandler usual) {
            this.usual = usual;
        }

        @Override
        public <A extends Address> void processReport(PduHandle handle, CommandResponderEvent<A> event) {
            PDU report = event.getPDU();
            if (report != null && report.size() > 0) {
                reported = Optional.ofNullable(REPORTS.get(report.get(0).getOid()));
            }
            usual.processReport(handle, event);
        }
    }

    /// @throws IOException if the host is unknown or there is no socket; nothing has been asked yet
    static Agent open(String host, int port, Login login) throws IOException {
        UdpAddress address = new UdpAddress(InetAddress.getByName(host), port);
        MessageDispatcherImpl dispatcher = new MessageDispatcherImpl();
        Target<UdpAddress> target = switch (login) {
            case Login.Community plain -> {
                dispatcher.addMessageProcessingModel(new MPv2c());
                Target<UdpAddress> community = new CommunityTarget<>(address, new OctetString(plain.community()));
                community.setVersion(SnmpConstants.version2c);
                yield community;
            }
            case Login.User secured -> {
                // A USM of its own: two devices may have users of one name.
                USM usm = new USM(
                        new SecurityProtocols(SecurityProtocolSet.maxCompatibility),
                        new OctetString(MPv3.createLocalEngineID()),
                        0);
                usm.addUser(secured.user());
                dispatcher.addMessageProcessingModel(new MPv3(usm));
                UserTarget<UdpAddress> user = new UserTarget<>();
                user.setAddress(address);
                user.setVersion(SnmpConstants.version3);
                user.setSecurityLevel(secured.level());
                user.setSecurityName(secured.user().getSecurityName());
                yield user;
            }
        };
        Snmp snmp = new Snmp(dispatcher, new DefaultUdpTransportMapping());
        try {
            snmp.listen();
        } catch (IOException e) {
            snmp.close();
            throw e;
        }
        return new Agent(snmp, target);
    }

    /// What stands at each place, in order; several requests if there are many.
    ///
    /// @throws IOException if the agent does not answer, or refuses
    List<Variable> get(List<OID> places) throws IOException {
        List<Variable> values = new ArrayList<>();
        for (int i = 0; i < places.size(); i += MOST_PER_REQUEST) {
            values.addAll(ask(places.subList(i, Math.min(i + MOST_PER_REQUEST, places.size()))));
        }
        return values;
    }

    private List<Variable> ask(List<OID> places) throws IOException {
        PDU request = target.getVersion() == SnmpConstants.version3 ? new ScopedPDU() : new PDU();
        request.setType(PDU.GET);
        places.forEach(place -> request.add(new VariableBinding(place)));
        reported = Optional.empty();
        ResponseEvent<UdpAddress> event = snmp.send(request, target);
        PDU answer = event.getResponse();
        if (answer == null && reported.isPresent()) {
            throw new RefusedException(reported.get());
        }
        if (answer == null) {
            throw new IOException(Optional.ofNullable(event.getError())
                    .map(error -> "it could not be asked: " + error.getMessage())
                    .orElse("no answer within %.1f s".formatted(TIMEOUT.toMillis() / 1000.0)));
        }
        if (answer.getType() == PDU.REPORT) {
            OID what = answer.size() > 0 ? answer.get(0).getOid() : new OID();
            throw new RefusedException(REPORTS.getOrDefault(what, "SNMPv3 reports " + what));
        }
        if (answer.getErrorStatus() != PDU.noError) {
            throw new IOException("the device answers: " + answer.getErrorStatusText());
        }
        List<Variable> values = new ArrayList<>();
        for (int i = 0; i < places.size(); i++) {
            if (i >= answer.size() || !answer.get(i).getOid().equals(places.get(i))) {
                throw new IOException("the answer is not to what was asked");
            }
            values.add(answer.get(i).getVariable());
        }
        return values;
    }

    /// The device does not let this user in.
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message);
        }
    }

    /// A number of a reading.
    ///
    /// @throws IOException if it is none: a gap, never 0
    static long number(Variable value) throws IOException {
        if (value.isException()) {
            throw new IOException("the device does not have it (" + value + ")");
        }
        long number = switch (value) {
            case Integer32 whole -> whole.getValue();
            case UnsignedInteger32 whole -> whole.getValue();
            case Counter64 whole -> whole.getValue();
            default ->
                throw new IOException(
                        "it is no number but %s: '%s'".formatted(value.getSyntaxString(), shortened(value.toString())));
        };
        if (number < 0) {
            throw new IOException("it is %d: the device has no value now".formatted(number));
        }
        return number;
    }

    private static String shortened(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "…" : text;
    }

    /// Where a counter of this type starts again from 0; 0 if it never does.
    static long wrapsAt(Variable value) {
        if (value instanceof Integer32) {
            return 1L << 31;
        }
        return value instanceof UnsignedInteger32 ? 1L << 32 : 0;
    }

    @Override
    public void close() throws IOException {
        snmp.close();
    }
}
