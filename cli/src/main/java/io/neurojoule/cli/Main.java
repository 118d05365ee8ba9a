package io.neurojoule.cli;

import io.neurojoule.experiment.ExperimentException;
import io.neurojoule.sensor.SettingsException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The `neurojoule` command.
@Command(
        name = "neurojoule",
        description = "How many joules does one inference cost, and how sure is that?",
        mixinStandardHelpOptions = true,
        version = Main.TOOL,
        subcommands = {
            ProfileCommand.class,
            RunCommand.class,
            AnalyzeCommand.class,
            ReportCommand.class,
            DoctorCommand.class,
            SourcesCommand.class,
            InitCommand.class,
            AdapterCommand.class,
            JavacCommand.class,
            WorkerCommand.class,
        })
public final class Main {
    static final String TOOL = "neurojoule 0.1.0";

    private Main() {}

    /// Runs one command.
    ///
    /// @param out where everything is printed
    /// @return the exit code, see [Exit]
    static int run(PrintWriter out, String... arguments) {
        return run(out, out, arguments);
    }

    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        return run(new CommandLine(new Main()).setOut(out).setErr(err), arguments);
    }

    private static int run(CommandLine line, String... arguments) {
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            Optional<Integer> code = switch (e) {
                case UserException user -> Optional.of(user.exitCode());
                case ExperimentException wrong -> Optional.of(Exit.USAGE);
                case SettingsException wrong -> Optional.of(Exit.USAGE);
                default -> Optional.empty();
            };
            if (code.isPresent()) {
                command.getErr().println("neurojoule: " + e.getMessage());
            } else {
                e.printStackTrace(command.getErr());
                command.getErr().println("neurojoule: this is a bug of neurojoule; what was recorded is kept");
            }
            return code.orElse(Exit.BUG);
        });
        line.setParameterExceptionHandler((e, given) -> {
            CommandLine command = e.getCommandLine();
            command.getErr()
                    .printf(
                            "neurojoule: %s. Try: %s --help%n",
                            e.getMessage(), command.getCommandSpec().qualifiedName());
            return Exit.USAGE;
        });
        return line.execute(arguments);
    }

    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT); // numbers in messages and findings are the same everywhere
        System.exit(run(new CommandLine(new Main()), arguments));
    }
}
