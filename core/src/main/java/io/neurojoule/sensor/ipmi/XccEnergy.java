package io.neurojoule.sensor.ipmi;

import java.io.IOException;
import java.util.Arrays;

/// The energy counter of Lenovo's XClarity Controller (ThinkSystem SD650), with the controller's own time stamp.
///
/// Later models answer the same command in a longer form of another meaning, which is refused here.
///
/// @param millijoules since an unknown moment; wraps with the joules' 32 bits
/// @param stampMillis on the controller's clock
/// @see <a href="https://slurm.schedmd.com/acct_gather.conf.html">acct_gather_energy/xcc, which reads it too</a>
record XccEnergy(long millijoules, long stampMillis) {
    /// IANA's number of Lenovo Enterprise Business Group. The command belongs to each vendor alone, so it is sent to no
    /// other.
    private static final int LENOVO = 19046;

    private static final Request DEVICE_ID = Request.of(Request.APPLICATION, 0x01, "Get Device ID");
    private static final int LENGTH = 14;

    static final long WRAPS_AT_MILLIJOULES = (1L << 32) * 1000;

    static final Request REQUEST = Request.of(0x3A, 0x32, "Lenovo energy reading", 4, 2, 0, 0, 0);

    static boolean isLenovo(Bmc bmc, long untilNanos) throws IOException {
        byte[] id = bmc.ask(DEVICE_ID, untilNanos);
        return id.length >= 9 && (Bytes.u16(id, 6) | ((Bytes.u8(id, 8) & 0x0F) << 16)) == LENOVO;
    }

    static XccEnergy ask(Bmc bmc, long untilNanos) throws IOException {
        return parse(bmc.ask(REQUEST, untilNanos));
    }

    /// @param data index u16, joules u32, millijoules u16, seconds u32, milliseconds u16
    static XccEnergy parse(byte[] data) throws IOException {
        if (data.length != LENGTH) {
            throw new IOException("%s: %d bytes instead of %d, a form of another model"
                    .formatted(REQUEST.what(), data.length, LENGTH));
        }
        int millijoules = Bytes.u16(data, 6);
        int millis = Bytes.u16(data, 12);
        if (millijoules > 999 || millis > 999) {
            throw new IOException("%s: %d mJ and %d ms are no fractions: %s"
                    .formatted(REQUEST.what(), millijoules, millis, Arrays.toString(data)));
        }
        return new XccEnergy(Bytes.u32(data, 2) * 1000 + millijoules, Bytes.u32(data, 8) * 1000 + millis);
    }
}
