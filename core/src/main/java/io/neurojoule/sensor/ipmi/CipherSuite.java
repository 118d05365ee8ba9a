package io.neurojoule.sensor.ipmi;

import java.util.Optional;

/// The algorithms of a session: those two suites that authenticate, protect and encrypt and that controllers offer.
///
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, tables 13-17 to 13-20, 22-20</a>
enum CipherSuite {
    /// RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128: every controller of IPMI 2.0 has it.
    SHA1(3, "HmacSHA1", 1, 1, 12),
    /// RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128.
    SHA256(17, "HmacSHA256", 3, 4, 16);

    private final int id;
    private final String mac;
    private final int authentication;
    private final int integrity;
    private final int checkBytes;

    CipherSuite(int id, String mac, int authentication, int integrity, int checkBytes) {
        this.id = id;
        this.mac = mac;
        this.authentication = authentication;
        this.integrity = integrity;
        this.checkBytes = checkBytes;
    }

    static Optional<CipherSuite> of(int id) {
        for (CipherSuite suite : values()) {
            if (suite.id == id) {
                return Optional.of(suite);
            }
        }
        return Optional.empty();
    }

    int id() {
        return id;
    }

    /// The JDK's name of the keyed hash.
    String mac() {
        return mac;
    }

    int authentication() {
        return authentication;
    }

    int integrity() {
        return integrity;
    }

    /// AES-CBC-128 in both.
    int confidentiality() {
        return 1;
    }

    /// How much of the hash stands behind a packet and in the last message of the handshake.
    int checkBytes() {
        return checkBytes;
    }
}
