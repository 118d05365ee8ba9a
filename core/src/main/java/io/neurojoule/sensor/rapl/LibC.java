package io.neurojoule.sensor.rapl;

import io.neurojoule.ffm.CFunction;
import io.neurojoule.ffm.NativeLibrary;
import io.neurojoule.ffm.NativeLibrary.NativeLibraryException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Optional;

/// The system calls that an energy event or a register needs.
///
/// @param read    without errno, whose capture is for the failed read only
/// @param syscall declared with a fixed number of arguments: on x86-64 both kinds of call pass integers alike
record LibC(
        @CFunction(
                value = "syscall",
                returns = long.class,
                parameters = {long.class, MemorySegment.class, long.class, long.class, long.class, long.class},
                capturesErrno = true)
        MethodHandle syscall,

        @CFunction(
                value = "read",
                returns = long.class,
                parameters = {int.class, MemorySegment.class, long.class})
        MethodHandle read,

        @CFunction(
                value = "read",
                returns = long.class,
                parameters = {int.class, MemorySegment.class, long.class},
                capturesErrno = true)
        MethodHandle readForErrno,

        @CFunction(
                value = "pread",
                returns = long.class,
                parameters = {int.class, MemorySegment.class, long.class, long.class},
                capturesErrno = true)
        MethodHandle pread,

        @CFunction(
                value = "close",
                returns = int.class,
                parameters = {int.class})
        MethodHandle close) {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EIO = 5;
    static final int EACCES = 13;
    static final int ENODEV = 19;

    /// Empty where native calls are denied to this program or the C library has another name.
    static Optional<LibC> bind() {
        try {
            return Optional.of(NativeLibrary.bind(
                    LibC.class, MethodHandles.lookup(), List.of("libc.so.6", "libc.musl-x86_64.so.1")));
        } catch (NativeLibraryException | IllegalCallerException e) {
            return Optional.empty();
        }
    }
}
