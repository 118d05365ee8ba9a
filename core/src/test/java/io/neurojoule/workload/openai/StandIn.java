package io.neurojoule.workload.openai;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.protocol.Wire;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/// Speaks what llama.cpp's server answers (as seen) and what Ollama documents, without a model: a word is a token, and
/// a prompt has three more.
final class StandIn implements AutoCloseable {
    /// What goes wrong, from the first answer of more than one token on.
    enum Fault {
        NONE,
        ERROR_IN_STREAM,
        NO_END,
        NO_USAGE,
        NO_TEXT,
        ONE_PIECE,
        CUT
    }

    private static final int OVERHEAD = 3;

    final List<ObjectNode> asked = new CopyOnWriteArrayList<>();
    final AtomicInteger most = new AtomicInteger();
    volatile Fault fault = Fault.NONE;
    volatile List<String> models = List.of("nonsense");
    volatile boolean counts = true;
    volatile boolean tellsCached = true;
    final AtomicInteger drops = new AtomicInteger();
    volatile Runnable atDrop = () -> {};
    volatile boolean closes;
    volatile int status = 200;
    volatile int longest = Integer.MAX_VALUE;
    volatile long firstMillis;
    volatile long tokenMillis;
    volatile Optional<String> key = Optional.empty();
    volatile Set<String> unknownFields = Set.of();

    private final AtomicInteger inFlight = new AtomicInteger();
    private final HttpServer server;

    StandIn() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /// The first words of each prompt, as a server's cache sees them.
    List<String> beginnings(int words) {
        return asked.stream()
                .map(StandIn::prompt)
                .map(text -> Arrays.stream(text.split(" ", -1)).limit(words).collect(Collectors.joining(" ")))
                .toList();
    }

    /// Of the prompt, as it counts them.
    int tokens(ObjectNode body) {
        return prompt(body).split(" ", -1).length + OVERHEAD;
    }

