package dev.unreset.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// What `unreset get` can be told.
///
/// Described in code, not by annotations like the other commands: to read those, the JDK generates
/// classes, which takes longer than many a download.
final class GetOptions {

    private final PositionalParamSpec urls =
            PositionalParamSpec.builder()
                    .arity("1..*")
                    .required(true)
                    .paramLabel("URL")
                    .description("What to download: http or https.")
                    .type(List.class)
                    .auxiliaryTypes(String.class)
                    .build();

    private final OptionSpec output =
            OptionSpec.builder("-o", "--output")
                    .paramLabel("FILE")
                    .description(
                            "Where to write; '-' is standard output. Default: the name that the server or the URL gives, in this folder.")
                    .type(String.class)
                    .build();

    private final OptionSpec segments =
            number("--segments", "Connections at once, 1 to 64. Default: 1 up to 64 MiB, else 4.");

    private final OptionSpec checksum =
            OptionSpec.builder("--checksum")
                    .paramLabel("ALGORITHM:HEX")
                    .description("What the content must have, such as sha256:9f86...")
                    .type(String.class)
                    .build();

    private final OptionSpec headers =
            OptionSpec.builder("-H", "--header")
                    .paramLabel("NAME: VALUE")
                    .description("One more header field; may be repeated.")
                    .type(List.class)
                    .auxiliaryTypes(String.class)
                    .initialValue(List.of())
                    .build();

    private final OptionSpec retries =
            number(
                    "--retries",
                    "Tries in a row that may bring nothing, after waits of 1, 2, 4 ... 30 s. Default: 3.");

    private final OptionSpec deadline =
            quantity(
                    "--deadline",
                    "TIME",
                    Duration.class,
                    new Quantities.Time(),
                    "How long it may take, such as 90s or 2h. Default: no limit.");

    private final OptionSpec pace =
            quantity(
                    "--pace",
                    "N/s",
                    Double.class,
                    new Quantities.Rate(),
                    "Requests a second at most. Default: as the server takes them.");

    private final OptionSpec limitRate =
            quantity(
                    "--limit-rate",
                    "BYTES",
                    Long.class,
                    new Quantities.Bytes(),
                    "Bytes a second at most, such as 500k or 10M.");

    private final OptionSpec maxConnections =
            number(
                    "--max-connections",
                    "Connections to a server at once. Default: 64, or what was learned.");

    private final OptionSpec profiles =
            path(
                    "--profiles",
                    "DIR",
                    "Where learned limits are kept. Default: the user's state folder.");

    private final OptionSpec noProfiles =
            flag("Neither uses nor keeps learned limits.", "--no-profiles");

    private final OptionSpec cacert =
            path(
                    "--cacert",
                    "FILE",
                    "Trusts the certificates of this PEM file instead of the system's.");

    private final OptionSpec json = flag("Prints the result as JSON.", "--json");

    private final OptionSpec quiet = flag("Prints nothing but errors.", "-q", "--quiet");

    /// Adds them to a command.
    void describe(CommandSpec command) {
        command.addPositional(urls);
        for (OptionSpec option :
                List.of(
                        output,
                        segments,
                        checksum,
                        headers,
                        retries,
                        deadline,
                        pace,
                        limitRate,
                        maxConnections,
                        profiles,
                        noProfiles,
                        cacert,
                        json,
                        quiet)) {
            command.addOption(option);
        }
    }

    List<String> urls() {
        return urls.getValue();
    }

    Optional<String> output() {
        return Optional.ofNullable(output.getValue());
    }

    Optional<Integer> segments() {
        return Optional.ofNullable(segments.getValue());
    }

    Optional<String> checksum() {
        return Optional.ofNullable(checksum.getValue());
    }

    List<String> headers() {
        return headers.getValue();
    }

    Optional<Integer> retries() {
        return Optional.ofNullable(retries.getValue());
    }

    Optional<Duration> deadline() {
        return Optional.ofNullable(deadline.getValue());
    }

    Optional<Double> pace() {
        return Optional.ofNullable(pace.getValue());
    }

    Optional<Long> limitRate() {
        return Optional.ofNullable(limitRate.getValue());
    }

    Optional<Integer> maxConnections() {
        return Optional.ofNullable(maxConnections.getValue());
    }

    Optional<Path> profiles() {
        return Optional.ofNullable(profiles.getValue());
    }

    boolean noProfiles() {
        return noProfiles.getValue();
    }

    Optional<Path> cacert() {
        return Optional.ofNullable(cacert.getValue());
    }

    boolean json() {
        return json.getValue();
    }

    boolean quiet() {
        return quiet.getValue();
    }

    private static OptionSpec number(String name, String description) {
        return OptionSpec.builder(name)
                .paramLabel("N")
                .description(description)
                .type(Integer.class)
                .build();
    }

    private static OptionSpec quantity(
            String name,
            String label,
            Class<?> type,
            ITypeConverter<?> converter,
            String description) {
        return OptionSpec.builder(name)
                .paramLabel(label)
                .description(description)
                .type(type)
                .converters(converter)
                .build();
    }

    private static OptionSpec path(String name, String label, String description) {
        return OptionSpec.builder(name)
                .paramLabel(label)
                .description(description)
                .type(Path.class)
                .build();
    }

    private static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names)
                .description(description)
                .type(boolean.class)
                .initialValue(false)
                .build();
    }
}
