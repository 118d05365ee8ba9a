package io.neurojoule.workload.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The tests of the Python package, which need nothing but python3: they belong to the project's one test command.
class PythonPackageTest {
    @Test
    void thePackagesOwnTestsPass() throws IOException, InterruptedException {
        Process tests = new ProcessBuilder(List.of("python3", "-m", "unittest", "-v"))
                .directory(Path.of("../python").toFile())
                .redirectErrorStream(true)
                .start();
        String printed = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(tests.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(tests.exitValue()).as(printed).isZero();
        assertThat(printed).containsPattern("Ran \\d\\d tests");
    }
}