    private static String prompt(ObjectNode body) {
        return body.path("prompt")
                .asString(body.path("messages").path(0).path("content").asString(""));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
            String sent = exchange.getRequestHeaders().getFirst("Authorization");
            if (key.isPresent() && !("Bearer " + key.get()).equals(sent)) {
                refuse(exchange, 401, "Incorrect API key provided: " + sent);
                return;
            }
            if (status != 200) {
                refuse(exchange, status, "Loading model");
                return;
            }
            if (closes) {
                exchange.getResponseHeaders().set("Connection", "close");
            }
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            route(exchange, Wire.parse(body).orElseGet(Wire::message));
        } finally {
            inFlight.decrementAndGet();
        }
    }

    private void route(HttpExchange exchange, ObjectNode body) throws IOException {
        switch (exchange.getRequestURI().getPath()) {
            case "/v1/models" -> json(exchange, list("data", "id"));
            case "/props" ->
                json(exchange, Wire.message().put("build_info", "b1-made").put("total_slots", 4));
            case "/api/tags" -> json(exchange, list("models", "name"));
            case "/api/version" -> json(exchange, Wire.message().put("version", "0.0.0"));
            case "/api/show" -> {
                ObjectNode shown = Wire.message();
                shown.putObject("model_info").put("general.parameter_count", 1234);
                json(exchange, shown);
            }
            case "/v1/completions" -> generate(exchange, Api.COMPLETIONS, body);
            case "/v1/chat/completions" -> generate(exchange, Api.CHAT, body);
            case "/api/generate" -> generate(exchange, Api.OLLAMA, body);
            default -> refuse(exchange, 404, "File Not Found");
        }
    }

    private ObjectNode list(String field, String name) {
        ObjectNode list = Wire.message();
        for (String model : models) {
            ObjectNode entry =
                    list.withArray(field).addObject().put(name, model).put("owned_by", "llamacpp");
            entry.putObject("meta")
                    .put("n_params", 25_570_816)
                    .put("size", 102_283_264)
                    .put("ftype", "all F32");
            entry.putObject("details").put("quantization_level", "Q4_0");
        }
        return list;
    }

    private void generate(HttpExchange exchange, Api api, ObjectNode body) throws IOException {
        Optional<String> unknown =
                unknownFields.stream().filter(body::has).sorted().findFirst();
        if (unknown.isPresent()) {
            refuse(exchange, 400, "Unrecognized request argument supplied: " + unknown.get());
            return;
        }
        if (drops.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            atDrop.run();
            return;
        }
        asked.add(body);
        int wanted = body.path("max_tokens")
                .asInt(body.path("options").path("num_predict").asInt(0));
        Fault now = wanted > 1 ? fault : Fault.NONE;
        int in = tokens(body);
        int out = Math.min(wanted, longest);
        exchange.sendResponseHeaders(200, now == Fault.CUT ? 1 << 20 : 0);
        try (OutputStream stream = exchange.getResponseBody()) {
            if (api == Api.CHAT) {
                ObjectNode role = Wire.message();
                role.putArray("choices")
                        .addObject()
                        .putObject("delta")
                        .put("role", "assistant")
                        .putNull("content");
                send(stream, api, role);
            }
            rest(firstMillis);
            for (int token = 0; token < (now == Fault.ONE_PIECE ? 1 : out); token++) {
                if (token > 0) {
                    rest(tokenMillis);
                }
                if (now == Fault.CUT && token == 1) {
                    return; // before the length that was promised
                }
                if (now == Fault.ERROR_IN_STREAM && token == 1) {
                    ObjectNode error = Wire.message();
                    error.putObject("error").put("message", "out of slots");
                    send(stream, api, error);
                    return;
                }
                send(stream, api, piece(api, now == Fault.NO_TEXT ? "" : " w" + token));
            }
            if (counts && now != Fault.NO_USAGE) {
                send(stream, api, usage(api, in, out));
            }
            if (api != Api.OLLAMA && now != Fault.NO_END) {
                stream.write("data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    private static ObjectNode piece(Api api, String text) {
        ObjectNode chunk = Wire.message();
        switch (api) {
            case COMPLETIONS ->
                chunk.putArray("choices").addObject().put("text", text).putNull("finish_reason");
            case CHAT ->
                chunk.putArray("choices").addObject().putObject("delta").put("content", text);
            case OLLAMA -> chunk.put("response", text).put("done", false);
        }
        return chunk;
    }

    private ObjectNode usage(Api api, int in, int out) {
        ObjectNode chunk = Wire.message();
        if (api == Api.OLLAMA) {
            return chunk.put("response", "")
                    .put("done", true)
                    .put("prompt_eval_count", in)
                    .put("prompt_eval_cached_count", 2)
                    .put("prompt_eval_duration", 3_000_000)
                    .put("eval_count", out)
                    .put("eval_duration", 5_000_000);
        }
        chunk.putArray("choices");
        if (api == Api.COMPLETIONS) {
            chunk.withArray("choices").addObject().put("text", "").put("finish_reason", "length");
        }
        ObjectNode usage = chunk.putObject("usage").put("prompt_tokens", in).put("completion_tokens", out);
        if (tellsCached) {
            usage.putObject("prompt_tokens_details").put("cached_tokens", 1);
            chunk.putObject("timings").put("cache_n", 1).put("prompt_ms", 3.0).put("predicted_ms", 5.0);
        }
        return chunk;
    }

    private static void send(OutputStream stream, Api api, ObjectNode chunk) throws IOException {
        String line = new String(Wire.encode(chunk), StandardCharsets.UTF_8);
        stream.write((api == Api.OLLAMA ? line : "data: " + line + "\n").getBytes(StandardCharsets.UTF_8));
        stream.flush();
    }

    private static void json(HttpExchange exchange, ObjectNode body) throws IOException {
        byte[] bytes = Wire.encode(body);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static void refuse(HttpExchange exchange, int status, String message) {
        ObjectNode body = Wire.message();
        body.putObject("error").put("message", message);
        byte[] bytes = Wire.encode(body);
        try {
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    private static void rest(long millis) {
        long until = Ticker.monotonic().nanos() + millis * 1_000_000;
        for (long left = until - Ticker.monotonic().nanos();
                left > 0;
                left = until - Ticker.monotonic().nanos()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
