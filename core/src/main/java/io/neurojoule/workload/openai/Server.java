package io.neurojoule.workload.openai;

import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.protocol.Wire;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.node.ObjectNode;

/// The HTTP side of a server. Thread-safe.
///
/// Redirections are not followed: whoever answers is whom the user named, and nobody else gets the key.
final class Server implements AutoCloseable {
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration QUESTION_PATIENCE = Duration.ofSeconds(20);

    /// Longer than a profiler waits for an answer, unless its grace is longer than usual.
    private static final Duration ANSWER_PATIENCE = Duration.ofMinutes(10);

    private static final int OK = 200;
    private static final int MOST_BYTES = 16 << 20;
    private static final int SHOWN = 300;

    private final URI root;
    private final Key key;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1) // an offer of HTTP/2 confuses small servers
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_PATIENCE)
            .build();

    /// @param root of all paths, without a slash at its end
    Server(URI root, Key key) {
        this.root = root;
        this.key = key;
    }

    /// Another answer than 200.
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private final int status;

        RefusedException(int status, String message) {
            super(message);
            this.status = status;
        }

        int status() {
            return status;
        }

        /// Whether it is about this field of the request.
        boolean names(String field) {
            return (status == 400 || status == 422)
                    && String.valueOf(getMessage()).contains(field);
        }

        /// The message with what can be done.
        NetworkException explained() {
            String told = String.valueOf(getMessage());
            return switch (status) {
                case 401, 403 ->
                    new NetworkException(
                            Code.INVALID_INPUT,
                            told + ". Put the server's key into the environment variable " + Key.VARIABLE);
                case 404 ->
                    new NetworkException(
                            Code.INVALID_INPUT,
                            told + ". Are url and api those of this server, and server_model its name?");
                case 400, 413, 422 -> new NetworkException(Code.INVALID_INPUT, told);
                case 429 -> new NetworkException(Code.DEVICE_BUSY, told + ". The server limits the rate of requests");
                case 503 ->
                    new NetworkException(
                            Code.DEVICE_BUSY, told + ". It may still load its model: start again when it answers");
                default -> new NetworkException(Code.INTERNAL, told);
            };
        }
    }

    /// A JSON object with the answer's software, as told in its header.
    record Told(ObjectNode body, Optional<String> software) {}

    /// @param path below the root, or below the host if it begins with two slashes
    Told get(String path) throws NetworkException, RefusedException {
        return told(path, request(path).GET());
    }

    Told post(String path, ObjectNode body) throws NetworkException, RefusedException {
        return told(path, request(path).POST(BodyPublishers.ofByteArray(Wire.encode(body))));
    }

    private Told told(String path, HttpRequest.Builder question) throws NetworkException, RefusedException {
        HttpResponse<String> answer;
        try {
            answer = wait(
                    client.sendAsync(
                            question.build(),
                            info -> BodySubscribers.limiting(
                                    BodySubscribers.ofString(StandardCharsets.UTF_8), MOST_BYTES)),
                    QUESTION_PATIENCE);
        } catch (IOException e) {
            throw unreachable(e);
        }
        if (answer.statusCode() != OK) {
            throw refused(path, answer);
        }
        return new Told(
                Wire.parse(answer.body())
                        .orElseThrow(() -> new NetworkException(
                                Code.INVALID_INPUT,
                                "%s%s answers with something else than a JSON object: is url right?"
                                        .formatted(root, path))),
                answer.headers().firstValue("Server"));
    }

    /// Asks, and reads the answer to its end.
    ///
    /// @return the connection on which it came, if the client tells
    /// @throws IOException      if the connection broke
    /// @throws RefusedException if there is no answer but a refusal
    Optional<String> stream(String path, ObjectNode body, Reply reply)
            throws IOException, NetworkException, RefusedException {
        HttpRequest question = request(path)
                .POST(BodyPublishers.ofByteArray(Wire.encode(body)))
                .build();
        HttpResponse<String> answer = wait(
                client.sendAsync(question, info -> info.statusCode() == OK ? lines(reply) : text()), ANSWER_PATIENCE);
        if (answer.statusCode() != OK) {
            throw refused(path, answer);
        }
        return answer.connectionLabel();
    }

    private static BodySubscriber<String> lines(Reply reply) {
        return BodySubscribers.fromLineSubscriber(reply, read -> "", StandardCharsets.UTF_8, null);
    }

    private static BodySubscriber<String> text() {
        return BodySubscribers.limiting(BodySubscribers.ofString(StandardCharsets.UTF_8), MOST_BYTES);
    }

    private HttpRequest.Builder request(String path) {
        URI place = path.startsWith("//") ? root.resolve(path.substring(1)) : URI.create(root + path);
        HttpRequest.Builder request = HttpRequest.newBuilder(place).header("Content-Type", "application/json");
        key.authorization().ifPresent(value -> request.header("Authorization", value));
        return request;
    }

    private static HttpResponse<String> wait(CompletableFuture<HttpResponse<String>> answer, Duration patience)
            throws IOException, NetworkException {
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new NetworkException(Code.INTERNAL, "no whole answer within %d s".formatted(patience.toSeconds()));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException broken) {
                throw broken;
            }
            throw new IOException(String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new NetworkException(Code.INTERNAL, "interrupted");
        }
    }

    /// What to tell the user of a connection that broke.
    NetworkException unreachable(IOException broken) {
        String why = broken.getMessage() == null ? broken.getClass().getSimpleName() : broken.getMessage();
        return broken instanceof ConnectException
                ? new NetworkException(
                        Code.INVALID_INPUT,
                        "cannot connect to %s: does the server run, and is url right?".formatted(root))
                : new NetworkException(Code.INTERNAL, "the connection to %s broke: %s".formatted(root, why));
    }

    private RefusedException refused(String path, HttpResponse<String> answer) {
        String body = String.valueOf(answer.body());
        String complaint = shown(Wire.parse(body).map(Api::complaint).orElse(body));
        return new RefusedException(
                answer.statusCode(),
                "%s%s answers HTTP %d%s"
                        .formatted(root, path, answer.statusCode(), complaint.isEmpty() ? "" : ": " + complaint));
    }

    /// What a server said, fit for a message: one line, not long, without the key.
    String shown(String text) {
        String line = key.hiddenIn(text).replaceAll("\\s+", " ").strip();
        return line.substring(0, Math.min(SHOWN, line.length()));
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
