package dev.unreset.cli;

import dev.unreset.client.Session;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.simple.SimpleServiceProvider;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ScopeType;

/// The command line of Unreset.
public final class Unreset {

    /// By name, in the order of the help: each as picocli takes it, made only when it is named.
    private static final Map<String, Supplier<Object>> COMMANDS = commands();

    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;

    private Unreset() {}

    private static Map<String, Supplier<Object>> commands() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("get", GetCommand::described);
        commands.put("explain", ExplainCommand::new);
        commands.put("capture", CaptureCommand::described);
        commands.put("logs", LogsCommand::new);
        commands.put("reference", ReferenceCommand::new);
        commands.put("console", ConsoleCommand::new);
        commands.put("lab", LabCommand::new);
        commands.put("demo", DemoCommand::new);
        commands.put("warm-up", WarmUpCommand::new);
        return commands;
    }

    /// Runs the command line and ends the process.
    public static void main(String[] args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            // Before picocli is loaded: this one has to be quick.
            System.out.println(Versions.line());
            return;
        }
        Interrupt.exit(run(args));
    }

    /// Runs the command line; returns the exit status.
    static int run(String... args) {
        boolean debug = Arrays.asList(args).contains("--debug");
        // Before the first logger exists; with the provider named, none is looked for.
        System.setProperty("slf4j.provider", SimpleServiceProvider.class.getName());
        System.setProperty("slf4j.internal.verbosity", "WARN");
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", debug ? "info" : "off");
        System.setProperty("org.slf4j.simpleLogger.showThreadName", "false");
        if (args.length > 0 && args[0].equals("get")) {
            Session.prepare();
        }
        return commandLine(debug, args).execute(args);
    }

    /// The command line for `args`: with the one command that they name, because to describe all of
    /// them takes longer than most of them run; with all commands if they name none.
    private static CommandLine commandLine(boolean debug, String... args) {
        CommandLine line = new CommandLine(described());
        Supplier<Object> named = args.length == 0 ? null : COMMANDS.get(args[0]);
        if (named == null) {
            COMMANDS.forEach((name, command) -> line.addSubcommand(name, command.get()));
        } else {
            line.addSubcommand(args[0], named.get());
        }
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setAbbreviatedOptionsAllowed(false)
                .setColorScheme(
                        Terminal.colours()
                                ? CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.ON)
                                : CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(Unreset::wrongUsage)
                .setExecutionExceptionHandler(
                        (thrown, failing, parsed) -> failed(thrown, failing, debug));
    }

    private static int wrongUsage(CommandLine.ParameterException thrown, String[] args) {
        CommandLine line = thrown.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("unreset: " + Text.oneLine(String.valueOf(thrown.getMessage())));
        err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
        err.flush();
        return WRONG_USAGE;
    }

    private static int failed(Exception thrown, CommandLine line, boolean debug) {
        PrintWriter err = line.getErr();
        boolean ours = thrown instanceof CommandFailed;
        err.println(
                "unreset: "
                        + (ours
                                ? thrown.getMessage()
                                : Text.oneLine(
                                        thrown.getMessage() == null
                                                ? thrown.toString()
                                                : thrown.getMessage())));
        if (debug) {
            thrown.printStackTrace(err);
        } else if (!ours && thrown instanceof RuntimeException) {
            err.println("This is a fault of Unreset itself: --debug shows where.");
        }
        err.flush();
        return FAILED;
    }

    /// In code, not by annotations: see [Options].
    private static CommandSpec described() {
        CommandSpec spec = CommandSpec.create().name("unreset");
        spec.versionProvider(new Versions());
        spec.usageMessage()
                .description(
                        "Keeps programs working through connection resets, and says why each happened.")
                .synopsisSubcommandLabel("COMMAND");
        spec.addOption(
                OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .scopeType(ScopeType.INHERIT)
                        .description("Shows this help.")
                        .build());
        spec.addOption(
                OptionSpec.builder("-V", "--version")
                        .versionHelp(true)
                        .description("Shows the version.")
                        .build());
        spec.addOption(
                OptionSpec.builder("--debug")
                        .scopeType(ScopeType.INHERIT)
                        .description("Shows stack traces, and a log line for each failed attempt.")
                        .build());
        return spec;
    }
}
