package io.neurojoule.sensor.ipmi;

import io.neurojoule.lab.Lab;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.SourceConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// The lab's controller (ipmi_sim), alive until it is closed. Two pipes tell when it is there and when it may end.
final class LabBmc implements AutoCloseable {
    static final int PORT = 19_623;
    private static final Duration LONGEST = Duration.ofMinutes(2);

    private final Path hold;
    private final String state;
    private final CompletableFuture<Lab.Run> run;

    private LabBmc(Path hold, String state, CompletableFuture<Lab.Run> run) {
        this.hold = hold;
        this.state = state;
        this.run = run;
    }

    /// @param options of the lab, besides --ipmi
    static LabBmc start(Path folder, String... options) throws IOException, InterruptedException {
        Path ready = pipe(folder.resolve("ready"));
        Path hold = pipe(folder.resolve("hold"));
        List<String> line = new ArrayList<>(List.of("--ipmi", String.valueOf(PORT)));
        line.addAll(List.of(options));
        CompletableFuture<Lab.Run> run = CompletableFuture.supplyAsync(() -> {
            try {
                return Lab.run(
                        line,
                        List.of("sh", "-c", "echo \"$POWERLAB_STATE\" > \"$READY\"; timeout 100 cat \"$HOLD\""),
                        Map.of("READY", ready.toString(), "HOLD", hold.toString()),
                        LONGEST);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        return new LabBmc(hold, Files.readString(ready).strip(), run);
    }

    private static Path pipe(Path path) throws IOException, InterruptedException {
        run(List.of("mkfifo", path.toString()));
        return path;
    }

    /// The output of a command, which must succeed.
    static String run(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(line + ": " + said);
        }
        return said;
    }

    void fault(String spec) throws IOException, InterruptedException {
        String unused = run(List.of(Lab.root().resolve("lab/powerlab").toString(), "fault", state, spec));
    }

    /// @param more settings, and `password` in place of a file that holds it
    static SourceConfig config(Path folder, int port, Map<String, String> more) throws IOException {
        Map<String, String> all = new HashMap<>(
                Map.of("host", "127.0.0.1", "port", String.valueOf(port), "user", "ADMIN", "cipher", "3"));
        all.putAll(more);
        String password = all.getOrDefault("password", "ADMIN");
        all.remove("password");
        Path file = Files.writeString(Files.createDirectories(folder).resolve("password"), password + "\n");
        all.put("password_file", file.toString());
        Path empty = Files.createDirectories(folder.resolve("empty"));
        return new SourceConfig(empty, empty, Map.of(), Map.of("bmc1", all));
    }

    /// ipmi_sim gives the DCMI and vendor commands to administrators only.
    Discovery discover(Map<String, String> more) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of("privilege", "administrator"));
        all.putAll(more);
        return new IpmiSource().discover(config(hold.resolveSibling("settings"), PORT, all));
    }

    /// Ends the lab.
    Path truth() throws IOException, InterruptedException {
        close();
        try {
            return run.get().truth();
        } catch (ExecutionException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (!run.isDone() && Files.exists(hold)) {
            Files.writeString(hold, "\n");
            Files.deleteIfExists(hold);
        }
        Lab.Run unused = run.join();
    }
}
