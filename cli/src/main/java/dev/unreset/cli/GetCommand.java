package dev.unreset.cli;

import dev.unreset.Origin;
import dev.unreset.ProfileStore;
import dev.unreset.client.Checksum;
import dev.unreset.client.DownloadListener;
import dev.unreset.client.DownloadRequest;
import dev.unreset.client.DownloadResult;
import dev.unreset.client.Headers;
import dev.unreset.client.RetryPolicy;
import dev.unreset.client.Session;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `unreset get URL...`
@Command(
        name = "get",
        description = {
            "Downloads files through connection resets.",
            "",
            "A broken download goes on where it stopped, also in a later run. The file gets its name only when it is whole."
        })
final class GetCommand implements Callable<Integer> {

    private static final String STANDARD_OUTPUT = "-";

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "URL",
            description = "What to download: http or https.")
    private List<String> urls = List.of();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description =
                    "Where to write; '-' is standard output. Default: the name that the server or the URL gives, in this folder.")
    private @Nullable String output;

    @Option(
            names = "--segments",
            paramLabel = "N",
            description = "Connections at once, 1 to 64. Default: 1 up to 64 MiB, else 4.")
    private @Nullable Integer segments;

    @Option(
            names = "--checksum",
            paramLabel = "ALGORITHM:HEX",
            description = "What the content must have, such as sha256:9f86...")
    private @Nullable String checksum;

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME: VALUE",
            description = "One more header field; may be repeated.")
    private List<String> headers = List.of();

    @Option(
            names = "--retries",
            paramLabel = "N",
            description =
                    "Tries in a row that may bring nothing, after waits of 1, 2, 4 ... 30 s. Default: 3.")
    private @Nullable Integer retries;

    @Option(
            names = "--deadline",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How long it may take, such as 90s or 2h. Default: no limit.")
    private @Nullable Duration deadline;

    @Option(
            names = "--pace",
            paramLabel = "N/s",
            converter = Quantities.Rate.class,
            description = "Requests a second at most. Default: as the server takes them.")
    private @Nullable Double pace;

    @Option(
            names = "--limit-rate",
            paramLabel = "BYTES",
            converter = Quantities.Bytes.class,
            description = "Bytes a second at most, such as 500k or 10M.")
    private @Nullable Long limitRate;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            description = "Connections to a server at once. Default: 64, or what was learned.")
    private @Nullable Integer maxConnections;

    @Option(
            names = "--profiles",
            paramLabel = "DIR",
            description = "Where learned limits are kept. Default: the user's state folder.")
    private @Nullable Path profiles;

    @Option(names = "--no-profiles", description = "Neither uses nor keeps learned limits.")
    private boolean noProfiles;

    @Option(
            names = "--cacert",
            paramLabel = "FILE",
            description = "Trusts the certificates of this PEM file instead of the system's.")
    private @Nullable Path cacert;

    @Option(names = "--json", description = "Prints the result as JSON.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "Prints nothing but errors.")
    private boolean quiet;

    @SuppressWarnings("NullAway.Init") // picocli sets `spec`.
    GetCommand() {}

    @Override
    public Integer call() throws Exception {
        ProgressBar bar =
                new ProgressBar(Terminal.err(), !quiet && Terminal.isInteractive(), !quiet);
        List<DownloadRequest> requests = requests(bar);
        List<DownloadResult> results = new ArrayList<>();
        try (Session session = session()) {
            for (DownloadRequest request : requests) {
                DownloadResult result = download(session, request);
                bar.clear();
                report(result);
                results.add(result);
            }
        }
        if (json) {
            System.out.println(DownloadJson.of(results));
        }
        return results.stream().allMatch(DownloadResult::isComplete) ? 0 : Unreset.FAILED;
    }

    private DownloadResult download(Session session, DownloadRequest request)
            throws InterruptedException {
        if (!STANDARD_OUTPUT.equals(output)) {
            return session.download(request);
        }
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        return session.download(request, out);
    }

    private void report(DownloadResult result) {
        PrintStream err = Terminal.err();
        result.failure().ifPresent(why -> err.println("unreset: " + Text.printable(why)));
        if (result.isComplete() && !quiet && Terminal.isInteractive()) {
            err.println("unreset: " + Text.printable(summary(result)));
        }
    }

    static String summary(DownloadResult result) {
        double seconds = Math.max(0.001, result.took().toNanos() / 1e9);
        StringBuilder line = new StringBuilder();
        line.append(result.file()).append(": ").append(Text.bytes(result.bytes()));
        line.append(" in ").append(Text.duration(result.took()));
        line.append(" (").append(Text.rate(result.received() / seconds)).append("), ");
        line.append(result.connections())
                .append(result.connections() == 1 ? " connection" : " connections");
        long survived =
                result.attempts().stream()
                        .filter(attempt -> !attempt.end().equals("complete"))
                        .count();
        if (survived > 0) {
            line.append(", ")
                    .append(survived)
                    .append(survived == 1 ? " failure survived" : " failures survived");
        }
        result.diagnosis()
                .flatMap(dev.unreset.Diagnosis::leading)
                .ifPresent(leading ->
                        line.append(", probably ")
                                .append(leading.cause().title())
                                .append(
                                        String.format(
                                                Locale.ROOT,
                                                " (%s)",
                                                Text.percent(leading.probability()))));
        return line.toString();
    }

    private Session session() {
        Session.Builder builder = Session.builder().profiles(store());
        try {
            if (pace != null) {
                builder.pace(pace);
            }
            if (maxConnections != null) {
                builder.maxConnections(maxConnections);
            }
            if (cacert != null) {
                builder.trust(cacert);
            }
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private ProfileStore store() {
        if (noProfiles) {
            return ProfileStore.inMemory();
        }
        Path folder = profiles;
        if (folder == null) {
            folder =
                    ProfileStore.userFolder(
                            System.getenv(), Path.of(System.getProperty("user.home")));
        } else if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw wrong("--profiles " + folder + ": is not a folder");
        }
        return ProfileStore.in(folder);
    }

    private List<DownloadRequest> requests(DownloadListener listener) {
        boolean toStandardOutput = STANDARD_OUTPUT.equals(output);
        if (output != null && urls.size() > 1) {
            throw wrong("-o takes one URL (given: " + urls.size() + ")");
        }
        if (toStandardOutput && json) {
            throw wrong("--json and -o - both need standard output: choose one");
        }
        List<DownloadRequest> requests = new ArrayList<>();
        try {
            for (String url : urls) {
                requests.add(request(url, listener));
            }
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
        return requests;
    }

    private DownloadRequest request(String url, DownloadListener listener) {
        boolean toFile = output != null && !STANDARD_OUTPUT.equals(output);
        URI uri = uri(url);
        return new DownloadRequest(
                withoutUserInfo(uri),
                headerFields(uri),
                Path.of(""),
                toFile ? Optional.of(Path.of(output)) : Optional.empty(),
                segments == null ? OptionalInt.empty() : OptionalInt.of(segments),
                Optional.ofNullable(checksum).map(Checksum::parse),
                retries == null ? RetryPolicy.defaults() : RetryPolicy.exponential(retries),
                Optional.ofNullable(deadline),
                limitRate == null ? OptionalLong.empty() : OptionalLong.of(limitRate),
                json,
                listener);
    }

    private static URI uri(String url) {
        URI uri;
        try {
            uri = new URI(url.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "URL '" + url + "': " + e.getReason() + " at character " + (e.getIndex() + 1),
                    e);
        }
        if (uri.getScheme() == null || uri.getHost() == null) {
            throw new IllegalArgumentException(
                    "URL '" + url + "' (expected: http://HOST/... or https://HOST/...)");
        }
        Origin.of(uri);
        return uri;
    }

    /// Credentials go into a header, where no message shows them.
    private static URI withoutUserInfo(URI uri) {
        return uri.getRawUserInfo() == null
                ? uri
                : URI.create(uri.toString().replaceFirst("//[^/@]*@", "//"));
    }

    private Headers headerFields(URI uri) {
        Headers fields = Headers.none();
        if (uri.getUserInfo() != null) {
            byte[] credentials = uri.getUserInfo().getBytes(StandardCharsets.UTF_8);
            fields =
                    fields.with(
                            "Authorization",
                            "Basic " + Base64.getEncoder().encodeToString(credentials));
        }
        for (String header : headers) {
            int colon = header.indexOf(':');
            if (colon < 1) {
                throw new IllegalArgumentException(
                        "header '" + header + "' (expected: 'Name: value')");
            }
            fields =
                    fields.with(
                            header.substring(0, colon).strip(),
                            header.substring(colon + 1).strip());
        }
        return fields;
    }

    private CommandLine.ParameterException wrong(@Nullable String message) {
        return new CommandLine.ParameterException(spec.commandLine(), String.valueOf(message));
    }
}
