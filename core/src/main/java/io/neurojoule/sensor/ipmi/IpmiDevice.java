package io.neurojoule.sensor.ipmi;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// The structures and requests of the kernel's device, on 64-bit Linux.
///
/// @see <a href="https://github.com/torvalds/linux/blob/v6.1/include/uapi/linux/ipmi.h">linux/ipmi.h</a>
final class IpmiDevice {
    static final long SEND_COMMAND = 0x8028690dL;
    static final long RECEIVE_MSG_TRUNC = 0xc030690bL;
    static final int SYSTEM_INTERFACE = 0x0c;
    static final short BMC_CHANNEL = 0xf;
    static final int RESPONSE = 1;
    static final int LONGEST_ADDRESS = 40;
    static final int LONGEST_MESSAGE = 272;
    static final short POLLIN = 1;

    static final StructLayout ADDRESS = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("addr_type"),
            ValueLayout.JAVA_SHORT.withName("channel"),
            ValueLayout.JAVA_BYTE.withName("lun"),
            MemoryLayout.paddingLayout(1));

    static final StructLayout MESSAGE = MemoryLayout.structLayout(
            ValueLayout.JAVA_BYTE.withName("netfn"),
            ValueLayout.JAVA_BYTE.withName("cmd"),
            ValueLayout.JAVA_SHORT.withName("data_len"),
            MemoryLayout.paddingLayout(4),
            ValueLayout.ADDRESS.withName("data"));

    static final StructLayout REQUEST = MemoryLayout.structLayout(
            ValueLayout.ADDRESS.withName("addr"),
            ValueLayout.JAVA_INT.withName("addr_len"),
            MemoryLayout.paddingLayout(4),
            ValueLayout.JAVA_LONG.withName("msgid"),
            MESSAGE.withName("msg"));

    static final StructLayout RECEIVED = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("recv_type"),
            MemoryLayout.paddingLayout(4),
            ValueLayout.ADDRESS.withName("addr"),
            ValueLayout.JAVA_INT.withName("addr_len"),
            MemoryLayout.paddingLayout(4),
            ValueLayout.JAVA_LONG.withName("msgid"),
            MESSAGE.withName("msg"));

    static final StructLayout POLL = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("fd"),
            ValueLayout.JAVA_SHORT.withName("events"),
            ValueLayout.JAVA_SHORT.withName("revents"));

    private IpmiDevice() {}

    static long offset(StructLayout struct, String... path) {
        PathElement[] elements = new PathElement[path.length];
        for (int i = 0; i < path.length; i++) {
            elements[i] = PathElement.groupElement(path[i]);
        }
        return struct.byteOffset(elements);
    }
}
