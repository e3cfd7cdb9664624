package dev.unreset.explain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ReferenceTest {

    private static final Path RESOURCES = Path.of("src/main/resources/dev/unreset/explain");

    static List<ReferenceEntry> entries() {
        return Reference.entries();
    }

    @Test
    void everyFileIsAnEntry() throws IOException {
        try (Stream<Path> files = Files.list(RESOURCES.resolve("reference"))) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".md", "")))
                    .containsExactlyInAnyOrderElementsOf(
                            entries().stream().map(ReferenceEntry::key).toList());
        }
        assertThat(entries()).hasSizeGreaterThanOrEqualTo(40);
    }

    @ParameterizedTest
    @MethodSource("entries")
    void anEntryIsComplete(ReferenceEntry entry) throws IOException {
        String source =
                Files.readString(RESOURCES.resolve("reference").resolve(entry.key() + ".md"));

        assertThat(source).contains("\nkey: " + entry.key() + "\n").doesNotContain("@sample \n");
        assertThat(entry.kinds()).isNotEmpty();
        assertThat(entry.names()).isNotEmpty().noneMatch(String::isBlank);
        assertThat(entry.codes()).isNotEmpty();
        assertThat(entry.severity()).isNotBlank();
        assertThat(entry.versions()).isNotBlank();
        assertThat(entry.sources()).isNotEmpty();
        assertThat(entry.related())
                .isNotEmpty()
                .doesNotContain(entry.key())
                .allMatch(key -> Reference.entry(key).isPresent());
        assertThat(entry.summary()).isNotBlank();
        assertThat(entry.escalation()).isNotBlank().doesNotContain("##");
        assertThat(entry.body())
                .containsSubsequence(
                        "\n## Causes\n",
                        "\n## Fixes\n",
                        "\n## When to escalate\n",
                        "\n## Questions\n**")
                .doesNotContain("@sample");
    }

    @Test
    void everySampleIsShownSomewhere() throws IOException {
        try (Stream<Path> files = Files.list(RESOURCES.resolve("samples"))) {
            assertThat(files.toList())
                    .allSatisfy(file ->
                            assertThat(entries())
                                    .anyMatch(entry ->
                                            entry.body()
                                                    .contains(
                                                            Reference.sample(
                                                                            file.getFileName()
                                                                                    .toString())
                                                                    .strip())));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10054, windows-10054",
        "nlb, aws-nlb",
        "socket hang up, node-econnreset",
        "aws-alb, aws-alb",
        "IncompleteRead, python-incompleteread",
        "curl 56, curl-56",
        "max_allowed_packet, mysql-gone-away",
    })
    void aWordFindsItsEntry(String words, String key) {
        assertThat(Reference.search(words)).extracting(ReferenceEntry::key).contains(key);
        assertThat(Reference.search(words).getFirst().key()).isEqualTo(key);
    }

    @Test
    void whatIsNotThereIsNotFound() {
        assertThat(Reference.search("quicksilver")).isEmpty();
        assertThat(Reference.entry("../errors")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyKindHasAnEntry(Kind kind) {
        assertThat(entries()).anyMatch(entry -> entry.kinds().contains(kind));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ConnectionResetError: [Errno 104] Connection reset by peer | python-connectionreseterror",
                "http.client.RemoteDisconnected: Remote end closed connection without response | python-remotedisconnected",
                "curl: (56) Recv failure: Connection reset by peer | curl-56",
                "curl: (18) transfer closed with 100 bytes remaining to read | curl-18",
                "curl: (52) Empty reply from server | curl-52",
                "java.net.SocketException: Connection reset | java-socketexception-connection-reset",
                "Error: read ECONNRESET at TCP.onStreamRead (node:internal/stream_base_commons:217:20) | node-econnreset",
                "System.Net.Sockets.SocketException (10054): An existing connection was forcibly closed by the remote host. | windows-10054",
            })
    void anErrorLeadsToItsEntry(String text, String key) {
        assertThat(Explainer.explain(text).reference()).contains(key);
    }
}
