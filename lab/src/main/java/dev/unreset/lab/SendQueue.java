package dev.unreset.lab;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// Bytes that a socket's kernel has not seen acknowledged, as Linux lists them in `/proc/net/tcp`
/// (Documentation/networking/proc_net_tcp.rst: `tx_queue`).
final class SendQueue {

    private static final List<Path> TABLES =
            List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));
    private static final Duration POLL = Duration.ofMillis(1);

    private SendQueue() {}

    /// Waits until everything written was acknowledged, at most `patience`. Where there is no such
    /// table, it waits a few milliseconds.
    static void awaitEmpty(Socket socket, Duration patience)
            throws IOException, InterruptedException {
        if (!Files.isReadable(TABLES.getFirst())) {
            Thread.sleep(Duration.ofMillis(20));
            return;
        }
        long giveUp = System.nanoTime() + patience.toNanos();
        while (isPending(socket) && System.nanoTime() < giveUp) {
            Thread.sleep(POLL);
        }
    }

    private static boolean isPending(Socket socket) throws IOException {
        String local = String.format(Locale.ROOT, ":%04X", socket.getLocalPort());
        String remote = String.format(Locale.ROOT, ":%04X", socket.getPort());
        for (Path table : TABLES) {
            if (Files.isReadable(table)) {
                try (Stream<String> lines = Files.lines(table)) {
                    if (lines.anyMatch(line -> isPending(line.strip(), local, remote))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /// A line is `sl local_address rem_address st tx_queue:rx_queue …`, all in hexadecimal.
    private static boolean isPending(String line, String local, String remote) {
        String[] fields = line.split("\\s+", 6);
        return fields.length > 4
                && fields[1].endsWith(local)
                && fields[2].endsWith(remote)
                && !fields[4].startsWith("00000000:");
    }
}
