package io.neurojoule.sensor.ipmi;

import java.nio.charset.StandardCharsets;

/// Records of a sensor data repository, as IPMI 2.0, 43.1 lays them out.
final class SdrRecords {
    static final int WATTS = 6;
    static final int DEGREES = 1;

    private SdrRecords() {}

    /// A full record of a linear, unsigned sensor.
    static byte[] full(int number, String name, int unit, int m, int b, int exponentOfB, int exponent) {
        byte[] text = name.getBytes(StandardCharsets.ISO_8859_1);
        byte[] r = new byte[48 + text.length];
        r[0] = (byte) number;
        r[2] = 0x51;
        r[3] = 1;
        r[4] = (byte) (r.length - 5);
        r[5] = 0x20;
        r[7] = (byte) number;
        r[8] = 10;
        r[12] = 0x0B;
        r[13] = 1;
        r[21] = (byte) unit;
        r[24] = (byte) m;
        r[25] = (byte) ((m >> 2) & 0xC0);
        r[26] = (byte) b;
        r[27] = (byte) ((b >> 2) & 0xC0);
        r[29] = (byte) ((exponent << 4) | (exponentOfB & 0x0F));
        r[47] = (byte) (0xC0 | text.length);
        System.arraycopy(text, 0, r, 48, text.length);
        return r;
    }

    static byte[] watts(int number, String name, int m) {
        return full(number, name, WATTS, m, 0, 0, 0);
    }

    /// A record of another type, without a sensor of its own.
    static byte[] locator() {
        return new byte[] {9, 0, 0x51, 0x12, 3, 1, 2, 3};
    }
}
