package io.neurojoule.sensor.ipmi;

import java.util.Arrays;

/// A request or an answer as it stands inside a session.
///
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, 13.8</a>
final class LanMessage {
    private static final int CONTROLLER = 0x20;
    private static final int REMOTE_CONSOLE = 0x81;
    private static final int FRAME_BYTES = 7;

    private LanMessage() {}

    /// @param sequence 0 to 63; the answer carries it too
    static byte[] request(Request request, int sequence) {
        byte[] data = request.data();
        byte[] m = new byte[FRAME_BYTES + data.length];
        m[0] = CONTROLLER;
        m[1] = (byte) ((request.netFn() << 2) | request.lun());
        m[2] = checksum(m, 0, 2);
        m[3] = (byte) REMOTE_CONSOLE;
        m[4] = (byte) (sequence << 2);
        m[5] = (byte) request.command();
        System.arraycopy(data, 0, m, 6, data.length);
        m[m.length - 1] = checksum(m, 3, m.length - 1);
        return m;
    }

    /// Whether these bytes are the whole answer to a request.
    static boolean answers(byte[] m, Request request, int sequence) {
        return m.length > FRAME_BYTES
                && Bytes.u8(m, 0) == REMOTE_CONSOLE
                && Bytes.u8(m, 1) >> 2 == (request.netFn() | 1)
                && m[2] == checksum(m, 0, 2)
                && Bytes.u8(m, 4) >> 2 == sequence
                && Bytes.u8(m, 5) == request.command()
                && m[m.length - 1] == checksum(m, 3, m.length - 1);
    }

    static int completionCode(byte[] answer) {
        return Bytes.u8(answer, 6);
    }

    static byte[] data(byte[] answer) {
        return Arrays.copyOfRange(answer, FRAME_BYTES, answer.length - 1);
    }

    private static byte checksum(byte[] m, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += m[i];
        }
        return (byte) -sum;
    }
}
