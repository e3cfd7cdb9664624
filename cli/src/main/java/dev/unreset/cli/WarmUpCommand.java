package dev.unreset.cli;

import dev.unreset.ProfileStore;
import dev.unreset.client.DownloadRequest;
import dev.unreset.client.Session;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// The training run of the build's AOT cache (JEP 514): what users run most. The cache keeps its
/// classes, and the profiles of its loops (JEP 515).
@Command(name = "warm-up", hidden = true, description = "The training run of the AOT cache.")
final class WarmUpCommand implements Callable<Integer> {

    @Override
    public Integer call() throws IOException, InterruptedException {
        Unreset.run("--version");
        Unreset.run("get", "--help");
        Path folder = Files.createTempDirectory("unreset-warm-up");
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
                Files.deleteIfExists(session.download(request.withDigest()).file());
            }
        }
        Path capture = folder.resolve("capture");
        WarmUpCapture.write(capture);
        Unreset.run("capture", "--json", "--filter", "port=10000", capture.toString());
        Unreset.run("capture", "--filter", "port=10000", capture.toString());
        Unreset.run("explain", "ConnectionResetError: [Errno 104] Connection reset by peer");
        Files.deleteIfExists(capture);
        Files.deleteIfExists(folder);
        return 0;
    }
}
