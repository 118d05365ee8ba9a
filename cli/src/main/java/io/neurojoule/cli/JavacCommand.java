package io.neurojoule.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/// Compiles a network in Java with the compiler and against the classes of this very command.
@Command(
        name = "javac",
        description = "Compile a network of your own in Java: javac with neurojoule's class path.",
        footer = "Then name the folder: NEUROJOULE_CLASSPATH=\"$PWD\" neurojoule profile …")
final class JavacCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Unmatched
    private List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
        ToolProvider javac = ToolProvider.findFirst("javac")
                .orElseThrow(() -> new UserException(Exit.USAGE, "this Java has no compiler; it must be a JDK"));
        List<String> line = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path", "")));
        line.addAll(arguments);
        int code = javac.run(spec.commandLine().getOut(), spec.commandLine().getErr(), line.toArray(String[]::new));
        return code == 0 ? Exit.GOOD : Exit.USAGE;
    }
}
