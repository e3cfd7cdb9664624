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
import picocli.CommandLine.Model.CommandSpec;

/// `unreset get URL...`
final class GetCommand implements Callable<Integer> {

    private static final String STANDARD_OUTPUT = "-";

    private final GetOptions options = new GetOptions();
    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    private GetCommand() {
        spec.name("get");
        spec.usageMessage()
                .description(
                        "Downloads files through connection resets.",
                        "",
                        "A broken download goes on where it stopped, also in a later run. The file gets its name only when it is whole.");
        options.describe(spec);
    }

    static CommandSpec described() {
        return new GetCommand().spec;
    }

    @Override
    public Integer call() throws Exception {
        ProgressBar bar =
                new ProgressBar(
                        Terminal.err(),
                        !options.quiet() && Terminal.isInteractive(),
                        !options.quiet());
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
        if (options.json()) {
            System.out.println(DownloadJson.of(results));
        }
        return results.stream().allMatch(DownloadResult::isComplete) ? 0 : Unreset.FAILED;
    }

    private DownloadResult download(Session session, DownloadRequest request)
            throws InterruptedException {
        if (!toStandardOutput()) {
            return session.download(request);
        }
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        return session.download(request, out);
    }

    private void report(DownloadResult result) {
        PrintStream err = Terminal.err();
        result.failure().ifPresent(why -> err.println("unreset: " + Text.printable(why)));
        if (result.isComplete() && !options.quiet() && Terminal.isInteractive()) {
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
            options.pace().ifPresent(builder::pace);
            options.maxConnections().ifPresent(builder::maxConnections);
            options.cacert().ifPresent(builder::trust);
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private ProfileStore store() {
        if (options.noProfiles()) {
            return ProfileStore.inMemory();
        }
        Optional<Path> given = options.profiles();
        if (given.filter(path -> Files.exists(path) && !Files.isDirectory(path)).isPresent()) {
            throw wrong("--profiles " + given.get() + ": is not a folder");
        }
        return ProfileStore.in(
                given.orElseGet(() ->
                        ProfileStore.userFolder(
                                System.getenv(), Path.of(System.getProperty("user.home")))));
    }

    private boolean toStandardOutput() {
        return options.output().filter(STANDARD_OUTPUT::equals).isPresent();
    }

    private List<DownloadRequest> requests(DownloadListener listener) {
        List<String> urls = options.urls();
        if (options.output().isPresent() && urls.size() > 1) {
            throw wrong("-o takes one URL (given: " + urls.size() + ")");
        }
        if (toStandardOutput() && options.json()) {
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
        URI uri = uri(url);
        return new DownloadRequest(
                withoutUserInfo(uri),
                headerFields(uri),
                Path.of(""),
                options.output().filter(name -> !STANDARD_OUTPUT.equals(name)).map(Path::of),
                options.segments().map(OptionalInt::of).orElse(OptionalInt.empty()),
                options.checksum().map(Checksum::parse),
                options.retries().map(RetryPolicy::exponential).orElse(RetryPolicy.defaults()),
                options.deadline(),
                options.limitRate().map(OptionalLong::of).orElse(OptionalLong.empty()),
                options.json(),
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
        for (String header : options.headers()) {
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
