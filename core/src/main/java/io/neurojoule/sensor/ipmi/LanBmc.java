package io.neurojoule.sensor.ipmi;

import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/// A controller over the network, by RMCP+: one session, opened when it is first needed and again after it was lost.
///
/// A packet without an answer is sent three times, a second apart, each time with a new session sequence number.
/// Used by one thread at a time.
final class LanBmc implements Bmc {
    /// Two sessions of this controller differ in these.
    ///
    /// @param privilege 2 user, 3 operator, 4 administrator
    record Account(String user, byte[] password, int privilege, CipherSuite suite) {
        /// Without the password.
        @Override
        public String toString() {
            return "%s, cipher suite %d".formatted(user, suite.id());
        }
    }

    private static final int TRIES = 3;
    private static final long TRY_NANOS = 1_000_000_000L;
    private static final int LONGEST_PACKET = 1024;
    private static final int USER_PRIVILEGE = 2;
    private static final int BY_NAME = 0x10;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String host;
    private final int port;
    private final Account account;
    private final Ticker ticker;
    private final byte[] buffer = new byte[LONGEST_PACKET];
    private Optional<DatagramSocket> socket = Optional.empty();
    private Optional<Session> session = Optional.empty();
    private int tag;
    private int message;

    /// What both sides agreed on.
    private static final class Session {
        private final LanPacket.Keys keys;
        private final int consoleId;
        private final int controllerId;
        private int sequence;

        Session(Rakp rakp) {
            keys = LanPacket.Keys.of(rakp);
            consoleId = rakp.consoleId();
            controllerId = rakp.controllerId();
        }

        byte[] seal(byte[] payload) {
            sequence++;
            return new LanPacket(LanPacket.MESSAGE, controllerId, sequence, payload).toBytes(Optional.of(keys));
        }

        Optional<byte[]> open(byte[] packet) throws IOException {
            return LanPacket.parse(packet, Optional.of(keys))
                    .filter(p -> p.type() == LanPacket.MESSAGE && p.sessionId() == consoleId)
                    .map(LanPacket::payload);
        }
    }

    LanBmc(String host, int port, Account account, Ticker ticker) {
        this.host = host;
        this.port = port;
        this.account = account;
        this.ticker = ticker;
    }

    @Override
    public String via() {
        return "rmcp+";
    }

    @Override
    public String where() {
        return host + ":" + port;
    }

    @Override
    public byte[] ask(Request request, long untilNanos) throws IOException {
        if (session.isEmpty()) {
            session = Optional.of(open(untilNanos));
            raisePrivilege(untilNanos);
        }
        return inSession(request, untilNanos);
    }

    private byte[] inSession(Request request, long untilNanos) throws IOException {
        Session own = session.orElseThrow();
        message = (message + 1) & 0x3F;
        int sequence = message;
        byte[] payload = LanMessage.request(request, sequence);
        byte[] answer;
        try {
            answer = exchange(
                    () -> own.seal(payload),
                    packet -> own.open(packet).filter(m -> LanMessage.answers(m, request, sequence)),
                    request.what(),
                    untilNanos);
        } catch (IOException e) {
            // The controller may have restarted and forgotten the session: the next request opens another.
            forget();
            throw e;
        }
        int code = LanMessage.completionCode(answer);
        if (code != 0) {
            throw new CompletionException(request, code);
        }
        return LanMessage.data(answer);
    }

    /// A session starts as a user's.
    private void raisePrivilege(long untilNanos) throws IOException {
        if (account.privilege() <= USER_PRIVILEGE) {
            return;
        }
        Request request = Request.of(Request.APPLICATION, 0x3B, "Set Session Privilege Level", account.privilege());
        try {
            byte[] unused = inSession(request, untilNanos);
        } catch (CompletionException e) {
            forget();
            throw new LoginException("%s does not give %s the privilege that was asked for: %s"
                    .formatted(where(), account.user(), e.getMessage()));
        }
    }

    private Session open(long untilNanos) throws IOException {
        int consoleId = RANDOM.nextInt(1, Integer.MAX_VALUE);
        byte[] opened = handshake(
                LanPacket.OPEN_REQUEST,
                openRequest(consoleId),
                LanPacket.OPEN_RESPONSE,
                36,
                "open session",
                untilNanos);
        int controllerId = (int) Bytes.u32(opened, 8);
        if (opened[16] != account.suite().authentication()
                || opened[24] != account.suite().integrity()
                || opened[32] != account.suite().confidentiality()) {
            throw new LoginException("%s answers with other algorithms than those of cipher suite %d"
                    .formatted(where(), account.suite().id()));
        }
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        int role = BY_NAME | account.privilege();
        byte[] second = handshake(
                LanPacket.RAKP_1,
                rakp1(controllerId, random, role),
                LanPacket.RAKP_2,
                40,
                "message 1 of the handshake",
                untilNanos);
        Rakp rakp = new Rakp(
                account.suite(),
                consoleId,
                controllerId,
                random,
                Arrays.copyOfRange(second, 8, 24),
                Arrays.copyOfRange(second, 24, 40),
                role,
                account.user(),
                account.password());
        if (!MessageDigest.isEqual(rakp.controllerProof(), Arrays.copyOfRange(second, 40, second.length))) {
            throw new LoginException("%s has another password for user %s".formatted(where(), account.user()));
        }
        byte[] fourth = handshake(
                LanPacket.RAKP_3,
                rakp3(controllerId, rakp.consoleProof()),
                LanPacket.RAKP_4,
                8,
                "message 3 of the handshake",
                untilNanos);
        if (!MessageDigest.isEqual(rakp.controllerCheck(), Arrays.copyOfRange(fourth, 8, fourth.length))) {
            throw new LoginException("%s does not prove that it knows the session key".formatted(where()));
        }
        return new Session(rakp);
    }

