package io.neurojoule.cli;

import io.neurojoule.profile.Sources;
import io.neurojoule.profile.Trial;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Sensor;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Sources as data: the same objects in `sources --json` and `doctor --json`.
final class SourcesJson {
    private static final double NANO = 1e-9;

    private SourcesJson() {}

    static void channels(Sensor sensor, Optional<Trial> trial, ArrayNode into) {
        for (int i = 0; i < sensor.channels().size(); i++) {
            Channel channel = sensor.channels().get(i);
            ObjectNode node = into.addObject();
            node.put("channel", channel.id());
            node.put("state", "working");
            node.put("basis", channel.basis().name());
            node.put("quantity", channel.quantity().name());
            node.put("unit", channel.quantity().unit());
            node.put("component", channel.component().id());
            node.put("via", sensor.via());
            if (!channel.refresh().isZero()) {
                node.put("refresh_seconds", channel.refresh().toNanos() * NANO);
            }
            channel.accuracy().ifPresent(accuracy -> node.put("accuracy", accuracy));
            if (trial.isPresent()) {
                tried(trial.get(), trial.get().channels().get(i), node.putObject("tried"));
            }
        }
    }

    private static void tried(Trial trial, Trial.OfChannel channel, ObjectNode node) {
        node.put("reads", trial.reads());
        node.put("failures", trial.failures());
        channel.refresh().ifPresent(refresh -> node.put("refresh_seconds", refresh.toNanos() * NANO));
        trial.readMedian().ifPresent(read -> node.put("read_seconds_median", read.toNanos() * NANO));
        trial.readMost().ifPresent(read -> node.put("read_seconds_most", read.toNanos() * NANO));
        channel.step().ifPresent(step -> node.put("step", step));
    }

    static void missing(Sources sources, ArrayNode into) {
        for (Missing one : sources.missing()) {
            ObjectNode node = into.addObject();
            node.put("state", one.state().name().toLowerCase(Locale.ROOT));
            node.put("code", one.code());
            node.put("what", one.what());
            node.put("why", one.why());
            node.put("hint", one.hint());
            one.channel().ifPresent(channel -> node.put("channel", channel.id()));
            ArrayNode admin = node.putArray("admin");
            one.admin().forEach(admin::add);
        }
    }
}
