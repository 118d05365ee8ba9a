package io.neurojoule.sensor.redfish;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/// A management controller on this host, with the resources of the Redfish Schema Guide (DSP0268) that a test gives it.
final class MadeController implements AutoCloseable {
    static final String PASSWORD = "s3cret-of-the-test";
    static final String CHASSIS = "/redfish/v1/Chassis/1";

    final Map<String, String> resources = new ConcurrentHashMap<>();
    final Map<String, Integer> statuses = new ConcurrentHashMap<>();
    final List<String> tokens = new CopyOnWriteArrayList<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final CountDownLatch never = new CountDownLatch(1);
    private final HttpServer server;

    MadeController() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        resources.put("/redfish/v1/", """
                {"Chassis": {"@odata.id": "/redfish/v1/Chassis"},
                 "Links": {"Sessions": {"@odata.id": "/redfish/v1/SessionService/Sessions"}}}""");
        resources.put("/redfish/v1/Chassis", """
                {"Members": [{"@odata.id": "/redfish/v1/Chassis/1"}]}""");
    }

    /// What 2020s firmware has.
    MadeController withEnvironment(String metrics) {
        resources.put(CHASSIS, """
                {"EnvironmentMetrics": {"@odata.id": "/redfish/v1/Chassis/1/EnvironmentMetrics"},
                 "PowerSubsystem": {"@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem"},
                 "Power": {"@odata.id": "/redfish/v1/Chassis/1/Power"}}""");
        resources.put(CHASSIS + "/EnvironmentMetrics", metrics);
        resources.put(CHASSIS + "/PowerSubsystem", """
                {"PowerSupplies": {"@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies"}}""");
        List<String> members = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            String path = CHASSIS + "/PowerSubsystem/PowerSupplies/" + i;
            members.add("{\"@odata.id\": \"" + path + "\"}");
            resources.put(path, "{\"Metrics\": {\"@odata.id\": \"" + path + "/Metrics\"}}");
            resources.put(path + "/Metrics", "{\"InputPowerWatts\": {\"Reading\": " + (100 + i) + ".5}}");
        }
        resources.put(CHASSIS + "/PowerSubsystem/PowerSupplies", "{\"Members\": [" + String.join(",", members) + "]}");
        return this;
    }

    /// What older firmware has.
    MadeController withPower(String power) {
        resources.put(CHASSIS, """
                {"Power": {"@odata.id": "/redfish/v1/Chassis/1/Power"}}""");
        resources.put(CHASSIS + "/Power", power);
        return this;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /// Settings that let one in.
    Map<String, String> settings(Path directory, String... more) throws IOException {
        Path secret = directory.resolve("password");
        Files.writeString(secret, PASSWORD + "\n");
        Map<String, String> settings =
                new HashMap<>(Map.of("url", url(), "user", "root", "password_file", secret.toString()));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }

    long sessionsMade() {
        return asked.stream().filter(line -> line.startsWith("POST ")).count();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        asked.add(exchange.getRequestMethod() + " " + path);
        try (exchange) {
            switch (exchange.getRequestMethod()) {
                case "POST" -> login(exchange);
                case "DELETE" -> {
                    tokens.remove(exchange.getRequestHeaders().getFirst("X-Auth-Token"));
                    exchange.sendResponseHeaders(204, -1);
                }
                default -> get(exchange, path);
            }
        }
    }

    private void login(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (!body.contains(PASSWORD)) {
            exchange.sendResponseHeaders(401, -1);
            return;
        }
        String token = "token-" + asked.size();
        tokens.add(token);
        exchange.getResponseHeaders().add("X-Auth-Token", token);
        exchange.getResponseHeaders().add("Location", "/redfish/v1/SessionService/Sessions/" + asked.size());
        exchange.sendResponseHeaders(201, -1);
    }

    private void get(HttpExchange exchange, String path) throws IOException {
        String token = String.valueOf(exchange.getRequestHeaders().getFirst("X-Auth-Token"));
        String basic = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        if (!path.equals("/redfish/v1/") && !tokens.contains(token) && !basic.startsWith("Basic ")) {
            exchange.sendResponseHeaders(401, -1);
        } else if (statuses.containsKey(path)) {
            exchange.sendResponseHeaders(statuses.getOrDefault(path, 500), -1);
        } else if (resources.containsKey(path)) {
            byte[] body = resources.getOrDefault(path, "").getBytes(StandardCharsets.UTF_8);
            if (new String(body, StandardCharsets.UTF_8).equals("begin and stop")) {
                exchange.sendResponseHeaders(200, 1000);
                exchange.getResponseBody().write('{');
                exchange.getResponseBody().flush();
                waitForTheEnd();
                return;
            }
            exchange.sendResponseHeaders(200, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
    }

    private void waitForTheEnd() {
        try {
            never.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        never.countDown();
        server.stop(0);
    }
}
