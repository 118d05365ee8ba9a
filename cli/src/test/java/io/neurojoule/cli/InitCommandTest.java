package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class InitCommandTest {
    private static final String BRIEF = """
            method:
              idle: {seconds: 0.1}
              warmup: {min_seconds: 0.1, max_seconds: 0.2}
              measure: {min_seconds: 0.2, min_updates: 2, repeats: 1}
              latency: {seconds: 0}
            """;

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    /// All at once, because each of them mostly waits.
    @Test
    void whatItWritesPassesTheLinesThatItSaysToTypeNext() throws Exception {
        Map<String, Process> running = new LinkedHashMap<>();
        Path command = command();
        for (String adapter : List.of("cpp", "java", "python", "shell")) {
            if (!adapter.equals("cpp") || Files.isExecutable(Path.of("/usr/bin/g++"))) {
                running.put(adapter, start(adapter, command));
            }
        }
        assertThat(running).containsKeys("python", "shell", "java");
        for (Map.Entry<String, Process> one : running.entrySet()) {
            boolean ended = one.getValue().waitFor(3, TimeUnit.MINUTES);
            one.getValue().destroyForcibly();
            String said = Files.readString(directory.resolve(one.getKey() + ".txt"));

            assertThat(ended).as(said).isTrue();
            assertThat(one.getValue().exitValue()).as(said).isZero();
            assertThat(said).contains("17 checks: 0 failed");
            assertThat(said.lines().filter(line -> line.contains("fp32") && line.contains("J ")))
                    .as(said)
                    .isNotEmpty();
        }
    }

    /// What `init` says to type, in the directory that it wrote, with short windows.
    private Process start(String adapter, Path command) throws IOException {
        out.getBuffer().setLength(0);
        Path written = directory.resolve(adapter);
        assertThat(run("init", "--adapter", adapter, written.toString()))
                .as("%s", err)
                .isZero();
        List<String> lines = new ArrayList<>(List.of("set -e"));
        out.toString()
                .lines()
                .filter(line -> line.startsWith("  "))
                .map(String::strip)
                .forEach(lines::add);
        Path experiment = written.resolve("experiment.yaml");
        String whole = Files.readString(experiment);
        String brief = whole.replace("[1, 8, 64]", "[1, 8]").replaceFirst("(?s)method:.*", BRIEF);
        assertThat(whole).contains("[1, 8, 64]", "method:");
        Files.writeString(experiment, brief);
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", String.join("\n", lines))
                .directory(written.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(adapter + ".txt").toFile());
        builder.environment().put("PATH", command.getParent() + File.pathSeparator + System.getenv("PATH"));
        return builder.start();
    }

    /// `neurojoule`, as the launcher starts it.
    private Path command() throws IOException {
        Path command = Files.createDirectories(directory.resolve("bin")).resolve("neurojoule");
        Files.writeString(command, """
                #!/bin/sh
                exec '%s' --enable-native-access=ALL-UNNAMED -cp '%s'"${NEUROJOULE_CLASSPATH:+:$NEUROJOULE_CLASSPATH}" %s "$@"
                """.formatted(
                        Path.of(System.getProperty("java.home"), "bin", "java"),
                        System.getProperty("java.class.path"),
                        Main.class.getName()));
        assertThat(command.toFile().setExecutable(true)).isTrue();
        return command;
    }

    /// Their runtimes are too large to install here; `examples/try` runs the same modules.
    @Test
    void anAdapterOfARuntimeIsWrittenWholeWithItsVersionsAndAnExperimentThatIsValid() throws Exception {
        int found = 0;
        for (String adapter : new InitCommand.Names()) {
            Path written = directory.resolve(adapter);
            assertThat(run("init", "--adapter", adapter, written.toString()))
                    .as("%s", err)
                    .isZero();
            if (!Files.exists(written.resolve("requirements.txt"))) {
                continue;
            }
            found++;
            assertThat(written.resolve("requirements.txt")).content().containsPattern("==\\d");
            Process compiled = new ProcessBuilder("python3", "-m", "compileall", "-q", written.toString())
                    .inheritIO()
                    .start();
            assertThat(compiled.waitFor()).as(adapter).isZero();
            Process imported = new ProcessBuilder(
                            "python3", "-c", "import neurojoule.protocol, neurojoule.adapters.options")
                    .directory(written.toFile())
                    .inheritIO()
                    .start();
            assertThat(imported.waitFor()).as(adapter).isZero();
            Path experiment = written.resolve("experiment.yaml");
            assertThat(Files.readString(experiment))
                    .contains("neurojoule.adapters." + adapter + "]")
                    .doesNotContain("RUNTIME", "FILE");
            assertThat(run("run", experiment.toString(), "--dry-run"))
                    .as("%s%s", adapter, err)
                    .isZero();
            assertThat(out.toString()).contains(adapter + "-fp32-b64");
        }
        assertThat(found).isEqualTo(6);
    }

    @Test
    void nothingIsOverwritten() throws Exception {
        Path mine = Files.writeString(directory.resolve("my_net.sh"), "mine");

        int exit = run("init", "--adapter", "shell", directory.toString());

        assertThat(exit).isEqualTo(Exit.USAGE);
        assertThat(err.toString()).contains(mine.toString(), "nothing was written", "Name another directory");
        assertThat(mine).hasContent("mine");
        assertThat(directory.resolve("experiment.yaml")).doesNotExist();
    }

    @Test
    void anAdapterThatThereIsNotIsNamedWithThoseThatThereAre() {
        assertThat(run("init", "--adapter", "pyton", directory.toString())).isEqualTo(Exit.USAGE);

        assertThat(err.toString())
                .contains(
                        "did you mean 'python'?",
                        "cpp, java, litert, onnxruntime, openvino, python, pytorch, shell, sklearn, tvm");
    }

    @Test
    void aProgramThatDoesNotSpeakTheProtocolFailsTheTest() {
        int exit = run("adapter", "test", "--json", "--", "sh", "-c", "echo no licence >&2; exit 3");

        JsonNode result = new JsonMapper().readTree(out.toString());
        assertThat(exit).isEqualTo(Exit.NETWORK_FAILED);
        assertThat(result.path("conforms").asBoolean(true)).isFalse();
        assertThat(result.path("checks")).singleElement().satisfies(check -> {
            assertThat(check.path("verdict").asString()).isEqualTo("FAILED");
            assertThat(check.path("found").asString()).contains("exit code 3", "no licence");
            assertThat(check.path("remedy").asString()).isNotBlank();
        });
    }
}
