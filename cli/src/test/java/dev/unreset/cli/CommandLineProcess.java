package dev.unreset.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The command line in a process of its own, as a user runs it.
record CommandLineProcess(int status, String out, String err) {

    private static final int MOST_SECONDS = 60;

    /// Runs `arguments` in `folder` to the end.
    static CommandLineProcess run(Path folder, String... arguments) throws Exception {
        Path streams = Files.createTempDirectory("unreset-cli");
        try {
            Path out = streams.resolve("out");
            Path err = streams.resolve("err");
            Process process =
                    builder(folder, arguments)
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile())
                            .start();
            if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(
                        "still running after "
                                + MOST_SECONDS
                                + " s: "
                                + String.join(" ", arguments)
                                + "\n"
                                + Files.readString(err));
            }
            return new CommandLineProcess(
                    process.exitValue(),
                    Files.readString(out, StandardCharsets.ISO_8859_1),
                    Files.readString(err));
        } finally {
            for (String name : List.of("out", "err")) {
                Files.deleteIfExists(streams.resolve(name));
            }
            Files.delete(streams);
        }
    }

    /// Starts `arguments` in `folder`.
    static Process start(Path folder, String... arguments) throws IOException {
        return builder(folder, arguments)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /// Starts `arguments` in `folder`, to be talked with over standard input and output.
    static Process startTalking(Path folder, String... arguments) throws IOException {
        return builder(folder, arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static ProcessBuilder builder(Path folder, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Unreset.class.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().keySet().removeIf(name -> name.endsWith("_proxy"));
        builder.environment().keySet().removeIf(name -> name.endsWith("_PROXY"));
        builder.environment().put("XDG_STATE_HOME", folder.resolveSibling("state").toString());
        return builder;
    }

    /// The lines of standard error.
    List<String> messages() {
        return err.lines().toList();
    }
}
