package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real servers and a real firewall, captured live with tcpdump at the client; needs root and
/// network namespaces, and says when it is skipped.
class LiveServersTest {

    @TempDir private Path folder;

    @BeforeEach
    void openFolder() throws Exception {
        // Servers run under users of their own.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static void need(String... commands) {
        boolean possible = Network.isPossible();
        if (!possible) {
            System.out.println("SKIPPED: live captures need root and network namespaces");
        }
        assumeTrue(possible, "root and network namespaces");
        for (String command : commands) {
            boolean there =
                    Arrays.stream((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1))
                            .anyMatch(path -> new File(path, command).canExecute());
            if (!there) {
                System.out.println("SKIPPED: live captures need " + command);
            }
            assumeTrue(there, command);
        }
    }

    @Test
    void nginxClosesAnIdleConnectionThatIsUsedAgain() throws Exception {
        need("tcpdump", "nginx");
        try (Network network = new Network()) {
            nginx(network, "keepalive_timeout 2s;");

            Diagnosis diagnosis =
                    worst(
                            network,
                            """
                            exec 3<>/dev/tcp/$S/8000
                            printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3
                            sleep 3.3
                            printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3
                            sleep 0.3
                            """);

            assertDiagnosis(diagnosis, Sender.SERVER, Cause.IDLE_TIMEOUT);
        }
    }

    @Test
    void haproxyRejectsConnectionsAboveItsLimit() throws Exception {
        need("tcpdump", "haproxy", "nginx");
        try (Network network = new Network()) {
            nginx(network, "");
            Path config =
                    Files.writeString(
                            folder.resolve("haproxy.cfg"),
                            """
                            global
                              stats socket %s/haproxy.sock
                            defaults
                              mode tcp
                              timeout connect 5s
                              timeout client 30s
                              timeout server 30s
                            frontend front
                              bind 10.77.2.2:8100
                              stick-table type ip size 10k store conn_cur
                              tcp-request connection track-sc0 src
                              tcp-request connection reject if { sc0_conn_cur gt 2 }
                              default_backend back
                            backend back
                              server one 10.77.2.2:8000
                            """
                                    .formatted(folder));
            network.start("s", "haproxy", "-db", "-f", config.toString());
            network.awaitPort(8100);

            Diagnosis diagnosis =
                    worst(
                            network,
                            """
                            exec 3<>/dev/tcp/$S/8100
                            exec 4<>/dev/tcp/$S/8100
                            sleep 0.3
                            for i in 1 2 3; do (exec 5<>/dev/tcp/$S/8100; printf 'hello' >&5; sleep 0.1) ; done
                            sleep 0.2
                            """);

            assertDiagnosis(diagnosis, Sender.SERVER, Cause.CONNECTION_LIMIT);
        }
    }

    @Test
    void redisTurnsAwayClientsAboveItsLimit() throws Exception {
        need("tcpdump", "redis-server");
        try (Network network = new Network()) {
            network.start(
                    "s",
                    "redis-server",
                    "--port",
                    "6379",
                    "--bind",
                    "10.77.2.2",
                    "--maxclients",
                    "2",
                    "--protected-mode",
                    "no",
                    "--save",
                    "",
                    "--dir",
                    folder.toString());
            network.awaitPort(6379);

            Diagnosis diagnosis =
                    worst(
                            network,
                            """
                            exec 3<>/dev/tcp/$S/6379
                            exec 4<>/dev/tcp/$S/6379
                            printf 'PING\\r\\n' >&3
                            printf 'PING\\r\\n' >&4
                            head -c 7 <&3
                            head -c 7 <&4
                            exec 5<>/dev/tcp/$S/6379
                            sleep 0.3
                            printf 'PING\\r\\n' >&5
                            sleep 0.3
                            """);

            assertDiagnosis(diagnosis, Sender.SERVER, Cause.CONNECTION_LIMIT);
        }
    }

    @Test
    void postgresThatIsKilledTakesItsConnectionsAlong() throws Exception {
        need("tcpdump", "runuser", "psql");
        Path bin = postgresPrograms();
        try (Network network = new Network()) {
            Path data = Files.createDirectory(folder.resolve("data"));
            Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxrwxrwx"));
            network.in("s", "chown", "postgres", data.toString());
            network.in(
                    "s",
                    "runuser",
                    "-u",
                    "postgres",
                    "--",
                    bin.resolve("initdb").toString(),
                    "-D",
                    data.toString(),
                    "-A",
                    "trust",
                    "--no-sync");
            Files.writeString(data.resolve("pg_hba.conf"), "host all all 0.0.0.0/0 trust\n");
            network.start(
                    "s",
                    "runuser",
                    "-u",
                    "postgres",
                    "--",
                    bin.resolve("postgres").toString(),
                    "-D",
                    data.toString(),
                    "-h",
                    "10.77.2.2",
                    "-k",
                    folder.toString());
            network.awaitPort(5432);
            Path file =
                    network.capture(
                            folder.resolve("live.pcap"),
                            () -> {
                                Process session =
                                        network.start(
                                                "c",
                                                "bash",
                                                "-c",
                                                "psql -h 10.77.2.2 -U postgres postgres -c 'select pg_sleep(1)'; (sleep 2; echo 'select 1;'; sleep 1) | psql -h 10.77.2.2 -U postgres postgres");
                                session.waitFor(1800, java.util.concurrent.TimeUnit.MILLISECONDS);
                                long pid =
                                        Long.parseLong(
                                                Files.readAllLines(data.resolve("postmaster.pid"))
                                                        .getFirst());
                                ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
                                List<ProcessHandle> backends = postmaster.children().toList();
                                postmaster.destroyForcibly();
                                backends.forEach(ProcessHandle::destroyForcibly);
                                session.waitFor();
                                network.client("exec 3<>/dev/tcp/$S/5432");
                            });

            CaptureReport report =
                    Capture.read(
                            List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());

            assertThat(report.connections())
                    .isNotEmpty()
                    .allSatisfy(connection ->
                            assertDiagnosis(
                                    connection.diagnosis().orElseThrow(),
                                    Sender.SERVER,
                                    Cause.SERVER_RESTART));
        }
    }

