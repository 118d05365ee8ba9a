package io.neurojoule.cli;

import io.neurojoule.lab.Lab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The program in a process of its own.
final class Program {
    private Program() {}

    /// A command line that starts it.
    static List<String> command(List<String> arguments) {
        return command(System.getProperty("java.class.path"), arguments);
    }

    /// The same with its classes elsewhere.
    static List<String> command(String classPath, List<String> arguments) {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                classPath,
                Main.class.getName()));
        line.addAll(arguments);
        return line;
    }

    /// An experiment with the smallest network, warmed up for as little as will do where its speed is of no matter.
    ///
    /// @param argument of the network's command line; may be empty
    static Path experiment(Path directory, String argument, List<Integer> batches, double seconds, int repeats)
            throws IOException {
        return Files.writeString(directory.resolve("my-net.yaml"), """
                version: 1
                name: my-net
                model: {name: my-net}
                matrix: {batch: %s, precision: [fp32]}
                targets:
                  cpu:
                    simulated: laboratory
                    workload: {adapter: command, command: [python3, '%s', '%s']}
                method:
                  idle: {seconds: 0.5}
                  warmup: {min_seconds: 0.5, max_seconds: 1}
                  measure: {min_seconds: %s, min_updates: 1, repeats: %d}
                  latency: {seconds: 0}
                """.formatted(
                        batches, Lab.root().resolve("examples/my_net.py"), argument, seconds, repeats));
    }
}
