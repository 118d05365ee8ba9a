package io.neurojoule.workload.kserve;

import io.neurojoule.plugin.Spelling;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Which model of which server, and how its tensors travel.
///
/// @param url     scheme `http`, `https` or `grpc`, host and port, nothing else
/// @param version of the model; empty: the one that the server takes
record Settings(URI url, String model, String version, Tensors tensors) {
    /// How tensors travel by REST.
    enum Tensors {
        /// As bytes where the server says that it takes them so, else as JSON.
        AUTO,
        BINARY,
        JSON
    }

    private static final List<String> NAMES = List.of("url", "server_model", "server_version", "tensors");
    private static final Pattern URL = Pattern.compile("(https?://[^/?#@]+|grpc://[^/?#@]+:[0-9]{1,5})/?");

    static Settings of(Map<String, String> options) throws NetworkException {
        for (String name : options.keySet()) {
            if (!NAMES.contains(name)) {
                throw invalid("the kserve network has no option '%s'%s"
                        .formatted(
                                name,
                                Spelling.suggest(name, NAMES)
                                        .map(near -> "; did you mean " + near + "?")
                                        .orElse("; it has " + String.join(", ", NAMES))));
            }
        }
        String model = options.getOrDefault("server_model", "");
        if (model.isEmpty()) {
            throw invalid("the option server_model is missing: the name of the model on the server");
        }
        URI url = url(options.getOrDefault("url", ""));
        return new Settings(url, model, options.getOrDefault("server_version", ""), tensors(options, url));
    }

    private static URI url(String text) throws NetworkException {
        if (URL.matcher(text).matches()) {
            try {
                URI url = URI.create(text.replaceFirst("/$", ""));
                if (url.getHost() != null && url.getPort() <= 65535) {
                    return url;
                }
            } catch (IllegalArgumentException unreadable) {
                // Said below.
            }
        }
        throw invalid(
                "the option url must be http://HOST:PORT, https://HOST:PORT or grpc://HOST:PORT: '%s'".formatted(text));
    }

    private static Tensors tensors(Map<String, String> options, URI url) throws NetworkException {
        String text = options.getOrDefault("tensors", "auto");
        Tensors tensors = switch (text) {
            case "auto" -> Tensors.AUTO;
            case "binary" -> Tensors.BINARY;
            case "json" -> Tensors.JSON;
            default -> throw invalid("tensors is auto, binary or json: " + text);
        };
        if (tensors == Tensors.JSON && url.getScheme().equals("grpc")) {
            throw invalid("tensors: json is for http:// only; by gRPC they are always binary");
        }
        return tensors;
    }

    private static NetworkException invalid(String message) {
        return new NetworkException(Code.INVALID_INPUT, message);
    }
}
