package io.neurojoule.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// Skips a [LabTest], or on a build server fails it, where the lab cannot run, and counts those that ran.
final class LabExtension implements ExecutionCondition, BeforeEachCallback, BeforeTestExecutionCallback {
    private static final List<Path> FOLDERS =
            List.of(Path.of("/usr/bin"), Path.of("/usr/sbin"), Path.of("/usr/local/bin"));

    private static final Path RAN = Path.of("target", "lab-tests.txt");

    private final boolean mustRun;
    private final Optional<String> obstacle;

    LabExtension() {
        this("true".equals(System.getenv("CI")), Lab.obstacle());
    }

    LabExtension(boolean mustRun, Optional<String> obstacle) {
        this.mustRun = mustRun;
        this.obstacle = obstacle;
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return decide(obstacle.or(() -> missing(context)));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        demand(obstacle.or(() -> missing(context)));
    }

    /// The first program that the test, or its class, needs and that is not here.
    private static Optional<String> missing(ExtensionContext context) {
        return context.getElement().stream()
                .flatMap(element -> AnnotationSupport.findAnnotation(element, LabTest.class).stream())
                .flatMap(test -> Stream.of(test.needs()))
                .filter(program -> FOLDERS.stream().noneMatch(folder -> Files.isExecutable(folder.resolve(program))))
                .map(program -> "there is no " + program + ": sudo sh lab/setup.sh")
                .findFirst();
    }

    ConditionEvaluationResult decide() {
        return decide(obstacle);
    }

    private ConditionEvaluationResult decide(Optional<String> obstacle) {
        if (obstacle.isPresent() && !mustRun) {
            return ConditionEvaluationResult.disabled(obstacle.get());
        }
        return ConditionEvaluationResult.enabled("the lab can run here, or has to");
    }

    /// Fails the test that was let through although the lab cannot run.
    void demand() {
        demand(obstacle);
    }

    private static void demand(Optional<String> obstacle) {
        if (obstacle.isPresent()) {
            throw new AssertionError(obstacle.get());
        }
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) throws IOException {
        String line = context.getRequiredTestClass().getName() + "." + context.getDisplayName() + "\n";
        Files.createDirectories(RAN.toAbsolutePath().getParent());
        Files.writeString(RAN, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
