package dev.unreset.cli;

import picocli.CommandLine.Model.OptionSpec;

/// Describes options in code, not by annotations: to read those, the JDK generates classes, which
/// takes longer than many a run of a command.
final class Options {

    private Options() {}

    static OptionSpec.Builder option(
            Class<?> type, String label, String description, String... names) {
        return OptionSpec.builder(names).type(type).paramLabel(label).description(description);
    }

    static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names)
                .description(description)
                .type(boolean.class)
                .initialValue(false)
                .build();
    }
}
