package io.neurojoule.sensor.ipmi;

/// Unsigned little-endian numbers in a message.
final class Bytes {
    private Bytes() {}

    static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xFF;
    }

    static int u16(byte[] bytes, int at) {
        return u8(bytes, at) | (u8(bytes, at + 1) << 8);
    }

    static long u32(byte[] bytes, int at) {
        return u16(bytes, at) | ((long) u16(bytes, at + 2) << 16);
    }

    static void put32(byte[] bytes, int at, int value) {
        for (int i = 0; i < 4; i++) {
            bytes[at + i] = (byte) (value >>> (8 * i));
        }
    }
}
