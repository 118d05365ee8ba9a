package io.neurojoule.sensor.ptdaemon;

import io.neurojoule.sensor.Meter;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A line of PTDaemon's log: `Time,11-24-2026 19:00:01.063,Watts,13.9,Volts,…,Mark,name`.
///
/// @param watts of the first `Watts`, which is the sum of all channels where there are several
record Sample(LocalDateTime time, String watts, Optional<String> mark) {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("MM-dd-uuuu HH:mm:ss.SSS");

    /// @throws IOException if it is no sample
    static Sample parse(String line) throws IOException {
        String[] fields = line.split(",", -1);
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i + 1 < fields.length; i += 2) {
            values.putIfAbsent(fields[i], fields[i + 1]);
        }
        String time = values.get("Time");
        String watts = values.get("Watts");
        if (time == null || watts == null) {
            throw new IOException("'" + Meter.shown(line) + "' is no sample of power");
        }
        try {
            return new Sample(LocalDateTime.parse(time, TIME), watts, Optional.ofNullable(values.get("Mark")));
        } catch (DateTimeException e) {
            throw new IOException("'" + Meter.shown(line) + "' has no time", e);
        }
    }

    /// For people and for [Meter.Time#UNIX_MS].
    String unixMillis(ZoneId zone) {
        return Long.toString(time.atZone(zone).toInstant().toEpochMilli());
    }
}
