package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A part of a file in memory, wherever it is moved to.
class WindowTest {

    private static final int SIZE = 3 << 20;

    @TempDir private Path folder;

    @Test
    void theBytesAreTheFilesBytesWhereverItStands() throws Exception {
        byte[] content = new byte[SIZE];
        Random random = new Random(7);
        random.nextBytes(content);
        Path path = Files.write(folder.resolve("file"), content);
        try (CaptureFile file = CaptureFile.open(path, InputStream.nullInputStream())) {
            Window window = new Window(file);
            for (int i = 0; i < 2000; i++) {
                if (i == 1000) {
                    window.lookAtSinglePackets();
                }
                int offset = random.nextInt(SIZE);
                int count = 1 + random.nextInt(i % 100 == 0 ? SIZE : 70_000);
                boolean inFile = count <= SIZE - offset;

                assertThat(window.cover(offset, count)).isEqualTo(inFile);

                if (inFile) {
                    byte[] seen = new byte[count];
                    window.bytes().get(window.index(offset), seen);
                    assertThat(seen).containsExactly(slice(content, offset, count));
                }
            }
        }
    }

    private static byte[] slice(byte[] content, int offset, int count) {
        return java.util.Arrays.copyOfRange(content, offset, offset + count);
    }

    @Test
    void aFileThatBecomesShorterIsSaid() throws Exception {
        Path path = Files.write(folder.resolve("file"), new byte[SIZE]);
        try (CaptureFile file = CaptureFile.open(path, InputStream.nullInputStream());
                RandomAccessFile writable = new RandomAccessFile(path.toFile(), "rw")) {
            Window window = new Window(file);
            writable.setLength(1000);

            assertThatThrownBy(() -> window.cover(0, 2000))
                    .isInstanceOf(CaptureException.class)
                    .hasMessageContaining("file: became shorter while it was read");
        }
    }
}
