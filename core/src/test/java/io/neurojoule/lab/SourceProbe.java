package io.neurojoule.lab;

import io.neurojoule.profile.Sources;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// A program for the laboratory: reads described sources for a while and prints what it gets, a line each.
///
/// Arguments: seconds, then `SOURCE:NAME,KEY=VALUE,…`, where `{certificate}` and `{sha256}` stand for those of the
/// laboratory's Redfish server. Lines: `channel ID SCALE VIA KIND`, `missing CODE why / hint`, `value ID NANOS
/// READ_NANOS RAW`, `gap ID NANOS why`.
public final class SourceProbe {
    private static final long PERIOD_NANOS = 250_000_000L;

    private SourceProbe() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        for (String described : List.of(arguments).subList(1, arguments.length)) {
            String[] parts = described.split(",", -1);
            Map<String, String> own = new HashMap<>();
            for (int i = 1; i < parts.length; i++) {
                String[] pair = parts[i].split("=", 2);
                own.put(pair[0], ofLab(pair[1]));
            }
            settings.put(parts[0], own);
        }
        Path nowhere = Path.of("/nonexistent");
        try (Sources sources = Sources.discover(new SourceConfig(nowhere, nowhere), settings)) {
            sources.missing().stream()
                    .filter(one -> settings.keySet().stream()
                            .anyMatch(key -> one.code().startsWith(key.substring(0, key.indexOf(':')))))
                    .forEach(one -> System.out.println("missing " + one.code() + " " + one.why() + " / " + one.hint()));
            for (Sensor sensor : sources.sensors()) {
                for (Channel channel : sensor.channels()) {
                    System.out.println("channel " + channel.id() + " " + channel.scale() + " " + sensor.via() + " "
                            + channel.component());
                }
            }
            watch(sources, Double.parseDouble(arguments[0]));
        }
    }

    private static String ofLab(String value) throws IOException {
        if (!value.matches("\\{(certificate|sha256)}")) {
            return value;
        }
        String state = Optional.ofNullable(System.getenv("POWERLAB_STATE")).orElseThrow();
        String key = value.substring(1, value.length() - 1) + " ";
        return Files.readAllLines(Path.of(state, "redfish.tls")).stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()))
                .findFirst()
                .orElseThrow();
    }

    private static void watch(Sources sources, double seconds) {
        Ticker ticker = Ticker.monotonic();
        long end = ticker.nanos() + (long) (seconds * 1e9);
        for (long due = ticker.nanos(); due < end; due = Math.max(due + PERIOD_NANOS, ticker.nanos())) {
            for (Sensor sensor : sources.sensors()) {
                read(sensor, ticker);
            }
            for (long left = due + PERIOD_NANOS - ticker.nanos();
                    left > 0;
                    left = due + PERIOD_NANOS - ticker.nanos()) {
                LockSupport.parkNanos(left);
            }
        }
    }

    private static void read(Sensor sensor, Ticker ticker) {
        Reading reading = new Reading(sensor.channels().size());
        long before = ticker.nanos();
        Optional<String> failure = Optional.empty();
        try {
            sensor.read(reading);
        } catch (IOException e) {
            failure = Optional.of(String.valueOf(e.getMessage()));
        }
        long took = ticker.nanos() - before;
        for (int i = 0; i < reading.size(); i++) {
            String id = sensor.channels().get(i).id();
            String why = failure.orElse(String.valueOf(reading.failure(i)));
            System.out.println(
                    reading.isSet(i) && failure.isEmpty()
                            ? "value " + id + " " + (before + took / 2) + " " + took + " " + reading.raw(i)
                            : "gap " + id + " " + before + " " + why);
        }
    }
}
