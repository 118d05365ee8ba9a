package io.neurojoule.sensor.ipmi;

import io.neurojoule.ffm.NativeLibrary;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;

/// This machine's controller, through the kernel's device.
///
/// Used by one thread at a time.
final class DeviceBmc implements Bmc {
    private static final int READ_WRITE = 2;
    private static final int CLOSE_ON_EXEC = 0x80000;

    private static final long REQUEST_ID = IpmiDevice.offset(IpmiDevice.REQUEST, "msgid");
    private static final long REQUEST_NETFN = IpmiDevice.offset(IpmiDevice.REQUEST, "msg", "netfn");
    private static final long REQUEST_COMMAND = IpmiDevice.offset(IpmiDevice.REQUEST, "msg", "cmd");
    private static final long REQUEST_LENGTH = IpmiDevice.offset(IpmiDevice.REQUEST, "msg", "data_len");
    private static final long RECEIVED_TYPE = IpmiDevice.offset(IpmiDevice.RECEIVED, "recv_type");
    private static final long RECEIVED_ADDRESS_LENGTH = IpmiDevice.offset(IpmiDevice.RECEIVED, "addr_len");
    private static final long RECEIVED_ID = IpmiDevice.offset(IpmiDevice.RECEIVED, "msgid");
    private static final long RECEIVED_LENGTH = IpmiDevice.offset(IpmiDevice.RECEIVED, "msg", "data_len");
    private static final long LUN = IpmiDevice.offset(IpmiDevice.ADDRESS, "lun");
    private static final long POLL_EVENTS = IpmiDevice.offset(IpmiDevice.POLL, "events");

    private final LibC libc;
    private final String path;
    private final int descriptor;
    private final Ticker ticker;
    private final MemorySegment captured;
    private final MemorySegment address;
    private final MemorySegment outgoing;
    private final MemorySegment request;
    private final MemorySegment incoming;
    private final MemorySegment received;
    private final MemorySegment poll;
    private long lastId;
    private boolean closed;

    private DeviceBmc(LibC libc, String path, int descriptor, Ticker ticker) {
        this.libc = libc;
        this.path = path;
        this.descriptor = descriptor;
        this.ticker = ticker;
        Arena arena = Arena.ofAuto();
        captured = arena.allocate(NativeLibrary.errnoLayout());
        address = arena.allocate(IpmiDevice.ADDRESS);
        address.set(
                ValueLayout.JAVA_INT, IpmiDevice.offset(IpmiDevice.ADDRESS, "addr_type"), IpmiDevice.SYSTEM_INTERFACE);
        address.set(ValueLayout.JAVA_SHORT, IpmiDevice.offset(IpmiDevice.ADDRESS, "channel"), IpmiDevice.BMC_CHANNEL);
        outgoing = arena.allocate(IpmiDevice.LONGEST_MESSAGE);
        request = arena.allocate(IpmiDevice.REQUEST);
        request.set(ValueLayout.ADDRESS, IpmiDevice.offset(IpmiDevice.REQUEST, "addr"), address);
        request.set(ValueLayout.JAVA_INT, IpmiDevice.offset(IpmiDevice.REQUEST, "addr_len"), (int)
                IpmiDevice.ADDRESS.byteSize());
        request.set(ValueLayout.ADDRESS, IpmiDevice.offset(IpmiDevice.REQUEST, "msg", "data"), outgoing);
        incoming = arena.allocate(IpmiDevice.LONGEST_MESSAGE);
        received = arena.allocate(IpmiDevice.RECEIVED);
        received.set(
                ValueLayout.ADDRESS,
                IpmiDevice.offset(IpmiDevice.RECEIVED, "addr"),
                arena.allocate(IpmiDevice.LONGEST_ADDRESS, 8));
        received.set(ValueLayout.ADDRESS, IpmiDevice.offset(IpmiDevice.RECEIVED, "msg", "data"), incoming);
        poll = arena.allocate(IpmiDevice.POLL);
        poll.set(ValueLayout.JAVA_INT, IpmiDevice.offset(IpmiDevice.POLL, "fd"), descriptor);
        poll.set(ValueLayout.JAVA_SHORT, POLL_EVENTS, IpmiDevice.POLLIN);
    }

