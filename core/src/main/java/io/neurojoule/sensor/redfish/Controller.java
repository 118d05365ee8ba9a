package io.neurojoule.sensor.redfish;

import io.neurojoule.sensor.Discovery.State;
import io.neurojoule.sensor.SensorGoneException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/// The connection to one management controller and the login there, shared by its sensors.
///
/// Thread-safe. Every request ends within 5 s. What the user must keep secret is in no message.
final class Controller {
    static final String ROOT = "/redfish/v1/";

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /// No resource with a power in it is nearly as long.
    private static final long LONGEST_BODY = 4 << 20;

    /// Controllers lock an account after some wrong passwords, often five.
    private static final int MOST_REFUSED_LOGINS = 3;

    private static final String TOKEN = "X-Auth-Token";

    private static final int UNAUTHORIZED = 401;

    /// Decimals are kept as they are shown.
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    /// How to log in.
    ///
    /// @param isSession whether a session is made; else each request carries the password
    record Login(String user, String password, boolean isSession) {
        /// Without the password.
        @Override
        public String toString() {
            return user;
        }
    }

    private final URI url;
    private final Pins pins;
    private final Optional<Login> login;
    private final HttpClient client;
    private final ReentrantLock lock = new ReentrantLock();
    private String sessions = ROOT + "SessionService/Sessions";
    private volatile Optional<String> token = Optional.empty();
    private Optional<String> session = Optional.empty();
    private int refusedLogins;
    private int users;