    private static Path postgresPrograms() throws Exception {
        Path all = Path.of("/usr/lib/postgresql");
        if (!Files.isDirectory(all)) {
            System.out.println("SKIPPED: live captures need postgres");
        }
        assumeTrue(Files.isDirectory(all), "postgres");
        try (var versions = Files.list(all)) {
            return versions.sorted().toList().getLast().resolve("bin");
        }
    }

    @Test
    void theFirewallRefusesAPort() throws Exception {
        need("tcpdump", "nft", "nginx");
        try (Network network = new Network()) {
            nginx(network, "");
            firewall(network, "tcp dport 8000 reject with tcp reset");

            Diagnosis diagnosis = worst(network, "exec 3<>/dev/tcp/$S/8000");

            assertDiagnosis(diagnosis, Sender.MIDDLEBOX, Cause.MIDDLEBOX);
        }
    }

    @Test
    void theFirewallLimitsConnections() throws Exception {
        need("tcpdump", "nft", "nginx");
        try (Network network = new Network()) {
            nginx(network, "");
            firewall(network, "tcp dport 8000 ct state new ct count over 2 reject with tcp reset");

            Diagnosis diagnosis =
                    worst(
                            network,
                            """
                            exec 3<>/dev/tcp/$S/8000
                            exec 4<>/dev/tcp/$S/8000
                            for i in 1 2 3; do (exec 5<>/dev/tcp/$S/8000); sleep 0.1; done
                            """);

            assertDiagnosis(diagnosis, Sender.MIDDLEBOX, Cause.CONNECTION_LIMIT);
        }
    }

    @Test
    void theFirewallLimitsTheRate() throws Exception {
        need("tcpdump", "nft", "nginx");
        try (Network network = new Network()) {
            nginx(network, "");
            firewall(
                    network,
                    "tcp dport 8000 ct state new limit rate over 2/second burst 3 packets reject with tcp reset");

            Diagnosis diagnosis =
                    worst(
                            network,
                            """
                            for i in 1 2 3 4 5 6 7 8; do
                              (exec 5<>/dev/tcp/$S/8000 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&5 && cat <&5)
                              sleep 0.05
                            done
                            """);

            assertDiagnosis(diagnosis, Sender.MIDDLEBOX, Cause.RATE_LIMIT);
        }
    }

    @Test
    void theFirewallDropsAnIdleConnection() throws Exception {
        need("tcpdump", "nft", "nginx");
        try (Network network = new Network()) {
            nginx(network, "");
            network.in("r", "sh", "-c", "echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose");
            network.in(
                    "r",
                    "sh",
                    "-c",
                    "echo 2 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established");
            firewall(network, "ct state invalid reject with tcp reset");

            Diagnosis diagnosis =
                    worst(
                            network,
                            """
                            exec 3<>/dev/tcp/$S/8000
                            printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3
                            sleep 4
                            printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3
                            sleep 0.3
                            """);

            assertDiagnosis(diagnosis, Sender.MIDDLEBOX, Cause.IDLE_TIMEOUT);
        }
    }

    private void nginx(Network network, String setting) throws Exception {
        Path config =
                Files.writeString(
                        folder.resolve("nginx.conf"),
                        """
                        daemon off;
                        pid %1$s/nginx.pid;
                        error_log %1$s/error.log;
                        events { worker_connections 64; }
                        http {
                          access_log off;
                          client_body_temp_path %1$s/body;
                          proxy_temp_path %1$s/proxy;
                          fastcgi_temp_path %1$s/fastcgi;
                          uwsgi_temp_path %1$s/uwsgi;
                          scgi_temp_path %1$s/scgi;
                          %2$s
                          server { listen 10.77.2.2:8000; location / { return 200 "hello"; } }
                        }
                        """
                                .formatted(folder, setting));
        network.start("s", "nginx", "-c", config.toString());
        network.awaitPort(8000);
    }

    private static void firewall(Network network, String rule) throws Exception {
        network.in("r", "nft", "add table inet guard");
        network.in(
                "r",
                "nft",
                "add chain inet guard passing { type filter hook forward priority 0 ; }");
        network.in("r", "nft", "add rule inet guard passing " + rule);
    }

    /// The diagnosis of the most frequent problem that a client's script meets.
    private Diagnosis worst(Network network, String script) throws Exception {
        Path file = network.capture(folder.resolve("live.pcap"), () -> network.client(script));
        CaptureReport report =
                Capture.read(List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());
        assertThat(report.problems()).isNotEmpty();
        return report.problems().getFirst().connections().getFirst().diagnosis().orElseThrow();
    }

    private static void assertDiagnosis(Diagnosis diagnosis, Sender sender, Cause cause) {
        assertThat(diagnosis.sender()).as("%s", diagnosis.evidence()).isEqualTo(sender);
        assertThat(diagnosis.leading().map(Diagnosis.RankedCause::cause))
                .as("%s", diagnosis.evidence())
                .contains(cause);
    }
}
