package dev.unreset.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// What `unreset get` can be told.
///
/// See [Options] for why they are described in code.
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
            Options.option(
                            String.class,
                            "FILE",
                            "Where to write; '-' is standard output. Default: the name that the server or the URL gives, in this folder.",
                            "-o",
                            "--output")
                    .build();

    private final OptionSpec segments =
            Options.option(
                            Integer.class,
                            "N",
                            "Connections at once, 1 to 64. Default: 1 up to 64 MiB, else 4.",
                            "--segments")
                    .build();

    private final OptionSpec checksum =
            Options.option(
                            String.class,
                            "ALGORITHM:HEX",
                            "What the content must have, such as sha256:9f86...",
                            "--checksum")
                    .build();

    private final OptionSpec headers =
            Options.option(
                            List.class,
                            "NAME: VALUE",
                            "One more header field; may be repeated.",
                            "-H",
                            "--header")
                    .auxiliaryTypes(String.class)
                    .initialValue(List.of())
                    .build();

    private final OptionSpec retries =
            Options.option(
                            Integer.class,
                            "N",
                            "Tries in a row that may bring nothing, after waits of 1, 2, 4 ... 30 s. Default: 3.",
                            "--retries")
                    .build();

    private final OptionSpec deadline =
            Options.option(
                            Duration.class,
                            "TIME",
                            "How long it may take, such as 90s or 2h. Default: no limit.",
                            "--deadline")
                    .converters(new Quantities.Time())
                    .build();

    private final OptionSpec pace =
            Options.option(
                            Double.class,
                            "N/s",
                            "Requests a second at most. Default: as the server takes them.",
                            "--pace")
                    .converters(new Quantities.Rate())
                    .build();

    private final OptionSpec limitRate =
            Options.option(
                            Long.class,
                            "BYTES",
                            "Bytes a second at most, such as 500k or 10M.",
                            "--limit-rate")
                    .converters(new Quantities.Bytes())
                    .build();

    private final OptionSpec maxConnections =
            Options.option(
                            Integer.class,
                            "N",
                            "Connections to a server at once. Default: 64, or what was learned.",
                            "--max-connections")
                    .build();

    private final OptionSpec profiles =
            Options.option(
                            Path.class,
                            "DIR",
                            "Where learned limits are kept. Default: the user's state folder.",
                            "--profiles")
                    .build();

    private final OptionSpec noProfiles =
            Options.flag("Neither uses nor keeps learned limits.", "--no-profiles");

    private final OptionSpec cacert =
            Options.option(
                            Path.class,
                            "FILE",
                            "Trusts the certificates of this PEM file instead of the system's.",
                            "--cacert")
                    .build();

    private final OptionSpec json = Options.flag("Prints the result as JSON.", "--json");

    private final OptionSpec quiet = Options.flag("Prints nothing but errors.", "-q", "--quiet");

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
}
