package io.neurojoule.sensor.ipmi;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A controller that speaks RMCP+ on a port of its own, for what ipmi_sim lacks: cipher suite 17, lost sessions and
/// packets, odd answers. That it speaks as others do is shown by asking it with ipmitool ([FakeBmcTest]).
final class FakeBmc implements AutoCloseable, Bmc {
    static final String USER = "ADMIN";
    static final String PASSWORD = "secret";

    private static final byte[] GUID = "neurojoule-guid!".getBytes(StandardCharsets.US_ASCII);
    private static final int CONTROLLER_ID = 0x02000010;

    private final DatagramSocket socket;
    private final Thread thread;
    private final Map<Integer, byte[]> answers = new ConcurrentHashMap<>();
    private final List<byte[]> records = new CopyOnWriteArrayList<>();
    private final List<Integer> sequences = new CopyOnWriteArrayList<>();
    private volatile Set<CipherSuite> suites = Set.of(CipherSuite.values());
    private final AtomicInteger deaf = new AtomicInteger();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger reservation = new AtomicInteger();
    private volatile int longestPart = 255;
    private volatile Optional<Session> session = Optional.empty();

    private static final class Session {
        private final CipherSuite suite;
        private final int consoleId;
        private Optional<Rakp> rakp = Optional.empty();
        private int sequence;

        Session(CipherSuite suite, int consoleId) {
            this.suite = suite;
            this.consoleId = consoleId;
        }
    }

    FakeBmc() throws IOException {
        socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        thread = Thread.ofPlatform().daemon().name("fake-bmc").unstarted(this::run);
        thread.start();
        answer(0x06, 0x01, 0, 0x20, 1, 1, 0, 2, 0, 0x92, 0x12, 0, 0, 0);
        answer(0x06, 0x3B, 0, 4);
        answer(0x06, 0x3C, 0);
        watts(210, true);
    }

    int port() {
        return socket.getLocalPort();
    }

    /// How many sessions were opened.
    int opened() {
        return opened.get();
    }

    /// The session sequence numbers of the requests that came, answered or not.
    List<Integer> sequences() {
        return sequences;
    }

