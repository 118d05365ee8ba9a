package io.neurojoule.cli;

import io.neurojoule.plugin.Plugins;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Writes an adapter that runs as it is, and an experiment file beside it: in a language, to be filled with a network
/// of one's own, or of a runtime, which takes a file.
@Command(
        name = "init",
        description = "Write a working adapter for a network of your own, and an experiment file beside it.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class InitCommand implements Callable<Integer> {
    private static final String EXPERIMENT = "experiment.yaml";

    /// Lines of the experiment file that say what to type next begin so.
    private static final String NEXT = "#   ";

    /// Adapters of runtimes that pip installs, and the option that names a file of the runtime's own, if it takes one.
    private static final Map<String, Optional<String>> RUNTIMES = Map.of(
            "onnxruntime", Optional.empty(),
            "openvino", Optional.empty(),
            "pytorch", Optional.empty(),
            "tvm", Optional.empty(),
            "litert", Optional.of("\"model-b{batch}.tflite\""),
            "sklearn", Optional.of("model.joblib"));

    /// What is written for each adapter, and from which resource.
    private static final Plugins<Map<String, String>> ADAPTERS = new Plugins<>("adapter", adapters());

    private static Map<String, Map<String, String>> adapters() {
        Map<String, Map<String, String>> adapters = new LinkedHashMap<>(languages());
        RUNTIMES.keySet().forEach(runtime -> {
            Map<String, String> files = new LinkedHashMap<>();
            files.put("requirements.txt", "requirements/" + runtime + ".txt");
            for (String module : List.of("__init__", "protocol", "inputs", "adapters/__init__", "adapters/options")) {
                files.put("neurojoule/" + module + ".py", "package/" + module + ".py");
            }
            files.put("neurojoule/adapters/" + runtime + ".py", "package/adapters/" + runtime + ".py");
            adapters.put(runtime, files);
        });
        return adapters;
    }

    private static Map<String, Map<String, String>> languages() {
        return Map.of(
                "python",
                Map.of("my_net.py", "python/my_net.py", "neurojoule.py", "python/protocol.py"),
                "cpp",
                Map.of("my_net.cpp", "cpp/my_net.cpp", "neurojoule.hpp", "cpp/neurojoule.hpp"),
                "shell",
                Map.of("my_net.sh", "shell/my_net.sh"),
                "java",
                Map.of(
                        "MyNet.java",
                        "java/MyNet.java",
                        "META-INF/services/io.neurojoule.workload.NetworkSource",
                        "java/META-INF/services/io.neurojoule.workload.NetworkSource"));
    }

    /// The experiment file: each language has its own, runtimes share one.
    private static byte[] experiment(String adapter) {
        if (!RUNTIMES.containsKey(adapter)) {
            return read(adapter + "/" + EXPERIMENT);
        }
        String text = new String(read("runtime/" + EXPERIMENT), StandardCharsets.UTF_8).replace("RUNTIME", adapter);
        return RUNTIMES.getOrDefault(adapter, Optional.empty())
                .map(file -> text.replace("FILE", file))
                .orElse(text.replaceFirst(" *options: .*\n", ""))
                .getBytes(StandardCharsets.UTF_8);
    }

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--adapter",
            required = true,
            paramLabel = "NAME",
            completionCandidates = Names.class,
            description = "What the network is written in, or runs in: ${COMPLETION-CANDIDATES}.")
    private String adapter = "";

    @Parameters(arity = "0..1", paramLabel = "DIR", description = "Where to write (default: here).")
    private Path directory = Path.of("");

    @Override
    public Integer call() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try {
            ADAPTERS.get(adapter).forEach((file, resource) -> files.put(file, read(resource)));
        } catch (IllegalArgumentException unknown) {
            throw new UserException(Exit.USAGE, String.valueOf(unknown.getMessage()));
        }
        byte[] experiment = experiment(adapter);
        files.put(EXPERIMENT, experiment);
        List<Path> there = files.keySet().stream()
                .map(directory::resolve)
                .filter(Files::exists)
                .toList();
        if (!there.isEmpty()) {
            throw new UserException(
                    Exit.USAGE,
                    "%s is there already, and nothing was written. Name another directory: neurojoule init --adapter %s DIR"
                            .formatted(there.getFirst(), adapter));
        }
        files.forEach((file, content) -> write(directory.resolve(file), content));
        say(files.keySet(), new String(experiment, StandardCharsets.UTF_8));
        return Exit.GOOD;
    }

    private void say(Iterable<String> files, String experiment) {
        PrintWriter out = spec.commandLine().getOut();
        files.forEach(file -> out.println("wrote " + directory.resolve(file)));
        out.println("next" + (directory.toString().isEmpty() ? "" : ", in " + directory) + ":");
        experiment
                .lines()
                .filter(line -> line.startsWith(NEXT))
                .forEach(line -> out.println("  " + line.substring(NEXT.length())));
        out.flush();
    }

    private static byte[] read(String resource) {
        try (InputStream in = InitCommand.class.getResourceAsStream("adapters/" + resource)) {
            return Optional.ofNullable(in)
                    .orElseThrow(() -> new IllegalStateException("the resource is missing: " + resource))
                    .readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the resource " + resource, e);
        }
    }

    /// A script is made executable.
    private static void write(Path file, byte[] content) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, content, StandardOpenOption.CREATE_NEW);
            boolean script = content.length > 1 && content[0] == '#' && content[1] == '!';
            if (script && !file.toFile().setExecutable(true)) {
                throw new IOException("it cannot be made executable");
            }
        } catch (IOException e) {
            throw new UserException(
                    Exit.USAGE, "cannot write %s: %s. Name another directory".formatted(file, e.getMessage()));
        }
    }

    /// The names of all adapters, for the help.
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return ADAPTERS.names().iterator();
        }
    }
}