    private byte[] openRequest(int consoleId) {
        byte[] m = new byte[32];
        m[1] = (byte) account.privilege();
        Bytes.put32(m, 4, consoleId);
        int[] algorithms = {
            account.suite().authentication(),
            account.suite().integrity(),
            account.suite().confidentiality()
        };
        for (int i = 0; i < algorithms.length; i++) {
            int at = 8 + 8 * i;
            m[at] = (byte) i;
            m[at + 3] = 8;
            m[at + 4] = (byte) algorithms[i];
        }
        return m;
    }

    private byte[] rakp1(int controllerId, byte[] random, int role) {
        byte[] name = account.user().getBytes(StandardCharsets.US_ASCII);
        byte[] m = new byte[28 + name.length];
        Bytes.put32(m, 4, controllerId);
        System.arraycopy(random, 0, m, 8, random.length);
        m[24] = (byte) role;
        m[27] = (byte) name.length;
        System.arraycopy(name, 0, m, 28, name.length);
        return m;
    }

    private static byte[] rakp3(int controllerId, byte[] proof) {
        byte[] m = new byte[8 + proof.length];
        Bytes.put32(m, 4, controllerId);
        System.arraycopy(proof, 0, m, 8, proof.length);
        return m;
    }

    /// @param least bytes of an answer that does not refuse
    private byte[] handshake(int type, byte[] payload, int answerType, int least, String step, long untilNanos)
            throws IOException {
        tag = (tag + 1) & 0xFF;
        int own = tag;
        payload[0] = (byte) own;
        byte[] packet = new LanPacket(type, 0, 0, payload).toBytes(Optional.empty());
        byte[] answer = exchange(
                () -> packet,
                bytes -> LanPacket.parse(bytes, Optional.empty())
                        .filter(p ->
                                p.type() == answerType && p.payload().length >= 2 && Bytes.u8(p.payload(), 0) == own)
                        .map(LanPacket::payload),
                step,
                untilNanos);
        if (answer[1] != 0) {
            throw LoginException.of(where(), step, Bytes.u8(answer, 1));
        }
        if (answer.length < least) {
            throw new IOException("%s: %d bytes instead of %d at %s".formatted(where(), answer.length, least, step));
        }
        return answer;
    }

    /// Makes the bytes of a try.
    @FunctionalInterface
    private interface Packets {
        byte[] next();
    }

    /// What a packet means; empty if it is not the answer.
    @FunctionalInterface
    private interface Meaning {
        Optional<byte[]> of(byte[] packet) throws IOException;
    }

    private byte[] exchange(Packets packets, Meaning meaning, String what, long untilNanos) throws IOException {
        DatagramSocket wire = connected();
        for (int i = 0; i < TRIES && ticker.nanos() < untilNanos; i++) {
            byte[] out = packets.next();
            long due = Math.min(untilNanos, ticker.nanos() + TRY_NANOS);
            try {
                wire.send(new DatagramPacket(out, out.length));
                for (long left = due - ticker.nanos(); left > 0; left = due - ticker.nanos()) {
                    wire.setSoTimeout((int) Math.max(1, left / 1_000_000));
                    DatagramPacket in = new DatagramPacket(buffer, buffer.length);
                    wire.receive(in);
                    Optional<byte[]> answer = meaning.of(Arrays.copyOf(buffer, in.getLength()));
                    if (answer.isPresent()) {
                        return answer.get();
                    }
                }
            } catch (SocketTimeoutException e) {
                // The next try, or the end.
            } catch (PortUnreachableException e) {
                throw new IOException("nothing answers at %s (port unreachable)".formatted(where()), e);
            }
        }
        throw new IOException("%s does not answer to %s".formatted(where(), what));
    }

    private DatagramSocket connected() throws IOException {
        if (socket.isEmpty()) {
            InetAddress address;
            try {
                address = InetAddress.getByName(host);
            } catch (UnknownHostException e) {
                throw new IOException("unknown host " + host, e);
            }
            DatagramSocket wire = new DatagramSocket();
            wire.connect(new InetSocketAddress(address, port));
            socket = Optional.of(wire);
        }
        return socket.get();
    }

    /// Ends the session without waiting for an answer; the socket too, so that no late answer is met later.
    private void forget() {
        Optional<Session> last = session;
        Optional<DatagramSocket> wire = socket;
        session = Optional.empty();
        socket = Optional.empty();
        if (last.isPresent() && wire.isPresent()) {
            byte[] id = new byte[4];
            Bytes.put32(id, 0, last.get().controllerId);
            Request end = new Request(Request.APPLICATION, 0, 0x3C, id, "Close Session");
            byte[] out = last.get().seal(LanMessage.request(end, 0));
            try {
                wire.get().send(new DatagramPacket(out, out.length));
            } catch (IOException e) {
                // Without this packet the session ends by itself, about a minute after its last request.
            }
        }
        wire.ifPresent(DatagramSocket::close);
    }

    @Override
    public void close() {
        forget();
    }
}
