package dev.unreset.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// What standard error is connected to.
final class Terminal {

    private Terminal() {}

    /// Whether somebody looks at it.
    static boolean isInteractive() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException noProc) {
            // Not Linux: without TERM there is no terminal.
            return System.getenv("TERM") != null;
        }
    }

    static boolean colours() {
        return System.getenv("NO_COLOR") == null && isInteractive();
    }

    /// Columns, as the shell says; 80 if it does not.
    static int columns() {
        String columns = System.getenv("COLUMNS");
        return columns != null && columns.matches("[1-9][0-9]{1,3}")
                ? Integer.parseInt(columns)
                : 80;
    }

    /// Standard error, for messages.
    static PrintStream err() {
        return System.err;
    }
}
