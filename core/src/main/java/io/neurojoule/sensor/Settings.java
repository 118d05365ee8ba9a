package io.neurojoule.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the user says about one source, read strictly: an unknown key or a wrong value is a [SettingsException].
///
/// A secret never stands here itself, as settings are kept in the run directory: `KEY_env` names an environment
/// variable that holds it, `KEY_file` a file.
public final class Settings {
    private final String owner;
    private final Map<String, String> values;

    private Settings(String owner, Map<String, String> values) {
        this.owner = owner;
        this.values = values;
    }

    /// @param owner how messages call the source, e.g. `redfish:bmc1`
    /// @param keys  all that it understands; of a secret, both `KEY_env` and `KEY_file`
    /// @throws SettingsException if there is another key
    public static Settings of(String owner, Map<String, String> values, List<String> keys) {
        for (String key : values.keySet()) {
            if (!keys.contains(key)) {
                throw new SettingsException("%s has no setting '%s'; it has %s"
                        .formatted(owner, key, keys.isEmpty() ? "none" : String.join(", ", keys)));
            }
        }
        return new Settings(owner, Map.copyOf(values));
    }

    public Optional<String> text(String key) {
        return Optional.ofNullable(values.get(key)).map(String::strip).filter(text -> !text.isEmpty());
    }

    /// @throws SettingsException if the key is absent
    public String required(String key) {
        return text(key).orElseThrow(() -> new SettingsException("%s needs the setting '%s'".formatted(owner, key)));
    }

    /// @throws SettingsException if the value is none of these
    public String oneOf(String key, List<String> allowed, String usual) {
        String value = text(key).orElse(usual);
        if (!allowed.contains(value)) {
            throw wrong(key, "one of " + String.join(", ", allowed), value);
        }
        return value;
    }

    /// @throws SettingsException if the value is no finite number
    public double number(String key, double usual) {
        String value = text(key).orElse("");
        if (value.isEmpty()) {
            return usual;
        }
        try {
            double number = Double.parseDouble(value);
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw wrong(key, "a number", value);
        }
        throw wrong(key, "a finite number", value);
    }

    /// @throws SettingsException if the value is no whole number from `least` to `most`
    public int whole(String key, int usual, int least, int most) {
        double number = number(key, usual);
        if (number != Math.rint(number) || number < least || number > most) {
            throw wrong(key, "a whole number from %d to %d".formatted(least, most), required(key));
        }
        return (int) number;
    }

    /// What the environment variable `KEY_env` or the file `KEY_file` holds, without the line end.
    ///
    /// @throws SettingsException if both are given, or what they name is not there
    public Optional<String> secret(String key) {
        Optional<String> variable = text(key + "_env");
        Optional<String> file = text(key + "_file");
        if (variable.isPresent() && file.isPresent()) {
            throw new SettingsException("%s has both %s_env and %s_file; keep one".formatted(owner, key, key));
        }
        if (variable.isPresent()) {
            return Optional.of(Optional.ofNullable(System.getenv(variable.get()))
                    .orElseThrow(() -> new SettingsException("%s: the environment variable %s of %s_env is not set"
                            .formatted(owner, variable.get(), key))));
        }
        if (file.isPresent()) {
            try {
                return Optional.of(Files.readString(Path.of(file.get())).stripTrailing());
            } catch (IOException e) {
                throw new SettingsException("%s: cannot read the file %s of %s_file".formatted(owner, file.get(), key));
            }
        }
        return Optional.empty();
    }

    private SettingsException wrong(String key, String wanted, String value) {
        return new SettingsException("%s: %s must be %s: '%s'".formatted(owner, key, wanted, value));
    }
}
