package dev.unreset.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.lab.Content;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GetCommandTest {

    private static final int MB = 1_000_000;

    @TempDir private Path temporary;
    private Path folder = Path.of("");

    @BeforeEach
    void makeFolder() throws Exception {
        folder = Files.createDirectory(temporary.resolve("downloads"));
    }

    @Test
    void aFileComesThroughResets() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(MB).build())) {
            CommandLineProcess get = get(lab.uri("/bytes/5000000"), "-o", "content");

            assertThat(get.err()).isEmpty();
            assertThat(get.out()).isEmpty();
            assertThat(get.status()).isZero();
            assertThat(sha256(folder.resolve("content"))).isEqualTo(hex(Content.sha256(0, 5 * MB)));
            assertThat(folder).isDirectoryContaining(file -> file.endsWith("content"));
            try (var files = Files.list(folder)) {
                assertThat(files).hasSize(1);
            }
        }
    }

    @Test
    void theResultIsOneJsonDocument() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(MB).build())) {
            CommandLineProcess get = get(lab.uri("/bytes/5000000"), "-o", "content", "--json");

            assertThat(get.out())
                    .contains(
                            "\"url\":\"" + lab.uri("/bytes/5000000") + "\"",
                            "\"status\":\"complete\"",
                            "\"bytes\":5000000",
                            "\"sha-256\":\"" + hex(Content.sha256(0, 5 * MB)) + "\"",
                            "\"end\":\"rst\"",
                            "\"phase\":\"receive\"",
                            "\"cause\":\"TRANSFER_LIMIT\"",
                            "\"profile\":{");
            assertThat(get.status()).isZero();
        }
    }

    @Test
    void whatIsLearnedIsUsedByTheNextRun() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(MB).build())) {
            CommandLineProcess first =
                    get(lab.uri("/bytes/5000000"), "-o", "a", "--json", "--profiles", "p");
            CommandLineProcess second =
                    get(lab.uri("/bytes/5000000"), "-o", "b", "--json", "--profiles", "p");

            assertThat(first.out()).contains("\"end\":\"rst\"");
            assertThat(second.out())
                    .doesNotContain("\"end\":\"rst\"")
                    .contains("\"diagnosis\":null");
        }
    }

    @Test
    void contentGoesToStandardOutput() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(100_000).build())) {
            CommandLineProcess get = get(lab.uri("/bytes/500000"), "-o", "-");

            byte[] content = get.out().getBytes(StandardCharsets.ISO_8859_1);
            assertThat(
                            HexFormat.of()
                                    .formatHex(
                                            MessageDigest.getInstance("SHA-256").digest(content)))
                    .isEqualTo(hex(Content.sha256(0, 500_000)));
            assertThat(folder).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "get | Missing required parameter",
                "get not-a-url | http://HOST",
                "get http:// | URL 'http://'",
                "get 'http://a b/' | at character",
                "get ftp://127.0.0.1/x | ftp",
                "get http://127.0.0.1:99999/ | 99999",
                "get --segments 0 http://127.0.0.1/ | segments: 0",
                "get --segments x http://127.0.0.1/ | --segments",
                "get --no-such-option http://127.0.0.1/ | --no-such-option",
                "get --checksum md9:00 http://127.0.0.1/ | md9",
                "get --checksum sha256:zz http://127.0.0.1/ | SHA-256",
                "get --deadline never http://127.0.0.1/ | never",
                "get --pace fast http://127.0.0.1/ | fast",
                "get --header nonsense http://127.0.0.1/ | nonsense",
                "get --cacert absent.pem http://127.0.0.1/ | absent.pem",
                "get --json -o - http://127.0.0.1/ | choose one",
                "get -o f http://127.0.0.1/ http://127.0.0.1/ | one URL",
                "nonsense | nonsense",
            })
    void wrongUsageIsOneLineAndStatusTwo(String line, String named) throws Exception {
        String[] arguments = line.replace("'http://a b/'", "http://a%b/").split(" ");

        CommandLineProcess wrong = CommandLineProcess.run(folder, arguments);

        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.messages()).hasSize(2);
        assertThat(wrong.messages().getFirst())
                .startsWith("unreset: ")
                .contains(line.contains("a b") ? "character" : named);
        assertThat(wrong.messages().getLast()).startsWith("Try 'unreset");
        assertThat(wrong.out()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aRefusedPortIsSaidInOneLine() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }

        CommandLineProcess get = get("http://127.0.0.1:" + port + "/x", "--retries", "0");

        assertFailed(get, "connection refused");
    }

    @Test
    void anUnknownHostIsSaidInOneLine() throws Exception {
        assertFailed(get("http://nowhere.invalid/x", "--retries", "0"), "nowhere.invalid");
    }

    @Test
    void aMissingFolderIsSaidInOneLine() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            CommandLineProcess get = get(lab.uri("/bytes/1000"), "-o", "absent/file");

            assertFailed(get, "the folder does not exist");
        }
    }

    @Test
    void aWrongChecksumLeavesNoFile() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            CommandLineProcess get =
                    get(lab.uri("/bytes/1000"), "--checksum", "sha256:" + "0".repeat(64));

            assertFailed(get, "the content is damaged");
        }
    }

    @Test
    void aMissingObjectIsSaidInOneLine() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            assertFailed(get(lab.uri("/status/404")), "404");
        }
    }

    @Test
    void aServerThatIgnoresRangeAndCutsIsGivenUp() throws Exception {
        Rules rules = Rules.builder().endAfterBytes(MB).ignoreRange().build();
        try (LabServer lab = LabServer.start(rules)) {
            CommandLineProcess get = get(lab.uri("/bytes/5000000"), "-o", "content", "--json");

            assertThat(get.status()).isEqualTo(1);
            assertThat(get.err())
                    .contains("ignores Range", "starts over")
                    .doesNotContain("goes on");
            assertThat(get.out()).contains("\"status\":\"failed\"", "\"cause\":\"TRANSFER_LIMIT\"");
            assertThat(folder.resolve("content")).doesNotExist();
        }
    }

    private void assertFailed(CommandLineProcess get, String named) {
        assertThat(get.status()).isEqualTo(1);
        assertThat(get.messages().getFirst()).startsWith("unreset: ").contains(named);
        assertThat(get.err()).doesNotContain("\tat ", "Exception");
        assertThat(get.out()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    private CommandLineProcess get(String url, String... options) throws Exception {
        String[] arguments = new String[options.length + 2];
        arguments[0] = "get";
        arguments[1] = url;
        System.arraycopy(options, 0, arguments, 2, options.length);
        return CommandLineProcess.run(folder, arguments);
    }

    private static String sha256(Path file) throws Exception {
        return hex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
