package io.neurojoule.sensor.rapl;

import io.neurojoule.ffm.NativeLibrary;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// One energy event, counted by the kernel in 64 bits.
///
/// Used by one thread at a time.
final class PerfSensor implements Sensor {
    /// Linux on x86-64; RAPL is nowhere else.
    private static final long PERF_EVENT_OPEN = 298;

    private static final int CLOSE_ON_EXEC = 8;
    private static final int ATTRIBUTES = 128;
    private static final int VALUE = 8;

    /// A counter that lives moves within some milliseconds.
    private static final int LOOKS = 50;

    private static final long PAUSE_NANOS = 2_000_000;

    private final LibC libc;
    private final int descriptor;
    private final List<Channel> channels;
    private final MemorySegment value;
    private final MemorySegment captured;
    private boolean closed;

    private PerfSensor(LibC libc, int descriptor, Channel counter) {
        this.libc = libc;
        this.descriptor = descriptor;
        channels = List.of(counter);
        Arena arena = Arena.ofAuto();
        value = arena.allocate(ValueLayout.JAVA_LONG);
        captured = arena.allocate(NativeLibrary.errnoLayout());
    }

    /// @throws ErrnoException if the kernel does not let us count it
    /// @throws IOException if it cannot be read once open
    static PerfSensor open(LibC libc, PerfEvent event, Channel counter) throws IOException {
        PerfSensor sensor = new PerfSensor(libc, descriptor(libc, event), counter);
        try {
            sensor.value();
        } catch (IOException e) {
            sensor.close();
            throw e;
        }
        return sensor;
    }

    /// Whether it counts at all: a guest is shown the event of a counter that its host does not give, and on some
    /// servers psys stays at one value (seen: Firecracker on Xeon, psys alone and always 0). Returns at the first
    /// change, after at most 100 ms; closed if there was none.
    boolean moves() throws IOException {
        boolean moved = false;
        try {
            long first = value();
            for (int i = 0; i < LOOKS && !moved; i++) {
                LockSupport.parkNanos(PAUSE_NANOS);
                moved = value() != first;
            }
        } finally {
            if (!moved) {
                close();
            }
        }
        return moved;
    }

    private static int descriptor(LibC libc, PerfEvent event) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTES, 8);
            attributes.set(ValueLayout.JAVA_INT, 0, event.type());
            attributes.set(ValueLayout.JAVA_INT, 4, ATTRIBUTES);
            attributes.set(ValueLayout.JAVA_LONG, 8, event.config());
            MemorySegment captured = arena.allocate(NativeLibrary.errnoLayout());
            long result = (long) libc.syscall()
                    .invokeExact(
                            captured, PERF_EVENT_OPEN, attributes, -1L, (long) event.cpu(), -1L, (long) CLOSE_ON_EXEC);
            if (result < 0) {
                throw new ErrnoException("perf_event_open", NativeLibrary.errno(captured));
            }
            return (int) result;
        } catch (ErrnoException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("perf_event_open", e);
        }
    }

    @Override
    public String id() {
        return channels.getFirst().id();
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return "perf";
    }

    @Override
    public void read(Reading out) throws IOException {
        out.set(0, value());
    }

    private long value() throws IOException {
        if (closed) {
            throw new IOException(id() + " is closed");
        }
        try {
            long length = (long) libc.read().invokeExact(descriptor, value, (long) VALUE);
            if (length < 0) {
                length = (long) libc.readForErrno().invokeExact(captured, descriptor, value, (long) VALUE);
            }
            if (length != VALUE) {
                throw failure(length);
            }
            return value.get(ValueLayout.JAVA_LONG, 0);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("read", e);
        }
    }

    private IOException failure(long length) {
        if (length >= 0) {
            return new IOException(id() + ": perf gave " + length + " bytes instead of " + VALUE);
        }
        int errno = NativeLibrary.errno(captured);
        return errno == LibC.ENODEV || errno == LibC.ENOENT
                ? new SensorGoneException(id() + ": the perf event has vanished (errno " + errno + ")")
                : new IOException(id() + ": reading the perf event failed (errno " + errno + ")");
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
            throw new IOException("cannot close the perf event of " + id(), e);
        }
    }
}
