package io.neurojoule.ffm;

import io.neurojoule.ffm.NativeLibrary.NativeLibraryException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// A Unix datagram socket with a file name: the JDK has Unix sockets for streams only.
///
/// [#receive] is for one thread; [#send] may come from others. [#close] must not come while a thread receives.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
public final class UnixDatagramSocket implements AutoCloseable {
    /// As in Linux on every architecture that the JDK runs on.
    private static final int AF_UNIX = 1;

    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int ADDRESS_BYTES = 110;
    private static final int PATH_BYTES = 107;
    private static final int EINTR = 4;
    private static final int LONGEST = 4096;

    private final LibC c;
    private final int descriptor;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment address;
    private final MemorySegment buffer = arena.allocate(LONGEST);
    private final MemorySegment errno = arena.allocate(NativeLibrary.errnoLayout());

    record LibC(
            @CFunction(
                    value = "socket",
                    returns = int.class,
                    parameters = {int.class, int.class, int.class})
            MethodHandle socket,

            @CFunction(
                    value = "bind",
                    returns = int.class,
                    parameters = {int.class, MemorySegment.class, int.class})
            MethodHandle bind,

            @CFunction(
                    value = "recv",
                    returns = long.class,
                    parameters = {int.class, MemorySegment.class, long.class, int.class},
                    capturesErrno = true)
            MethodHandle recv,

            @CFunction(
                    value = "sendto",
                    returns = long.class,
                    parameters = {int.class, MemorySegment.class, long.class, int.class, MemorySegment.class, int.class
                    })
            MethodHandle sendto,

            @CFunction(
                    value = "close",
                    returns = int.class,
                    parameters = {int.class})
            MethodHandle close) {}

    /// @param file that does not exist yet; it is left to the caller to delete
    /// @throws IOException if there cannot be such a socket
    public UnixDatagramSocket(Path file) throws IOException {
        byte[] path = file.toString().getBytes(StandardCharsets.UTF_8);
        if (path.length > PATH_BYTES) {
            throw new IOException("the name of a socket has at most %d bytes: %s".formatted(PATH_BYTES, file));
        }
        address = arena.allocate(ADDRESS_BYTES);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, Short.BYTES, path.length);
        try {
            c = NativeLibrary.bind(LibC.class, MethodHandles.lookup(), List.of("libc.so.6", "libc.musl-x86_64.so.1"));
            descriptor = (int) c.socket.invokeExact(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
            if (descriptor < 0 || (int) c.bind.invokeExact(descriptor, address, ADDRESS_BYTES) != 0) {
                throw new IOException("cannot make the socket " + file);
            }
        } catch (NativeLibraryException | IllegalCallerException denied) {
            throw new IOException("native calls are not possible here: " + denied.getMessage(), denied);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// The next datagram as text, of at most 4096 bytes; waits until there is one.
    ///
    /// @throws IOException if it cannot be received
    public String receive() throws IOException {
        while (true) {
            long n;
            try {
                n = (long) c.recv.invokeExact(errno, descriptor, buffer, (long) LONGEST, 0);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
            if (n >= 0) {
                byte[] bytes = buffer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE);
                return new String(bytes, StandardCharsets.UTF_8);
            }
            if (NativeLibrary.errno(errno) != EINTR) {
                throw new IOException("recv failed, errno " + NativeLibrary.errno(errno));
            }
        }
    }

    /// Sends a datagram to this very socket, behind all that have come.
    ///
    /// @throws IOException if it cannot be sent
    public void send(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Arena own = Arena.ofConfined()) {
            MemorySegment data = own.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
            long n = (long) c.sendto.invokeExact(descriptor, data, (long) bytes.length, 0, address, ADDRESS_BYTES);
            if (n != bytes.length) {
                throw new IOException("cannot send to a socket of our own");
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            int unused = (int) c.close.invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        arena.close();
    }
}
