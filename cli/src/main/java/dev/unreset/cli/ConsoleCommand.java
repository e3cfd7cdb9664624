package dev.unreset.cli;

import dev.unreset.console.Console;
import java.io.IOException;
import java.net.BindException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `unreset console`
@Command(
        name = "console",
        description = {
            "Serves a page at 127.0.0.1: paste an error, drop a capture, read the reference.",
            "",
            "Runs until it is interrupted. What you paste or drop stays on this machine."
        })
final class ConsoleCommand implements Callable<Integer> {

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Default: " + Console.USUAL_PORT + "; 0: any free port.")
    private int port = Console.USUAL_PORT;

    @SuppressWarnings("NullAway.Init") // picocli sets `spec`.
    ConsoleCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (port < 0 || port > 65535) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--port " + port + " (expected: 0 to 65535)");
        }
        try (Console console = Console.start(port)) {
            System.out.println("unreset console: " + console.uri());
            System.out.flush();
            new CountDownLatch(1).await();
        } catch (BindException e) {
            throw new CommandFailed(
                    "port " + port + " is in use (another one: unreset console --port 0)");
        }
        return 0;
    }
}
