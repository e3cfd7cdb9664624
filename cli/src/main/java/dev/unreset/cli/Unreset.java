package dev.unreset.cli;

import dev.unreset.client.Session;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// The command line of Unreset.
@Command(
        name = "unreset",
        versionProvider = Versions.class,
        description =
                "Keeps programs working through connection resets, and says why each happened.",
        synopsisSubcommandLabel = "COMMAND")
public final class Unreset implements Runnable {

    private static final Map<String, Class<?>> COMMANDS = commands();

    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Shows the version.")
    private boolean version;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Shows stack traces, and a log line for each failed attempt.")
    private boolean debug;

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets `spec`.
    private Unreset() {}

    private static Map<String, Class<?>> commands() {
        Map<String, Class<?>> commands = new LinkedHashMap<>();
        commands.put("get", GetCommand.class);
        commands.put("explain", ExplainCommand.class);
        commands.put("capture", CaptureCommand.class);
        commands.put("logs", LogsCommand.class);
        commands.put("reference", ReferenceCommand.class);
        commands.put("console", ConsoleCommand.class);
        commands.put("lab", LabCommand.class);
        commands.put("demo", DemoCommand.class);
        commands.put("warm-up", WarmUpCommand.class);
        return commands;
    }

    /// Runs the command line and ends the process.
    public static void main(String[] args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            // Before picocli is loaded: this one has to be quick.
            System.out.println(Versions.line());
            return;
        }
        System.exit(run(args));
    }

    /// Runs the command line; returns the exit status.
    static int run(String... args) {
        boolean debug = Arrays.asList(args).contains("--debug");
        // Before the first logger exists.
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
        CommandLine line = new CommandLine(new Unreset());
        Class<?> named = args.length == 0 ? null : COMMANDS.get(args[0]);
        if (named == null) {
            COMMANDS.values().forEach(line::addSubcommand);
        } else {
            line.addSubcommand(named);
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

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "no command given");
    }
}
