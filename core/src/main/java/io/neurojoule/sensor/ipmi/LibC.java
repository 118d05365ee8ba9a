package io.neurojoule.sensor.ipmi;

import io.neurojoule.ffm.CFunction;
import io.neurojoule.ffm.NativeLibrary;
import io.neurojoule.ffm.NativeLibrary.NativeLibraryException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Optional;

/// The system calls that the kernel's IPMI device needs.
///
/// @param ioctl declared with a fixed number of arguments: on x86-64 and AArch64 Linux both kinds of call pass them
///     alike
record LibC(
        @CFunction(
                value = "open",
                returns = int.class,
                parameters = {MemorySegment.class, int.class},
                capturesErrno = true)
        MethodHandle open,

        @CFunction(
                value = "ioctl",
                returns = int.class,
                parameters = {int.class, long.class, MemorySegment.class},
                capturesErrno = true)
        MethodHandle ioctl,

        @CFunction(
                value = "poll",
                returns = int.class,
                parameters = {MemorySegment.class, long.class, int.class},
                capturesErrno = true)
        MethodHandle poll,

        @CFunction(
                value = "close",
                returns = int.class,
                parameters = {int.class})
        MethodHandle close) {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int EACCES = 13;

    /// Empty where native calls are denied to this program, the C library has another name, or the structures of the
    /// device are not known to be the same.
    static Optional<LibC> bind() {
        if (!List.of("amd64", "aarch64").contains(System.getProperty("os.arch"))) {
            return Optional.empty();
        }
        try {
            return Optional.of(NativeLibrary.bind(
                    LibC.class,
                    MethodHandles.lookup(),
                    List.of("libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1")));
        } catch (NativeLibraryException | IllegalCallerException e) {
            return Optional.empty();
        }
    }
}