    /// @param url   scheme, host and port
    /// @param login empty for a controller that asks for none
    Controller(URI url, Pins pins, Optional<Login> login) throws GeneralSecurityException {
        this.url = url;
        this.pins = pins;
        this.login = login;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1) // an offer of HTTP/2 confuses small servers
                .connectTimeout(TIMEOUT)
                .sslContext(pins.context())
                .build();
    }

    /// What the service tells everybody, without a login; it also says where sessions are made.
    JsonNode root() throws IOException {
        JsonNode root = json(ROOT, checked(ROOT, send(request(ROOT).GET().build())));
        sessions = link(root.at("/Links/Sessions")).orElse(sessions);
        return root;
    }

    /// A resource.
    ///
    /// @param path begins with `/`
    /// @throws RefusedException with what the user can do
    /// @throws SensorGoneException if the login was refused so often that one more could lock the account
    JsonNode get(String path) throws IOException {
        Optional<Login> who = login;
        if (who.isEmpty()) {
            return json(path, checked(path, send(request(path).GET().build())));
        }
        demandLogin();
        HttpResponse<byte[]> answer = who.get().isSession() ? inSession(path, who.get()) : basic(path, who.get());
        count(answer);
        return json(path, checked(path, answer));
    }

    private HttpResponse<byte[]> basic(String path, Login who) throws IOException {
        String pair = who.user() + ":" + who.password();
        return send(request(path)
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)))
                .GET()
                .build());
    }

    private HttpResponse<byte[]> inSession(String path, Login who) throws IOException {
        String used = token(Optional.empty(), who);
        HttpResponse<byte[]> answer =
                send(request(path).header(TOKEN, used).GET().build());
        if (answer.statusCode() == UNAUTHORIZED) {
            // The controller ends sessions by itself, and forgets them when it starts again.
            String renewed = token(Optional.of(used), who);
            answer = send(request(path).header(TOKEN, renewed).GET().build());
        }
        return answer;
    }

    /// The token of the session; a new one if there is none, or only that which has been refused.
    private String token(Optional<String> refused, Login who) throws IOException {
        lock.lock();
        try {
            if (token.isPresent() && !token.equals(refused)) {
                return token.get();
            }
            String body = JSON.writeValueAsString(Map.of("UserName", who.user(), "Password", who.password()));
            HttpResponse<byte[]> answer = send(request(sessions)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build());
            if (answer.statusCode() == UNAUTHORIZED) {
                refusedLogins++;
            }
            if (answer.statusCode() == 404 || answer.statusCode() == 405 || answer.statusCode() == 501) {
                throw new RefusedException(
                        State.BROKEN,
                        "redfish-login",
                        "the controller makes no sessions (HTTP " + answer.statusCode() + " at " + sessions + ")",
                        "Add login=basic.");
            }
            checked(sessions, answer);
            String fresh = answer.headers()
                    .firstValue(TOKEN)
                    .orElseThrow(() -> new RefusedException(
                            State.BROKEN,
                            "redfish-login",
                            "the controller made a session and gave no token",
                            "Add login=basic."));
            token = Optional.of(fresh);
            session = answer.headers().firstValue("Location").flatMap(Controller::path);
            return fresh;
        } finally {
            lock.unlock();
        }
    }

    private void demandLogin() throws SensorGoneException {
        lock.lock();
        try {
            if (refusedLogins >= MOST_REFUSED_LOGINS) {
                throw new SensorGoneException(
                        "the login was refused %d times; it is not tried again, as that could lock the account"
                                .formatted(refusedLogins));
            }
        } finally {
            lock.unlock();
        }
    }

    /// A login that is refused although it was just renewed counts as well: each try may use up a session.
    private void count(HttpResponse<byte[]> answer) {
        lock.lock();
        try {
            refusedLogins = answer.statusCode() == UNAUTHORIZED ? refusedLogins + 1 : 0;
        } finally {
            lock.unlock();
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(url.resolve(path)).header("Accept", "application/json");
    }

    /// The request's own time-out ends with the headers, so the whole is waited for here.
    private HttpResponse<byte[]> send(HttpRequest request) throws IOException {
        CompletableFuture<HttpResponse<byte[]>> answer =
                client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), LONGEST_BODY));
        try {
            return answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw unreachable("no answer within %d s".formatted(TIMEOUT.toSeconds()));
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw explained(e);
        }
    }

    private IOException explained(ExecutionException failure) {
        boolean isTls = false;
        boolean isUnresolved = false;
        boolean isRefused = false;
        String said = "";
        for (Throwable e = failure.getCause(); e != null; e = e.getCause()) {
            isTls |= e instanceof SSLException;
            isUnresolved |= e instanceof UnresolvedAddressException;
            isRefused |= e instanceof ConnectException;
            said = said.isEmpty() && e.getMessage() != null ? e.getMessage() : said;
        }
        if (isTls && pins.refused().isPresent()) {
            return notTrusted(pins.refused().get());
        }
        if (isUnresolved) {
            return unreachable("no such host: " + url.getHost());
        }
        if (isTls) {
            return unreachable("no TLS with it: " + said);
        }
        return unreachable(
                isRefused ? "nothing listens there, or no way leads there" : "the connection broke: " + said);
    }

    private RefusedException notTrusted(String sha256) {
        return pins.isPinned()
                ? new RefusedException(
                        State.NOT_PERMITTED,
                        "redfish-certificate",
                        "its certificate is not the pinned one; its SHA-256 is " + sha256,
                        "If the certificate was renewed, pin the new one: sha256=" + sha256
                                + ". If not, something else answers at this address.")
                : new RefusedException(
                        State.NOT_PERMITTED,
                        "redfish-certificate",
                        "its certificate is not trusted; its SHA-256 is " + sha256,
                        "Compare that with what the controller's own page shows, then add: sha256=" + sha256
                                + " (or certificate=FILE with the certificate, or with that of its authority)");
    }

    private RefusedException unreachable(String why) {
        return new RefusedException(
                State.BROKEN, "redfish-unreachable", why, "See whether this answers: curl -k " + url.resolve(ROOT));
    }

    private HttpResponse<byte[]> checked(String path, HttpResponse<byte[]> answer) throws RefusedException {
        int status = answer.statusCode();
        if (status >= 200 && status < 300) {
            return answer;
        }
        String said = "HTTP " + status + " at " + path + ": ";
        throw switch (status) {
            case UNAUTHORIZED ->
                login.isPresent()
                        ? new RefusedException(
                                State.NOT_PERMITTED,
                                "redfish-login",
                                said + "user " + login.get() + " or the password is wrong",
                                "Check user and what password_env or password_file names.")
                        : new RefusedException(
                                State.NOT_PERMITTED,
                                "redfish-login",
                                said + "it wants a login",
                                "Add user=NAME,password_env=VARIABLE.");
            case 403 ->
                new RefusedException(
                        State.NOT_PERMITTED,
                        "redfish-login",
                        said + "the user may not read this",
                        "Give the user the role ReadOnly (privilege Login) on the controller.");
            case 404 ->
                new RefusedException(
                        State.ABSENT,
                        "redfish-absent",
                        said + "there is no such resource",
                        "The url is that of the controller alone, e.g. https://10.0.0.7; its firmware may be too old.");
            case 503 ->
                new RefusedException(
                        State.BROKEN,
                        "redfish-unreachable",
                        said + "it is busy, starting, or has no session left",
                        "Wait a minute and try again; login=basic needs no session.");
            default ->
                new RefusedException(
                        State.BROKEN,
                        "redfish-unreachable",
                        said + "it cannot answer",
                        "See what its own page or log says.");
        };
    }

    private JsonNode json(String path, HttpResponse<byte[]> answer) throws RefusedException {
        try {
            return JSON.readTree(answer.body());
        } catch (JacksonException e) {
            throw new RefusedException(
                    State.BROKEN,
                    "redfish-answer",
                    "the answer at " + path + " is no JSON",
                    "See whether " + url + " is a management controller, and no proxy stands between.");
        }
    }

    /// Where `{"@odata.id": …}` points to; empty if it is no path on this host.
    static Optional<String> link(JsonNode node) {
        return Optional.of(node.path("@odata.id").asString("")).filter(Controller::isPath);
    }

    private static Optional<String> path(String location) {
        return Optional.ofNullable(URI.create(location).getRawPath()).filter(Controller::isPath);
    }

    /// The password goes to no other host, whatever a document says.
    private static boolean isPath(String text) {
        return text.matches("/[!-~&&[^/]][!-~]*");
    }

    /// One more user; each of them calls [#release] once.
    void retain() {
        lock.lock();
        try {
            users++;
        } finally {
            lock.unlock();
        }
    }

    /// The last one ends the session.
    void release() {
        lock.lock();
        try {
            users--;
            if (users == 0) {
                endSession();
                client.shutdownNow();
            }
        } finally {
            lock.unlock();
        }
    }

    private void endSession() {
        if (token.isEmpty() || session.isEmpty()) {
            return;
        }
        try {
            send(request(session.get()).header(TOKEN, token.get()).DELETE().build());
        } catch (IOException e) {
            // The controller ends an idle session by itself after some minutes; nobody is left to be told.
            session = Optional.empty();
        }
        token = Optional.empty();
    }
}
