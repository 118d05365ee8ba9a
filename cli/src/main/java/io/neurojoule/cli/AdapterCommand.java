package io.neurojoule.cli;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.process.Conformance;
import io.neurojoule.workload.process.Conformance.Check;
import io.neurojoule.workload.process.Conformance.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What there is to do with a program that speaks the workload protocol, besides measuring it.
@Command(
        name = "adapter",
        description = "Check a program that speaks the workload protocol.",
        mixinStandardHelpOptions = true,
        subcommands = AdapterCommand.Test.class)
final class AdapterCommand {
    private AdapterCommand() {}

    /// Checks that a program keeps the protocol.
    @Command(
            name = "test",
            description =
                    "Check in about ten seconds that a program keeps the workload protocol, and say what to mend.",
            footer = "Exit 0 if nothing must be mended, else 4.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class Test implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Option(names = "--model", paramLabel = "FILE", description = "The artefact to load (default: none).")
        private Optional<Path> model = Optional.empty();

        @Option(
                names = "--precision",
                paramLabel = "NAME",
                description = "The precision to load (default: the first that it offers).")
        private Optional<String> precision = Optional.empty();

        @Option(names = "--device", paramLabel = "DEVICE", description = "Device to load on (default: cpu).")
        private String device = "cpu";

        @Option(
                names = "--batch",
                split = ",",
                arity = "1",
                paramLabel = "A,B",
                description = "Two sizes (default: 1,8).")
        private List<Integer> batches = List.of(1, 8);

        @Option(names = "--json", description = "The checks as JSON.")
        private boolean json;

        @Parameters(arity = "1..*", paramLabel = "CMD", description = "After --: the program and its arguments.")
        private List<String> command = List.of();

        @Override
        public Integer call() throws IOException {
            if (batches.isEmpty() || batches.stream().anyMatch(batch -> batch < 1)) {
                throw new UserException(Exit.USAGE, "--batch must be whole numbers >= 1: " + batches);
            }
            PrintWriter out = spec.commandLine().getOut();
            Path files = Files.createTempDirectory("neurojoule-adapter-");
            Consumer<Check> live = json ? unused -> {} : check -> print(check, out);
            List<Check> checks = Conformance.test(
                    new Conformance.Subject(
                            command,
                            Path.of("").toAbsolutePath(),
                            model.map(file -> file.toAbsolutePath().toString()).orElse(""),
                            precision,
                            device,
                            batches,
                            files),
                    Ticker.monotonic(),
                    live);
            long failed = count(checks, Verdict.FAILED);
            if (json) {
                out.println(asJson(checks, failed == 0).toPrettyString());
            } else {
                out.printf(
                        "%d checks: %d failed, %d warnings, %d not done; what it printed: %s%n",
                        checks.size(),
                        failed,
                        count(checks, Verdict.WARNED),
                        count(checks, Verdict.SKIPPED),
                        files.resolve("network.log"));
            }
            out.flush();
            return failed == 0 ? Exit.GOOD : Exit.NETWORK_FAILED;
        }

        private static long count(List<Check> checks, Verdict verdict) {
            return checks.stream().filter(check -> check.verdict() == verdict).count();
        }

        private static void print(Check check, PrintWriter out) {
            String verdict = switch (check.verdict()) {
                case PASSED -> "ok";
                case WARNED -> "warn";
                case FAILED -> "FAIL";
                case SKIPPED -> "-";
            };
            out.printf("  %-4s  %-13s  %s%n", verdict, check.name(), check.found());
            if (!check.remedy().isEmpty()) {
                out.printf("  %4s  %13s  mend: %s%n", "", "", check.remedy());
            }
            out.flush();
        }

        private ObjectNode asJson(List<Check> checks, boolean conforms) {
            ObjectNode result = new JsonMapper().createObjectNode();
            command.forEach(result.putArray("command")::add);
            result.put("conforms", conforms);
            ArrayNode array = result.putArray("checks");
            for (Check check : checks) {
                array.addObject()
                        .put("name", check.name())
                        .put("verdict", check.verdict().name())
                        .put("found", check.found())
                        .put("remedy", check.remedy());
            }
            return result;
        }
    }
}
