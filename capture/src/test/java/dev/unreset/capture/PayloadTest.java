package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Payload says the same whether it is in memory or still in its file.
class PayloadTest {

    private static final String TEXT =
            "\0\1ab\2-ERR max number of clients reached\r\n\0xyz9\3 1 2 3 4\0";

    @TempDir private Path folder;

    private static Payload payload(String text) {
        return new Payload(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void wordsAreRunsWithSomeLettersInARow() {
        assertThat(payload(TEXT).words(4, 3))
                .isEqualTo("-ERR max number of clients reached\r\n\nxyz9\n");
        assertThat(payload("\0ab\0abc\0").words(4, 3)).isEmpty();
        assertThat(payload("time out").words(4, 3)).isEqualTo("time out\n");
        assertThat(payload("").words(4, 3)).isEmpty();
    }

    @Test
    void isTheSameInItsFile() throws Exception {
        byte[] bytes = TEXT.getBytes(StandardCharsets.ISO_8859_1);
        Path path =
                Files.write(
                        folder.resolve("capture"),
                        ("before" + TEXT + "after").getBytes(StandardCharsets.ISO_8859_1));
        try (CaptureFile file = CaptureFile.open(path, InputStream.nullInputStream())) {
            Payload inFile = new Payload(file, 6, bytes.length);

            assertThat(inFile.size()).isEqualTo(bytes.length);
            assertThat(inFile.text()).isEqualTo(TEXT);
            inFile.forget();
            assertThat(inFile.startsWith("\0\1ab")).isTrue();
            assertThat(inFile.startsWith("ab")).isFalse();
            assertThat(inFile.contains("number")).isTrue();
            assertThat(inFile.contains("numbers")).isFalse();
            assertThat(inFile.agreesWith(payload("\0\1"))).isTrue();
            assertThat(Payload.joined(List.of(payload("a"), inFile)).text()).isEqualTo("a" + TEXT);
        }
    }

    @Test
    void saysThatItsFileBecameShorter() throws Exception {
        Path path = Files.write(folder.resolve("capture"), new byte[100]);
        try (CaptureFile file = CaptureFile.open(path, InputStream.nullInputStream())) {
            Payload inFile = new Payload(file, 90, 20);

            assertThatThrownBy(inFile::text)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasRootCauseMessage(path + ": became shorter while it was read");
        }
    }
}
