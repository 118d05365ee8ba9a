package io.neurojoule.sensor.ipmi;

import java.io.IOException;

/// DCMI's power reading of the whole system: whole watts, renewed by the controller about once a second.
///
/// @param active whether the controller is measuring; if not, the other values mean nothing
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/technical-specifications/dcmi-v1-5-rev-spec.pdf">DCMI
///     1.5, 6.6.1</a>
record Dcmi(int watts, int leastWatts, int mostWatts, int meanWatts, long periodMillis, boolean active) {
    private static final int GROUP_EXTENSION = 0xDC;
    private static final int LENGTH = 18;
    private static final int ACTIVE = 0x40;

    static final Request REQUEST =
            Request.of(Request.GROUP, 0x02, "DCMI Get Power Reading", GROUP_EXTENSION, 0x01, 0x00, 0x00);

    static Dcmi parse(byte[] data) throws IOException {
        if (data.length < LENGTH) {
            throw new IOException("%s: %d bytes instead of %d".formatted(REQUEST.what(), data.length, LENGTH));
        }
        if (Bytes.u8(data, 0) != GROUP_EXTENSION) {
            throw new IOException("%s: the answer is not of DCMI (0x%02x)".formatted(REQUEST.what(), data[0]));
        }
        return new Dcmi(
                Bytes.u16(data, 1),
                Bytes.u16(data, 3),
                Bytes.u16(data, 5),
                Bytes.u16(data, 7),
                Bytes.u32(data, 13),
                (Bytes.u8(data, 17) & ACTIVE) != 0);
    }

    /// @throws IOException if it is no measurement: a running machine does not draw 0 W
    int plausibleWatts() throws IOException {
        if (!active) {
            throw new IOException("the controller says that its power measurement is not active");
        }
        if (watts == 0) {
            throw new IOException("the controller says 0 W, which a running machine cannot draw");
        }
        return watts;
    }
}