    /// @throws NoSuchFileException if there is no such device
    /// @throws AccessDeniedException if it is not for this user
    /// @throws IOException if it cannot be opened
    static DeviceBmc open(LibC libc, String path, Ticker ticker) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment captured = arena.allocate(NativeLibrary.errnoLayout());
            int descriptor =
                    (int) libc.open().invokeExact(captured, arena.allocateFrom(path), READ_WRITE | CLOSE_ON_EXEC);
            if (descriptor >= 0) {
                return new DeviceBmc(libc, path, descriptor, ticker);
            }
            int errno = NativeLibrary.errno(captured);
            throw switch (errno) {
                case LibC.ENOENT -> new NoSuchFileException(path);
                case LibC.EACCES, LibC.EPERM -> new AccessDeniedException(path);
                default -> new IOException("cannot open %s (errno %d)".formatted(path, errno));
            };
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("open", e);
        }
    }

    @Override
    public String via() {
        return path;
    }

    @Override
    public String where() {
        return path;
    }

    @Override
    public byte[] ask(Request asked, long untilNanos) throws IOException {
        if (closed) {
            throw new IOException(path + " is closed");
        }
        lastId++;
        address.set(ValueLayout.JAVA_BYTE, LUN, (byte) asked.lun());
        MemorySegment.copy(asked.data(), 0, outgoing, ValueLayout.JAVA_BYTE, 0, asked.data().length);
        request.set(ValueLayout.JAVA_LONG, REQUEST_ID, lastId);
        request.set(ValueLayout.JAVA_BYTE, REQUEST_NETFN, (byte) asked.netFn());
        request.set(ValueLayout.JAVA_BYTE, REQUEST_COMMAND, (byte) asked.command());
        request.set(ValueLayout.JAVA_SHORT, REQUEST_LENGTH, (short) asked.data().length);
        int sent = ioctl(IpmiDevice.SEND_COMMAND, request);
        if (sent < 0) {
            throw failed("cannot send " + asked.what());
        }
        while (true) {
            await(asked, untilNanos);
            byte[] answer = receive(asked);
            if (answer.length > 0) {
                if (answer[0] != 0) {
                    throw new CompletionException(asked, Bytes.u8(answer, 0));
                }
                return Arrays.copyOfRange(answer, 1, answer.length);
            }
        }
    }

    private void await(Request asked, long untilNanos) throws IOException {
        for (long left = untilNanos - ticker.nanos(); left > 0; left = untilNanos - ticker.nanos()) {
            int ready = poll((int) Math.max(1, left / 1_000_000));
            if (ready > 0) {
                return;
            }
            if (ready < 0 && NativeLibrary.errno(captured) != LibC.EINTR) {
                throw failed("waiting for " + asked.what() + " failed");
            }
        }
        throw new IOException("%s does not answer to %s".formatted(path, asked.what()));
    }

    /// Completion code and data; nothing if what came is not the answer, but a late one to an earlier request.
    private byte[] receive(Request asked) throws IOException {
        received.set(ValueLayout.JAVA_INT, RECEIVED_ADDRESS_LENGTH, IpmiDevice.LONGEST_ADDRESS);
        received.set(ValueLayout.JAVA_SHORT, RECEIVED_LENGTH, (short) IpmiDevice.LONGEST_MESSAGE);
        if (ioctl(IpmiDevice.RECEIVE_MSG_TRUNC, received) < 0) {
            int errno = NativeLibrary.errno(captured);
            if (errno == LibC.EAGAIN || errno == LibC.EINTR) {
                return new byte[0];
            }
            throw failed("cannot receive the answer to " + asked.what());
        }
        if (received.get(ValueLayout.JAVA_INT, RECEIVED_TYPE) != IpmiDevice.RESPONSE
                || received.get(ValueLayout.JAVA_LONG, RECEIVED_ID) != lastId) {
            return new byte[0];
        }
        int length = Short.toUnsignedInt(received.get(ValueLayout.JAVA_SHORT, RECEIVED_LENGTH));
        byte[] answer = new byte[Math.min(length, IpmiDevice.LONGEST_MESSAGE)];
        MemorySegment.copy(incoming, ValueLayout.JAVA_BYTE, 0, answer, 0, answer.length);
        return answer;
    }

    private IOException failed(String what) {
        return new IOException("%s: %s (errno %d)".formatted(path, what, NativeLibrary.errno(captured)));
    }

    private int ioctl(long number, MemorySegment argument) {
        try {
            return (int) libc.ioctl().invokeExact(captured, descriptor, number, argument);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("ioctl", e);
        }
    }

    private int poll(int millis) {
        try {
            return (int) libc.poll().invokeExact(captured, poll, 1L, millis);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("poll", e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int unused = (int) libc.close().invokeExact(descriptor);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("close", e);
        }
    }
}
