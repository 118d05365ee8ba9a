package io.neurojoule.sensor.ipmi;

import java.util.HexFormat;

/// One command to a controller.
///
/// @param netFn network function, even: a request
/// @param what  how messages call it, e.g. `DCMI Get Power Reading`
record Request(int netFn, int lun, int command, byte[] data, String what) {
    static final int SENSOR = 0x04;
    static final int APPLICATION = 0x06;
    static final int STORAGE = 0x0A;
    static final int GROUP = 0x2C;

    /// @param data unsigned bytes
    static Request of(int netFn, int command, String what, int... data) {
        return withLun(0, netFn, command, what, data);
    }

    static Request withLun(int lun, int netFn, int command, String what, int... data) {
        byte[] bytes = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            bytes[i] = (byte) data[i];
        }
        return new Request(netFn, lun, command, bytes, what);
    }

    /// For messages: the line of `ipmitool` that asks the same.
    @Override
    public String toString() {
        return "%s (raw 0x%02x 0x%02x%s)"
                .formatted(
                        what,
                        netFn,
                        command,
                        data.length == 0
                                ? ""
                                : " "
                                        + HexFormat.ofDelimiter(" ")
                                                .withPrefix("0x")
                                                .formatHex(data));
    }
}
