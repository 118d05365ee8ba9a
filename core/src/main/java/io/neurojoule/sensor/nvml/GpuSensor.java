package io.neurojoule.sensor.nvml;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;

/// One GPU: what NVML tells of it, one call for each scalar register and one for all field values.
///
/// Used by one thread at a time.
final class GpuSensor implements Sensor {
    /// nvmlFieldValue_t: fieldId 0, scopeId 4, timestamp 8, latencyUsec 16, valueType 24, nvmlReturn 28, value 32.
    private static final int FIELD_BYTES = 40;

    private static final int SCOPE = 4;
    private static final int TIMESTAMP = 8;
    private static final int TYPE = 24;
    private static final int RESULT = 28;
    private static final int VALUE = 32;

    /// nvmlValueType_t.
    private static final int UNSIGNED_INT = 1;

    private static final int UNSIGNED_LONG = 2;
    private static final int UNSIGNED_LONG_LONG = 3;

    private final Nvml nvml;
    private final Gpu gpu;
    private final MemorySegment device;
    private final String via;
    private final RegisterStamps stamps;
    private final Register.Scalar[] scalars;
    private final Register.Field[] fields;
    private final List<Channel> channels;
    private final MemorySegment value;
    private final MemorySegment values;
    private boolean closed;

    /// @param nvml initialised once for this sensor, which ends that when it is closed
    GpuSensor(
            Nvml nvml,
            Gpu gpu,
            MemorySegment device,
            String via,
            RegisterStamps stamps,
            List<Register.Scalar> scalars,
            List<Register.Field> fields) {
        this.nvml = nvml;
        this.gpu = gpu;
        this.device = device;
        this.via = via;
        this.stamps = stamps;
        this.scalars = scalars.toArray(Register.Scalar[]::new);
        this.fields = fields.toArray(Register.Field[]::new);
        channels = Stream.concat(scalars.stream(), fields.stream())
                .map(Register::channel)
                .toList();
        Arena arena = Arena.ofAuto();
        value = arena.allocate(ValueLayout.JAVA_LONG);
        values = fieldValues(arena, fields);
    }

    /// Room for the values of these fields, which NVML will fill in.
    static MemorySegment fieldValues(Arena arena, List<Register.Field> fields) {
        MemorySegment room = arena.allocate((long) FIELD_BYTES * Math.max(1, fields.size()), 8);
        for (int i = 0; i < fields.size(); i++) {
            room.set(ValueLayout.JAVA_INT, (long) i * FIELD_BYTES, fields.get(i).id());
            room.set(
                    ValueLayout.JAVA_INT,
                    (long) i * FIELD_BYTES + SCOPE,
                    fields.get(i).scope());
        }
        return room;
    }

    /// What NVML answered for a field.
    static int fieldResult(MemorySegment values, int i) {
        return values.get(ValueLayout.JAVA_INT, (long) i * FIELD_BYTES + RESULT);
    }

    @Override
    public String id() {
        return gpu.id();
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return via;
    }

    @Override
    public void read(Reading out) throws IOException {
        if (closed) {
            throw new IOException(id() + " is closed");
        }
        for (int i = 0; i < scalars.length; i++) {
            int result = Nvml.call(scalars[i].function(), device, value);
            if (result != Nvml.SUCCESS) {
                refused(out, i, result);
            } else {
                put(
                        out,
                        i,
                        scalars[i].isLong()
                                ? value.get(ValueLayout.JAVA_LONG, 0)
                                : Integer.toUnsignedLong(value.get(ValueLayout.JAVA_INT, 0)));
            }
        }
        if (fields.length > 0) {
            readFields(out);
        }
    }

    private void readFields(Reading out) throws SensorGoneException {
        for (int f = 0; f < fields.length; f++) {
            values.set(ValueLayout.JAVA_LONG, (long) f * FIELD_BYTES + TIMESTAMP, 0);
        }
        int whole = nvml.fieldValues(device, fields.length, values);
        for (int f = 0; f < fields.length; f++) {
            int i = scalars.length + f;
            int result = whole == Nvml.SUCCESS ? fieldResult(values, f) : whole;
            if (result != Nvml.SUCCESS) {
                refused(out, i, result);
            } else {
                setField(out, i, (long) f * FIELD_BYTES);
            }
        }
    }

    private void setField(Reading out, int i, long at) {
        int type = values.get(ValueLayout.JAVA_INT, at + TYPE);
        if (type == UNSIGNED_INT) {
            put(out, i, Integer.toUnsignedLong(values.get(ValueLayout.JAVA_INT, at + VALUE)));
        } else if (type == UNSIGNED_LONG || type == UNSIGNED_LONG_LONG) {
            put(out, i, values.get(ValueLayout.JAVA_LONG, at + VALUE));
        } else {
            out.fail(i, "NVML gave a value of type " + type + ", which is not a power");
        }
        if (out.isSet(i)) {
            stamps.stamp(out, i, values.get(ValueLayout.JAVA_LONG, at + TIMESTAMP));
        }
    }

    /// A GPU that answers draws power, and has drawn some: 0 W and 0 J are no readings.
    private void put(Reading out, int i, long raw) {
        Quantity quantity = channels.get(i).quantity();
        if (raw == 0 && (quantity == Quantity.POWER || quantity == Quantity.ENERGY)) {
            out.fail(i, "NVML says 0, which a GPU that runs does not draw");
        } else {
            out.set(i, raw);
        }
    }

    /// @throws SensorGoneException if the GPU fell off its bus
    private void refused(Reading out, int i, int result) throws SensorGoneException {
        if (result == Nvml.GPU_IS_LOST) {
            throw new SensorGoneException(id() + ": " + nvml.words(result));
        }
        out.fail(i, nvml.words(result));
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        int unused = Nvml.call(nvml.shutdown());
    }
}