    /// Completion code and data from now on.
    FakeBmc answer(int netFn, int command, int... bytes) {
        byte[] all = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            all[i] = (byte) bytes[i];
        }
        answers.put((netFn << 8) | command, all);
        return this;
    }

    FakeBmc watts(int watts, boolean active) {
        return answer(
                0x2C,
                0x02,
                0,
                0xDC,
                watts & 0xFF,
                watts >> 8,
                1,
                0,
                0xFF,
                0,
                0x64,
                0,
                0,
                0,
                0,
                0x60,
                0xE8,
                3,
                0,
                0,
                active ? 0x40 : 0);
    }

    FakeBmc energy(long joules, int millijoules, long seconds, int millis) {
        return answer(
                0x3A,
                0x32,
                0,
                1,
                0,
                (int) joules & 0xFF,
                (int) (joules >> 8) & 0xFF,
                (int) (joules >> 16) & 0xFF,
                (int) (joules >> 24) & 0xFF,
                millijoules & 0xFF,
                millijoules >> 8,
                (int) seconds & 0xFF,
                (int) (seconds >> 8) & 0xFF,
                (int) (seconds >> 16) & 0xFF,
                (int) (seconds >> 24) & 0xFF,
                millis & 0xFF,
                millis >> 8);
    }

    FakeBmc lenovo() {
        return answer(0x06, 0x01, 0, 0x20, 1, 1, 0, 2, 0, 0x66, 0x4A, 0, 0, 0);
    }

    FakeBmc record(byte[] record) {
        records.add(record);
        return this;
    }

    FakeBmc only(CipherSuite suite) {
        suites = Set.of(suite);
        return this;
    }

    /// Ignores so many packets.
    FakeBmc ignore(int packets) {
        deaf.set(packets);
        return this;
    }

    /// Forgets all sessions, as a controller that has restarted.
    void restart() {
        session = Optional.empty();
    }

    /// Another reader takes the repository.
    FakeBmc cancelReservation() {
        int unused = reservation.incrementAndGet();
        return this;
    }

    /// Gives no more bytes of a record at once.
    FakeBmc longestPart(int bytes) {
        longestPart = bytes;
        return this;
    }

    @Override
    public byte[] ask(Request request, long untilNanos) throws IOException {
        byte[] answer = reply(request.netFn(), request.command(), request.data());
        if (answer[0] != 0) {
            throw new CompletionException(request, Bytes.u8(answer, 0));
        }
        return Arrays.copyOfRange(answer, 1, answer.length);
    }

    @Override
    public String via() {
        return "test";
    }

    @Override
    public String where() {
        return "/dev/test";
    }

    private void run() {
        byte[] buffer = new byte[1024];
        while (!socket.isClosed()) {
            DatagramPacket in = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(in);
                byte[] packet = Arrays.copyOf(buffer, in.getLength());
                Optional<byte[]> out = react(packet);
                if (out.isPresent()) {
                    socket.send(new DatagramPacket(out.get(), out.get().length, in.getSocketAddress()));
                }
            } catch (SocketException e) {
                return; // closed
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Optional<byte[]> react(byte[] packet) throws IOException {
        if (packet[4] == 0) {
            return Optional.of(beforeSession(packet));
        }
        boolean signed = (packet[5] & 0x40) != 0;
        if (signed) {
            sequences.add((int) Bytes.u32(packet, 10));
        }
        if (deaf.get() > 0) {
            int unused = deaf.decrementAndGet();
            return Optional.empty();
        }
        return signed ? inSession(packet) : handshake(packet);
    }

    /// Get Channel Authentication Capabilities, in the form of IPMI 1.5: ipmitool begins with it.
    private static byte[] beforeSession(byte[] packet) {
        byte[] request = Arrays.copyOfRange(packet, 14, packet.length);
        byte[] message = message(request, new byte[] {0, 1, (byte) 0x80, 0x04, 0x02, 0, 0, 0, 0});
        byte[] out = Arrays.copyOf(packet, 14 + message.length);
        out[13] = (byte) message.length;
        System.arraycopy(message, 0, out, 14, message.length);
        return out;
    }

    private Optional<byte[]> handshake(byte[] packet) throws IOException {
        LanPacket in = LanPacket.parse(packet, Optional.empty()).orElseThrow();
        byte[] m = in.payload();
        return switch (in.type()) {
            case LanPacket.OPEN_REQUEST -> Optional.of(outside(LanPacket.OPEN_RESPONSE, open(m)));
            case LanPacket.RAKP_1 -> session.map(own -> outside(LanPacket.RAKP_2, second(m, own)));
            case LanPacket.RAKP_3 -> session.map(own -> outside(LanPacket.RAKP_4, fourth(m, own)));
            default -> Optional.empty();
        };
    }

    private static byte[] outside(int type, byte[] payload) {
        return new LanPacket(type, 0, 0, payload).toBytes(Optional.empty());
    }

    private byte[] open(byte[] m) {
        Optional<CipherSuite> suite = suites.stream()
                .filter(s -> s.authentication() == m[12] && s.integrity() == m[20] && s.confidentiality() == m[28])
                .findFirst();
        if (suite.isEmpty()) {
            return new byte[] {m[0], 0x11, 0, 0, m[4], m[5], m[6], m[7]};
        }
        int unused = opened.incrementAndGet();
        session = Optional.of(new Session(suite.get(), (int) Bytes.u32(m, 4)));
        byte[] out = new byte[36];
        out[0] = m[0];
        out[2] = 4;
        System.arraycopy(m, 4, out, 4, 4);
        Bytes.put32(out, 8, CONTROLLER_ID);
        System.arraycopy(m, 8, out, 12, 24);
        return out;
    }

    private static byte[] second(byte[] m, Session own) {
        String user = new String(m, 28, m[27], StandardCharsets.US_ASCII);
        if (!user.equals(USER)) {
            return new byte[] {m[0], 0x0D, 0, 0, 0, 0, 0, 0};
        }
        byte[] random = new byte[16];
        Arrays.fill(random, (byte) 7);
        Rakp rakp = new Rakp(
                own.suite,
                own.consoleId,
                CONTROLLER_ID,
                Arrays.copyOfRange(m, 8, 24),
                random,
                GUID,
                Bytes.u8(m, 24),
                user,
                PASSWORD.getBytes(StandardCharsets.US_ASCII));
        own.rakp = Optional.of(rakp);
        ByteArrayOutputStream out = begin(m[0], own);
        out.writeBytes(random);
        out.writeBytes(GUID);
        out.writeBytes(rakp.controllerProof());
        return out.toByteArray();
    }

    private static byte[] fourth(byte[] m, Session own) {
        Rakp rakp = own.rakp.orElseThrow();
        if (!Arrays.equals(rakp.consoleProof(), Arrays.copyOfRange(m, 8, m.length))) {
            return new byte[] {m[0], 0x0F, 0, 0, 0, 0, 0, 0};
        }
        ByteArrayOutputStream out = begin(m[0], own);
        out.writeBytes(rakp.controllerCheck());
        return out.toByteArray();
    }

    private static ByteArrayOutputStream begin(byte tag, Session own) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {tag, 0, 0, 0});
        byte[] id = new byte[4];
        Bytes.put32(id, 0, own.consoleId);
        out.writeBytes(id);
        return out;
    }

    private Optional<byte[]> inSession(byte[] packet) throws IOException {
        Optional<Session> own = session;
        if (own.isEmpty() || own.get().rakp.isEmpty()) {
            return Optional.empty();
        }
        Optional<LanPacket.Keys> keys = own.get().rakp.map(LanPacket.Keys::of);
        Optional<LanPacket> in = LanPacket.parse(packet, keys);
        if (in.isEmpty()) {
            return Optional.empty();
        }
        byte[] request = in.get().payload();
        byte[] data = Arrays.copyOfRange(request, 6, request.length - 1);
        byte[] answer = message(request, reply(Bytes.u8(request, 1) >> 2, Bytes.u8(request, 5), data));
        own.get().sequence++;
        return Optional.of(
                new LanPacket(LanPacket.MESSAGE, own.get().consoleId, own.get().sequence, answer).toBytes(keys));
    }

    private static byte[] message(byte[] request, byte[] answer) {
        byte[] m = new byte[7 + answer.length];
        m[0] = request[3];
        m[1] = (byte) (request[1] + 4);
        m[2] = (byte) -(m[0] + m[1]);
        m[3] = request[0];
        m[4] = request[4];
        m[5] = request[5];
        System.arraycopy(answer, 0, m, 6, answer.length);
        int sum = 0;
        for (int i = 3; i < m.length - 1; i++) {
            sum += m[i];
        }
        m[m.length - 1] = (byte) -sum;
        return m;
    }

    private byte[] reply(int netFn, int command, byte[] data) {
        if (netFn == 0x0A && command == 0x22 && !records.isEmpty()) {
            int now = reservation.incrementAndGet();
            return new byte[] {0, (byte) now, (byte) (now >> 8)};
        }
        if (netFn == 0x0A && command == 0x23 && !records.isEmpty()) {
            return part(data);
        }
        return answers.getOrDefault((netFn << 8) | command, new byte[] {(byte) 0xC1});
    }

    private byte[] part(byte[] data) {
        if (Bytes.u16(data, 0) != reservation.get()) {
            return new byte[] {(byte) 0xC5};
        }
        int index = Bytes.u16(data, 2);
        byte[] record = records.get(index);
        int offset = Bytes.u8(data, 4);
        int count = Bytes.u8(data, 5);
        if (count > longestPart) {
            return new byte[] {(byte) 0xCA};
        }
        int next = index + 1 < records.size() ? index + 1 : 0xFFFF;
        byte[] out = new byte[3 + count];
        out[1] = (byte) next;
        out[2] = (byte) (next >> 8);
        System.arraycopy(record, offset, out, 3, count);
        return out;
    }

    @Override
    public void close() {
        socket.close();
    }
}
