package io.neurojoule.sensor;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/// The text behind a URL, asked for again and again.
///
/// Redirections are not followed: whoever answers is whom the user named. Used by one thread at a time.
public final class HttpText implements AutoCloseable {
    /// The settings by which a user describes it; `timeout` is in seconds.
    public static final List<String> KEYS = List.of("url", "user", "password_env", "password_file", "timeout");

    private static final double TIMEOUT_SECONDS = 5;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);
    private static final int OK = 200;

    /// Names of what a query must not hold.
    private static final Pattern SECRET =
            Pattern.compile("(?i)(^|&)[^&=]*(pass(word|wd)?|pw|token|key|secret|auth)[^&=]*=");

    private final HttpClient client;

    /// A thread of its own, as what the client does asynchronously ends on the pool that all of a JVM share, and stands
    /// still while others block that.
    private final ExecutorService asking;

    private final HttpRequest request;
    private final String place;
    private final Duration timeout;
    private final long mostBytes;

    private HttpText(HttpRequest request, Duration timeout, long mostBytes) {
        this.request = request;
        place = request.uri().toString().replaceFirst("\\?.*$", "");
        this.timeout = timeout;
        this.mostBytes = mostBytes;
        asking = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("http: " + place).factory());
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout)
                .build();
    }

    /// A question that was described and not asked yet.
    ///
    /// @param mostBytes an answer that is longer is none
    public record Question(HttpRequest request, Duration timeout, long mostBytes) {
        /// @param accept what the answer may be: media types
        /// @throws SettingsException if the URL is none of http or https, or holds a password
        public static Question of(String owner, Settings settings, String accept, long mostBytes) {
            URI url = url(owner, settings.required("url"));
            Duration timeout = Meter.seconds(owner, settings, "timeout", TIMEOUT_SECONDS, 0.1, 60);
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(url).timeout(timeout).header("Accept", accept);
            Optional<String> password = settings.secret("password");
            if (settings.text("user").isPresent() != password.isPresent()) {
                throw new SettingsException(
                        "%s needs both user and password_env (or password_file), or neither".formatted(owner));
            }
            password.ifPresent(secret -> request.header(
                    "Authorization",
                    "Basic "
                            + Base64.getEncoder()
                                    .encodeToString((settings.text("user").orElse("") + ":" + secret)
                                            .getBytes(StandardCharsets.UTF_8))));
            return new Question(request.build(), timeout, mostBytes);
        }

        private static URI url(String owner, String text) {
            URI url;
            try {
                url = URI.create(text);
            } catch (IllegalArgumentException e) {
                throw new SettingsException("%s: url is none: %s".formatted(owner, e.getMessage()));
            }
            if (!List.of("http", "https").contains(String.valueOf(url.getScheme())) || url.getHost() == null) {
                throw new SettingsException("%s: url must begin with http://HOST or https://HOST".formatted(owner));
            }
            if (url.getUserInfo() != null) {
                throw new SettingsException(
                        "%s: url must not hold a password, as settings are kept with the run; use user and password_env"
                                .formatted(owner));
            }
            String query = String.valueOf(url.getRawQuery());
            if (SECRET.matcher(query).find()) {
                throw new SettingsException(
                        "%s: url must not hold a password or token, as settings are kept with the run; use user and password_env, or let a program ask: source command"
                                .formatted(owner));
            }
            return url;
        }

        /// Opens it; nothing is asked yet.
        public HttpText open() {
            return new HttpText(request, timeout, mostBytes);
        }
    }

    /// Asks once.
    ///
    /// @throws IOException if there is no answer in time, or another than 200: a gap
    public String get() throws IOException {
        Future<HttpResponse<byte[]>> answer =
                asking.submit(() -> client.send(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), mostBytes)));
        try {
            // The request's own timeout ends with the headers; this one holds for the body too.
            HttpResponse<byte[]> response = answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            int status = response.statusCode();
            if (status >= 300 && status < 400) {
                throw new IOException("%s answers %d and sends on to %s; give that URL if it is the right one"
                        .formatted(
                                place,
                                status,
                                response.headers().firstValue("Location").orElse("nowhere")));
            }
            if (status != OK) {
                throw new IOException("%s answers HTTP %d".formatted(place, status));
            }
            return new String(response.body(), StandardCharsets.UTF_8);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException("%s does not answer within %s s".formatted(place, timeout.toMillis() / 1000.0), e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            throw new IOException("%s: %s".formatted(place, why), e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException(place + ": interrupted", e);
        }
    }

    @Override
    public void close() {
        asking.shutdownNow();
        client.shutdownNow();
        try {
            if (!asking.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    || !client.awaitTermination(CLOSE_PATIENCE)) {
                System.getLogger(HttpText.class.getName())
                        .log(System.Logger.Level.WARNING, "a request to " + place + " could not be ended");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
