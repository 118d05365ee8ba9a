package io.neurojoule.sensor.ipmi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// What the two sides of a handshake prove to each other, and the keys that come of it.
///
/// @param consoleId our session id, controllerId theirs; randoms and guid have 16 bytes
/// @param role      the privilege, with the bit that the user is looked up by name alone
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, 13.28, 13.31, 13.32</a>
record Rakp(
        CipherSuite suite,
        int consoleId,
        int controllerId,
        byte[] consoleRandom,
        byte[] controllerRandom,
        byte[] guid,
        int role,
        String user,
        byte[] password) {
    /// A password has at most so many bytes, and is filled up with zeros.
    static final int KEY_BYTES = 20;

    private static final int CONSTANT_BYTES = 20;

    /// The controller's proof that it knows the password (message 2).
    byte[] controllerProof() {
        return hash(key(), id(consoleId), id(controllerId), consoleRandom, controllerRandom, guid, named());
    }

    /// Ours (message 3).
    byte[] consoleProof() {
        return hash(key(), controllerRandom, id(consoleId), named());
    }

    /// The controller's proof that it has the same session key (message 4).
    byte[] controllerCheck() {
        return Arrays.copyOf(hash(sessionKey(), consoleRandom, id(controllerId), guid), suite.checkBytes());
    }

    /// Signs packets.
    byte[] integrityKey() {
        return hash(sessionKey(), constant(1));
    }

    /// Encrypts payloads.
    byte[] encryptionKey() {
        return Arrays.copyOf(hash(sessionKey(), constant(2)), 16);
    }

    private byte[] sessionKey() {
        return hash(key(), consoleRandom, controllerRandom, named());
    }

    private byte[] key() {
        return Arrays.copyOf(password, KEY_BYTES);
    }

    private byte[] named() {
        byte[] name = user.getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[2 + name.length];
        all[0] = (byte) role;
        all[1] = (byte) name.length;
        System.arraycopy(name, 0, all, 2, name.length);
        return all;
    }

    private static byte[] constant(int value) {
        byte[] bytes = new byte[CONSTANT_BYTES];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static byte[] id(int id) {
        byte[] bytes = new byte[4];
        Bytes.put32(bytes, 0, id);
        return bytes;
    }

    private byte[] hash(byte[] key, byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return hash(suite, key, all.toByteArray());
    }

    static byte[] hash(CipherSuite suite, byte[] key, byte[] message) {
        try {
            Mac mac = Mac.getInstance(suite.mac());
            mac.init(new SecretKeySpec(key, suite.mac()));
            return mac.doFinal(message);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + suite.mac(), e);
        }
    }

    /// Without what is secret.
    @Override
    public String toString() {
        return "%s, session %08x of %s".formatted(suite, controllerId, user);
    }
}
