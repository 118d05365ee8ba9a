package io.neurojoule.sensor.rapl;

import io.neurojoule.ffm.NativeLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// The registers of one CPU: `/dev/cpu/N/msr`, eight bytes at the offset that is a register's address.
///
/// By system calls, since only their errno tells a register that does not exist from one that may not be read.
///
/// Used by one thread at a time.
/// @see <a href="https://man7.org/linux/man-pages/man4/msr.4.html">msr(4)</a>
final class MsrFile implements AutoCloseable {
    private static final long OPEN = 2;
    private static final long READ_ONLY_CLOSE_ON_EXEC = 0x80000;
    private static final int VALUE = 8;

    private final LibC libc;
    private final Path path;
    private final int descriptor;
    private final MemorySegment value;
    private final MemorySegment captured;
    private boolean closed;

    private MsrFile(LibC libc, Path path, int descriptor) {
        this.libc = libc;
        this.path = path;
        this.descriptor = descriptor;
        Arena arena = Arena.ofAuto();
        value = arena.allocate(ValueLayout.JAVA_LONG);
        captured = arena.allocate(NativeLibrary.errnoLayout());
    }

    /// @throws ErrnoException if the kernel does not open it
    static MsrFile open(LibC libc, Path path) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment captured = arena.allocate(NativeLibrary.errnoLayout());
            long result = (long) libc.syscall()
                    .invokeExact(
                            captured, OPEN, arena.allocateFrom(path.toString()), READ_ONLY_CLOSE_ON_EXEC, 0L, 0L, 0L);
            if (result < 0) {
                throw new ErrnoException(path.toString(), NativeLibrary.errno(captured));
            }
            return new MsrFile(libc, path, (int) result);
        } catch (ErrnoException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("open", e);
        }
    }

    Path path() {
        return path;
    }

    /// All 64 bits. Makes no garbage.
    ///
    /// @throws ErrnoException if the kernel refuses, with EIO if there is no such register
    long read(long address) throws IOException {
        if (closed) {
            throw new IOException(path + " is closed");
        }
        try {
            long length = (long) libc.pread().invokeExact(captured, descriptor, value, (long) VALUE, address);
            if (length < 0) {
                throw new ErrnoException(
                        path + ", register 0x" + Long.toHexString(address), NativeLibrary.errno(captured));
            }
            if (length != VALUE) {
                throw new IOException(path + " gave " + length + " bytes instead of " + VALUE);
            }
            return value.get(ValueLayout.JAVA_LONG, 0);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("pread", e);
        }
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int unused = (int) libc.close().invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IOException("cannot close " + path, e);
        }
    }
}
