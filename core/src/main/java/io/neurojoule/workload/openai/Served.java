package io.neurojoule.workload.openai;

import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.ServerPlace;
import io.neurojoule.workload.openai.Server.RefusedException;
import io.neurojoule.workload.protocol.Wire;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// What a server says of itself and of the model that is asked for; only `model` is sure.
///
/// @param runtime    software and version
/// @param dtype      data type or quantisation of the weights
/// @param slots      requests that it works on at once
/// @param parameters weights
/// @param bytes      size of the weights
record Served(
        String model,
        ServerPlace place,
        Optional<String> runtime,
        Optional<String> dtype,
        OptionalLong slots,
        OptionalLong parameters,
        OptionalLong bytes) {
    static Served by(Server server, Options options) throws NetworkException {
        ServerPlace place;
        try {
            place = ServerPlace.of(options.root().getHost());
        } catch (UnknownHostException e) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    "there is no host '%s': is url right?"
                            .formatted(options.root().getHost()));
        }
        try {
            return options.api() == Api.OLLAMA ? ollama(server, options, place) : openAi(server, options, place);
        } catch (RefusedException e) {
            throw e.explained();
        }
    }

    private static Served openAi(Server server, Options options, ServerPlace place)
            throws NetworkException, RefusedException {
        Server.Told listed;
        try {
            listed = server.get("/models");
        } catch (RefusedException e) {
            // Some servers have no list.
            if (e.status() != 404 || options.model().isEmpty()) {
                throw e;
            }
            listed = new Server.Told(Wire.message(), Optional.empty());
        }
        Map<String, JsonNode> models = named(listed.body().path("data"), "id");
        String model = chosen(options.model(), models);
        JsonNode entry = models.getOrDefault(model, Wire.message());
        JsonNode meta = entry.path("meta");
        JsonNode props = asked(server, "//props");
        Optional<String> runtime = text(props.path("build_info"))
                .map(build -> "llama.cpp " + build)
                .or(() -> text(asked(server, "//version").path("version"))
                        .map(version -> text(entry.path("owned_by"))
                                        .map(name -> name + " ")
                                        .orElse("")
                                + version))
                .or(listed::software);
        return new Served(
                model,
                place,
                runtime,
                text(meta.path("ftype")),
                whole(props.path("total_slots")),
                whole(meta.path("n_params")),
                whole(meta.path("size")));
    }

    private static Served ollama(Server server, Options options, ServerPlace place)
            throws NetworkException, RefusedException {
        Map<String, JsonNode> models = named(server.get("/api/tags").body().path("models"), "name");
        String model = chosen(options.model().map(name -> models.containsKey(name) ? name : latest(name)), models);
        JsonNode entry = models.getOrDefault(model, Wire.message());
        JsonNode shown =
                server.post("/api/show", Wire.message().put("model", model)).body();
        return new Served(
                model,
                place,
                text(asked(server, "/api/version").path("version")).map(version -> "ollama " + version),
                text(entry.path("details").path("quantization_level")),
                OptionalLong.empty(),
                whole(shown.path("model_info").path("general.parameter_count")),
                whole(entry.path("size")));
    }

    private static String latest(String name) {
        return name.contains(":") ? name : name + ":latest";
    }

    /// What is good to know: a server that does not tell it is as good.
    private static JsonNode asked(Server server, String path) {
        try {
            return server.get(path).body();
        } catch (RefusedException | NetworkException unknown) {
            return Wire.message();
        }
    }

    private static Map<String, JsonNode> named(JsonNode list, String name) {
        Map<String, JsonNode> models = new LinkedHashMap<>();
        for (JsonNode entry : list) {
            text(entry.path(name)).ifPresent(id -> models.put(id, entry));
        }
        return models;
    }

    private static String chosen(Optional<String> asked, Map<String, JsonNode> models) throws NetworkException {
        String listed = models.keySet().stream().limit(20).collect(Collectors.joining(", "));
        if (asked.isPresent()) {
            if (!models.isEmpty() && !models.containsKey(asked.get())) {
                throw new NetworkException(
                        Code.BAD_MODEL, "the server has no model '%s'; it has %s".formatted(asked.get(), listed));
            }
            return asked.get();
        }
        if (models.size() != 1) {
            throw new NetworkException(
                    Code.INVALID_INPUT,
                    models.isEmpty()
                            ? "the server lists no model; name it with the option server_model"
                            : "the server has several models; name one with the option server_model: " + listed);
        }
        return models.keySet().iterator().next();
    }

    private static Optional<String> text(JsonNode node) {
        return node.asStringOpt().map(String::strip).filter(text -> !text.isEmpty());
    }

    private static OptionalLong whole(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() > 0
                ? OptionalLong.of(node.longValue())
                : OptionalLong.empty();
    }

    Loaded loaded(Options options, Requests requests) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(ServerPlace.SETTING, place.text());
        settings.put("server_model", model);
        settings.put("api", options.api().text());
        settings.put("input_tokens", Integer.toString(options.inputTokens()));
        settings.put("output_tokens", Integer.toString(options.outputTokens()));
        settings.put("prompt_words", Integer.toString(requests.words()));
        runtime.ifPresent(told -> settings.put("runtime", told));
        dtype.ifPresent(told -> settings.put("dtype", told));
        slots.ifPresent(told -> settings.put("slots", Long.toString(told)));
        List<String> notes = new ArrayList<>(requests.notes());
        if (runtime.isEmpty()) {
            notes.add("The server does not tell its software and version.");
        }
        return new Loaded(parameters, OptionalLong.empty(), bytes, settings, Map.of(), notes);
    }
}
