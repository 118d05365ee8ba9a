package io.neurojoule.workload.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.process.Conformance.Check;
import io.neurojoule.workload.process.Conformance.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConformanceTest {
    private static final Path ADAPTERS = Path.of("src/test/resources/adapters").toAbsolutePath();

    @TempDir
    private Path dir;

    @Test
    void everyFlawIsFoundAndSaysWhatToMend() {
        List<Check> live = new ArrayList<>();

        List<Check> checks = test("flawed.py", live);

        Map<String, Verdict> verdicts = checks.stream().collect(Collectors.toMap(Check::name, Check::verdict));
        assertThat(verdicts)
                .as("%s", checks)
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("handshake", Verdict.PASSED),
                        Map.entry("clock", Verdict.PASSED),
                        Map.entry("unknown op", Verdict.FAILED),
                        Map.entry("precision", Verdict.FAILED),
                        Map.entry("error path", Verdict.FAILED),
                        Map.entry("load, prepare", Verdict.PASSED),
                        Map.entry("duration", Verdict.FAILED),
                        Map.entry("elements", Verdict.FAILED),
                        Map.entry("stop", Verdict.WARNED),
                        Map.entry("latency", Verdict.FAILED),
                        Map.entry("phases", Verdict.FAILED),
                        Map.entry("start-up", Verdict.WARNED),
                        Map.entry("outputs", Verdict.FAILED),
                        Map.entry("idle", Verdict.WARNED),
                        Map.entry("stray output", Verdict.WARNED),
                        Map.entry("close", Verdict.WARNED),
                        Map.entry("end of stdin", Verdict.FAILED)));
        assertThat(checks).isEqualTo(live).allSatisfy(check -> {
            boolean mend = check.verdict() == Verdict.FAILED || check.verdict() == Verdict.WARNED;
            assertThat(check.remedy().isEmpty()).as("%s", check).isEqualTo(!mend);
        });
    }

    @Test
    void whatDoesNotSpeakTheProtocolFailsAtOnce() {
        assertThat(test("../golden", new ArrayList<>())).singleElement().satisfies(check -> {
            assertThat(check.verdict()).isEqualTo(Verdict.FAILED);
            assertThat(check.name()).isEqualTo("handshake");
        });
    }

    private List<Check> test(String adapter, List<Check> live) {
        return Conformance.test(
                new Conformance.Subject(
                        List.of("python3", ADAPTERS.resolve(adapter).toString()),
                        dir,
                        "",
                        Optional.empty(),
                        "cpu",
                        List.of(1, 8),
                        dir.resolve("files")),
                Ticker.monotonic(),
                live::add);
    }
}
