package io.neurojoule.cli;

import io.neurojoule.profile.Preflight;
import io.neurojoule.profile.Sources;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/// Where the power sources are, and what the user says about them: the same flags for every command that reads them.
final class SourceFlags {
    @Option(names = "--sysfs", paramLabel = "DIR", description = "Read another tree (default: ${DEFAULT-VALUE}).")
    private Path sysfs = Path.of("/sys");

    @Option(
            names = "--source",
            paramLabel = "SOURCE[:NAME],KEY=VALUE…",
            description =
                    "Settings of a source, e.g. redfish:bmc1,url=https://10.0.0.7,user=me,password_env=PW; repeat it"
                            + " (docs/reference/sources.md).")
    private List<String> described = List.of();

    /// The sources of this machine and those that are described.
    ///
    /// @param written what an experiment file says, by source; the command line's settings are added and win
    Sources discover(Map<String, Map<String, String>> written) throws IOException {
        try {
            return Sources.discover(new SourceConfig(sysfs, Path.of("/proc")), settings(written));
        } catch (SettingsException e) {
            throw new UserException(Exit.USAGE, String.valueOf(e.getMessage()));
        }
    }

    /// What an experiment file says about sources, and what the command line adds.
    Map<String, Map<String, String>> settings(Map<String, Map<String, String>> written) {
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        written.forEach((source, values) -> settings.put(source, new LinkedHashMap<>(values)));
        described.forEach(text -> add(text, settings));
        return settings;
    }

    /// Where the facts about the machine are.
    Preflight.Place place() {
        return Preflight.Place.thisMachine(sysfs);
    }

    /// A comma may stand in a value: a part without `=` belongs to the value before it, and so does one inside `{…}`,
    /// as the labels of a metric.
    static void add(String text, Map<String, Map<String, String>> settings) {
        String[] parts = text.split(",", -1);
        Map<String, String> own = settings.computeIfAbsent(parts[0].strip(), source -> new LinkedHashMap<>());
        String key = "";
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            boolean inBraces = isOpen(own.getOrDefault(key, ""));
            if (!inBraces && equals > 0 && parts[i].substring(0, equals).matches("[a-z_-]+")) {
                key = parts[i].substring(0, equals);
                own.put(key, parts[i].substring(equals + 1));
            } else if (key.isEmpty()) {
                throw new UserException(
                        Exit.USAGE, "--source is SOURCE[:NAME],KEY=VALUE,KEY=VALUE; this is not: '%s'".formatted(text));
            } else {
                own.merge(key, "," + parts[i], String::concat);
            }
        }
    }

    private static boolean isOpen(String value) {
        return value.lastIndexOf('{') > value.lastIndexOf('}');
    }
}
