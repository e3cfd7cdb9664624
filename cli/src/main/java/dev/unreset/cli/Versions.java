package dev.unreset.cli;

import picocli.CommandLine;

/// The version, with the Java that runs it.
final class Versions implements CommandLine.IVersionProvider {

    /// The version of Unreset.
    static final String CURRENT = "0.1.0";

    @Override
    public String[] getVersion() {
        return new String[] {line()};
    }

    static String line() {
        return "unreset " + CURRENT + " (Java " + Runtime.version().feature() + ")";
    }
}
