package dev.unreset.cli;

import dev.unreset.ProfileStore;
import dev.unreset.client.DownloadRequest;
import dev.unreset.client.Session;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// A training run for one of the build's AOT caches (JEP 514). A cache keeps the classes that the
/// run has loaded, and the profiles of its loops (JEP 515). All of its classes are loaded at start:
/// so each kind of command has a cache of its own, and the run does only what it is for.
@Command(name = "warm-up", hidden = true, description = "The training run of an AOT cache.")
final class WarmUpCommand implements Callable<Integer> {

    private static final Pattern ORIGIN = Pattern.compile("lab: (https?://\\S+)");
    private static final Pattern CERTIFICATE = Pattern.compile("its certificate is (.+)");

    @Parameters(description = "What the cache is for: ${COMPLETION-CANDIDATES}.")
    private Use use = Use.explain;

    /// The caches, named as in the launcher.
    private enum Use {
        explain,
        get,
        tls,
        lab,
        capture
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("unreset-warm-up");
        switch (use) {
            case explain -> explain(folder);
            case get -> get(folder, false);
            case tls -> get(folder, true);
            case lab -> lab(folder);
            case capture -> capture(folder);
        }
        delete(folder);
        return 0;
    }

    private static void explain(Path folder) throws IOException {
        Unreset.run("--version");
        Unreset.run("explain", "ConnectionResetError: [Errno 104] Connection reset by peer");
        Unreset.run("reference", "reset");
        Path log = Files.writeString(folder.resolve("log"), "Connection reset by peer\n");
        Unreset.run("logs", log.toString());
    }

    /// From servers in processes of their own, whose classes a download does not need: little with
    /// a digest, because digests are not compiled here, and much without.
    private static void get(Path folder, boolean tls) throws IOException {
        get(folder, tls, "bytes/1000000", List.of());
        get(folder, tls, "bytes/100000000", List.of("--without-digest"));
    }

    private static void get(Path folder, boolean tls, String path, List<String> rules)
            throws IOException {
        Path file = folder.resolve("file");
        Process lab = startLab(tls, rules);
        try (BufferedReader said = lab.inputReader()) {
            List<String> command = new ArrayList<>(List.of("get", "-o", file.toString()));
            command.addAll(List.of("--profiles", folder.resolve("profiles").toString()));
            command.add(firstMatch(ORIGIN, said) + path);
            if (tls) {
                command.addAll(List.of("--cacert", firstMatch(CERTIFICATE, said)));
            }
            Unreset.run(command.toArray(String[]::new));
        } finally {
            lab.destroy();
        }
        Files.delete(file);
    }

    private static Process startLab(boolean tls, List<String> rules) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String path =
                System.getProperty("java.class.path")
                        + File.pathSeparator
                        + System.getProperty("unreset.lab.path", "");
        List<String> command = new ArrayList<>(List.of(java, "-cp", path));
        command.addAll(List.of(Unreset.class.getName(), "lab", "--end-after-bytes", "8000000"));
        command.addAll(rules);
        if (tls) {
            command.add("--tls");
        }
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static String firstMatch(Pattern pattern, BufferedReader lines) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IOException("the lab did not say " + pattern);
    }

    /// A server and a client in one process, as in the demo.
    private static void lab(Path folder) throws IOException, InterruptedException {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(8_000_000).build());
                LabServer tls = LabServer.startTls(Rules.none());
                Session session =
                        Session.builder()
                                .proxiesFrom(Map.of())
                                .trust(tls.certificate())
                                .profiles(ProfileStore.inMemory())
                                .build()) {
            for (LabServer server : new LabServer[] {lab, tls}) {
                DownloadRequest request =
                        DownloadRequest.into(folder, server.uri("/bytes/30000000"));
                Files.delete(session.download(request).file());
            }
        }
    }

    private static void capture(Path folder) throws IOException {
        Path capture = folder.resolve("capture");
        WarmUpCapture.write(capture);
        Unreset.run("capture", "--json", "--filter", "port=10020", capture.toString());
        Unreset.run("capture", "--filter", "port=10020", capture.toString());
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
