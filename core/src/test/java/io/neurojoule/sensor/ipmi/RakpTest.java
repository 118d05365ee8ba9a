package io.neurojoule.sensor.ipmi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A session of ipmitool 1.8.19 with ipmi_sim of OpenIPMI 2.0.33, cipher suite 3, as `ipmitool -vvvv` printed it.
class RakpTest {
    private static final Rakp SESSION = new Rakp(
            CipherSuite.SHA1,
            0xa0a2a3a4,
            2,
            hex("a3f2a4a9b22e7bffa3b5fe3fc2f8583e"),
            hex("32fac6689c929ba0f0bb8c8e44dbb6f4"),
            hex("a123456789abcdefa123456789abcdef"),
            0x14,
            "ADMIN",
            "ADMIN".getBytes(StandardCharsets.US_ASCII));

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    @Test
    void theProofsAreThoseOfTheOtherProgram() {
        assertThat(SESSION.controllerProof()).isEqualTo(hex("96979a35299d85958487a1625404a3380fb848d3"));
        assertThat(SESSION.consoleProof()).isEqualTo(hex("fd90fc0f07c1b648e63050d4b195698d4260b2d9"));
        assertThat(SESSION.controllerCheck()).isEqualTo(hex("47b43fe697abafa9ec484820"));
    }

    @Test
    void theKeysAreThoseOfTheOtherProgram() {
        assertThat(SESSION.integrityKey()).isEqualTo(hex("93c133938beac57638756920" + "0bf108e7183cca82"));
        assertThat(SESSION.encryptionKey()).isEqualTo(hex("7e6ed7be7045f1afc3d4becfb7bed3cb"));
    }

    @Test
    void aPacketOfTheControllerIsOpened() throws Exception {
        byte[] packet = hex("0600ff07" + "06c0a4a3a2a00100000020" + "00bd1429d662e68aa72b9dd3a50ab04966"
                + "5848ed4178012bbe8ba92e6eb67cdb26ffff0207" + "a21bfab191c688e072e32af4");

        LanPacket in =
                LanPacket.parse(packet, Optional.of(LanPacket.Keys.of(SESSION))).orElseThrow();

        assertThat(in.sessionId()).isEqualTo(0xa0a2a3a4);
        assertThat(in.sequence()).isEqualTo(1);
        assertThat(LanMessage.answers(
                        in.payload(), Request.of(Request.APPLICATION, 0x3B, "Set Session Privilege Level", 4), 1))
                .isTrue();
        assertThat(LanMessage.completionCode(in.payload())).isZero();
    }

    @Test
    void aPacketThatWasChangedIsNotOpened() throws Exception {
        LanPacket.Keys keys = LanPacket.Keys.of(SESSION);
        byte[] packet = new LanPacket(LanPacket.MESSAGE, 2, 1, new byte[] {1, 2, 3}).toBytes(Optional.of(keys));

        for (int i = 6; i < packet.length; i++) {
            byte[] changed = packet.clone();
            changed[i] ^= 1;
            assertThat(LanPacket.parse(changed, Optional.of(keys)))
                    .as("byte %d", i)
                    .isEmpty();
        }
        assertThat(LanPacket.parse(packet, Optional.of(keys))).isPresent();
    }

    @Test
    void whatIsSealedIsOpenedAtEveryLengthAndWithBothSuites() throws Exception {
        for (CipherSuite suite : CipherSuite.values()) {
            LanPacket.Keys keys = new LanPacket.Keys(suite, new byte[20], new byte[16]);
            for (int length = 0; length < 70; length++) {
                byte[] payload = new byte[length];
                Arrays.fill(payload, (byte) length);

                byte[] packet = new LanPacket(LanPacket.MESSAGE, 7, 9, payload).toBytes(Optional.of(keys));

                assertThat((packet.length - 4 - suite.checkBytes()) % 4).isZero();
                assertThat(LanPacket.parse(packet, Optional.of(keys))
                                .orElseThrow()
                                .payload())
                        .as("%s %d", suite, length)
                        .isEqualTo(payload);
            }
        }
    }
}
