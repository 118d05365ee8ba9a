package io.neurojoule.sensor.ipmi;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// A packet of RMCP+: a payload with its type and the session that it belongs to.
///
/// @param type      of the payload, without the bits for encrypted and signed
/// @param sessionId of the receiver; 0 outside a session
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, 13.6, 13.28.4, 13.29</a>
record LanPacket(int type, int sessionId, int sequence, byte[] payload) {
    static final int MESSAGE = 0x00;
    static final int OPEN_REQUEST = 0x10;
    static final int OPEN_RESPONSE = 0x11;
    static final int RAKP_1 = 0x12;
    static final int RAKP_2 = 0x13;
    static final int RAKP_3 = 0x14;
    static final int RAKP_4 = 0x15;

    private static final byte[] RMCP = {0x06, 0x00, (byte) 0xFF, 0x07};
    private static final int FORMAT_RMCP_PLUS = 0x06;
    private static final int HEADER_BYTES = 16;
    private static final int ENCRYPTED = 0x80;
    private static final int SIGNED = 0x40;
    private static final int BLOCK = 16;
    private static final byte PAD = (byte) 0xFF;
    private static final byte NEXT_HEADER = 0x07;
    private static final SecureRandom RANDOM = new SecureRandom();

    /// What a session signs and encrypts with.
    record Keys(CipherSuite suite, byte[] integrity, byte[] encryption) {
        static Keys of(Rakp rakp) {
            return new Keys(rakp.suite(), rakp.integrityKey(), rakp.encryptionKey());
        }

        /// Without the keys.
        @Override
        public String toString() {
            return suite.toString();
        }
    }

    /// The bytes of a packet; signed and encrypted where there are keys.
    byte[] toBytes(Optional<Keys> keys) {
        byte[] body = keys.map(k -> encrypt(payload, k)).orElse(payload);
        byte[] packet = Arrays.copyOf(RMCP, HEADER_BYTES + body.length);
        packet[4] = FORMAT_RMCP_PLUS;
        packet[5] = (byte) (keys.isPresent() ? type | ENCRYPTED | SIGNED : type);
        Bytes.put32(packet, 6, sessionId);
        Bytes.put32(packet, 10, sequence);
        packet[14] = (byte) body.length;
        packet[15] = (byte) (body.length >> 8);
        System.arraycopy(body, 0, packet, HEADER_BYTES, body.length);
        return keys.map(k -> sign(packet, k)).orElse(packet);
    }

    /// Empty for what is not a packet of RMCP+, or one that these keys did not sign: a stranger's, or an old session's.
    ///
    /// @throws IOException if a signed packet makes no sense
    static Optional<LanPacket> parse(byte[] bytes, Optional<Keys> keys) throws IOException {
        if (bytes.length < HEADER_BYTES || bytes[0] != RMCP[0] || bytes[3] != RMCP[3] || bytes[4] != FORMAT_RMCP_PLUS) {
            return Optional.empty();
        }
        int flags = Bytes.u8(bytes, 5);
        int length = Bytes.u16(bytes, 14);
        if (HEADER_BYTES + length > bytes.length) {
            return Optional.empty();
        }
        byte[] body = Arrays.copyOfRange(bytes, HEADER_BYTES, HEADER_BYTES + length);
        if (keys.isPresent()) {
            if ((flags & ENCRYPTED) == 0 || (flags & SIGNED) == 0 || !isSigned(bytes, keys.get())) {
                return Optional.empty();
            }
            body = decrypt(body, keys.get());
        } else if ((flags & (ENCRYPTED | SIGNED)) != 0) {
            return Optional.empty();
        }
        return Optional.of(new LanPacket(flags & 0x3F, (int) Bytes.u32(bytes, 6), (int) Bytes.u32(bytes, 10), body));
    }

    /// Filled up so that what is signed, from the format to the next header, is a multiple of four bytes.
    private static byte[] sign(byte[] packet, Keys keys) {
        int pad = Math.floorMod(-(packet.length - RMCP.length + 2), 4);
        int end = packet.length + pad + 2;
        byte[] all = Arrays.copyOf(packet, end + keys.suite.checkBytes());
        Arrays.fill(all, packet.length, packet.length + pad, PAD);
        all[end - 2] = (byte) pad;
        all[end - 1] = NEXT_HEADER;
        System.arraycopy(check(all, end, keys), 0, all, end, keys.suite.checkBytes());
        return all;
    }

    private static boolean isSigned(byte[] packet, Keys keys) {
        int end = packet.length - keys.suite.checkBytes();
        return end > HEADER_BYTES
                && MessageDigest.isEqual(check(packet, end, keys), Arrays.copyOfRange(packet, end, packet.length));
    }

    private static byte[] check(byte[] packet, int end, Keys keys) {
        byte[] signed = Arrays.copyOfRange(packet, RMCP.length, end);
        return Arrays.copyOf(Rakp.hash(keys.suite, keys.integrity, signed), keys.suite.checkBytes());
    }

    /// Starting vector, then the payload with a pad of 1, 2, 3 … and its length.
    private static byte[] encrypt(byte[] payload, Keys keys) {
        int pad = Math.floorMod(-(payload.length + 1), BLOCK);
        byte[] plain = Arrays.copyOf(payload, payload.length + pad + 1);
        for (int i = 0; i < pad; i++) {
            plain[payload.length + i] = (byte) (i + 1);
        }
        plain[plain.length - 1] = (byte) pad;
        byte[] all = new byte[BLOCK + plain.length];
        byte[] start = new byte[BLOCK];
        RANDOM.nextBytes(start);
        System.arraycopy(start, 0, all, 0, BLOCK);
        byte[] hidden = crypt(Cipher.ENCRYPT_MODE, keys, start, plain);
        System.arraycopy(hidden, 0, all, BLOCK, hidden.length);
        return all;
    }

    private static byte[] decrypt(byte[] body, Keys keys) throws IOException {
        if (body.length < 2 * BLOCK || body.length % BLOCK != 0) {
            throw new IOException("an encrypted answer of %d bytes".formatted(body.length));
        }
        byte[] plain = crypt(
                Cipher.DECRYPT_MODE, keys, Arrays.copyOf(body, BLOCK), Arrays.copyOfRange(body, BLOCK, body.length));
        int pad = Bytes.u8(plain, plain.length - 1);
        if (pad >= plain.length) {
            throw new IOException("an encrypted answer whose pad is longer than itself");
        }
        return Arrays.copyOf(plain, plain.length - pad - 1);
    }

    private static byte[] crypt(int mode, Keys keys, byte[] start, byte[] data) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
            cipher.init(mode, new SecretKeySpec(keys.encryption, "AES"), new IvParameterSpec(start));
            return cipher.doFinal(data);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has AES", e);
        }
    }

    /// Without the payload.
    @Override
    public String toString() {
        return "payload 0x%02x of session %08x".formatted(type, sessionId);
    }
}
