package io.neurojoule.sensor.redfish;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.util.List;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/// The numbers of one resource, read by one request.
final class RedfishSensor implements Sensor {
    /// A number of the resource.
    ///
    /// @param decimals how many it shows
    record Value(JsonPointer pointer, int decimals, Channel channel) {}

    private final Controller controller;
    private final String path;
    private final String via;
    private final List<Value> values;
    private final List<Channel> channels;
    private boolean isClosed;

    RedfishSensor(Controller controller, String path, String via, List<Value> values) {
        this.controller = controller;
        this.path = path;
        this.via = via;
        this.values = List.copyOf(values);
        channels = values.stream().map(Value::channel).toList();
        controller.retain();
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
        return via;
    }

    @Override
    public void read(Reading out) throws IOException {
        JsonNode resource = controller.get(path);
        for (int i = 0; i < values.size(); i++) {
            Value value = values.get(i);
            try {
                out.set(i, plausible(value.channel(), Shown.raw(resource.at(value.pointer()), value.decimals())));
            } catch (IOException e) {
                out.fail(i, value.pointer() + ": " + e.getMessage());
            }
        }
    }

    /// Some controllers say 0 for what they do not know: this machine runs, so it draws something.
    private static long plausible(Channel channel, long raw) throws IOException {
        boolean isNode = channel.component().kind() == Kind.NODE;
        if (raw < 0 || (raw == 0 && isNode)) {
            throw new IOException("it is %d: the controller has no value now".formatted(raw));
        }
        return raw;
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            controller.release();
        }
    }
}
