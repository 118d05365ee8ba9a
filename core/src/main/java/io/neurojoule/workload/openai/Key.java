package io.neurojoule.workload.openai;

import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// The key that a server wants, if any. It comes from the environment alone, as options are kept with the run.
final class Key {
    /// Holds the key.
    static final String VARIABLE = "NEUROJOULE_API_KEY";

    /// Names a file that holds the key.
    static final String FILE_VARIABLE = "NEUROJOULE_API_KEY_FILE";

    private final Optional<String> secret;

    private Key(Optional<String> secret) {
        this.secret = secret;
    }

    static Key of(Map<String, String> environment) throws NetworkException {
        Optional<String> key = Optional.ofNullable(environment.get(VARIABLE)).filter(text -> !text.isBlank());
        Optional<String> file =
                Optional.ofNullable(environment.get(FILE_VARIABLE)).filter(text -> !text.isBlank());
        if (key.isPresent() && file.isPresent()) {
            throw invalid("%s and %s are both set; keep one".formatted(VARIABLE, FILE_VARIABLE));
        }
        if (file.isPresent()) {
            try {
                key = Optional.of(Files.readString(Path.of(file.get())));
            } catch (IOException e) {
                throw invalid("cannot read the file %s of %s".formatted(file.get(), FILE_VARIABLE));
            }
        }
        Optional<String> secret = key.map(String::strip);
        if (secret.isPresent() && !secret.get().matches("[\\x21-\\x7e]+")) {
            throw invalid("the key of %s is none: it must be one line of visible ASCII"
                    .formatted(file.isPresent() ? FILE_VARIABLE : VARIABLE));
        }
        return new Key(secret);
    }

    /// Value of the header `Authorization`.
    Optional<String> authorization() {
        return secret.map(text -> "Bearer " + text);
    }

    /// The text without the key, should a server repeat it.
    String hiddenIn(String text) {
        return secret.map(key -> text.replace(key, "***")).orElse(text);
    }

    private static NetworkException invalid(String message) {
        return new NetworkException(Code.INVALID_INPUT, message);
    }
}
