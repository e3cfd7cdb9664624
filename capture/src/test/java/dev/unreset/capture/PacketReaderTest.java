package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two threads that read one capture end together.
@Timeout(60)
class PacketReaderTest {

    private static final int CHUNKS = 40;

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whereOneFailsBothEnd(int failing) throws Exception {
        List<PacketReader.Visitor> visitors = new ArrayList<>();
        for (int i = 0; i < PacketBatch.SHARES; i++) {
            visitors.add(i == failing ? new FailsAtTheThird() : (packets, rows) -> {});
        }
        try (CaptureFile file = CaptureFile.open(capture(), InputStream.nullInputStream())) {
            PacketReader reader = new PacketReader(List.of(file), what -> {});

            assertThatThrownBy(() -> reader.read(visitors))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the third");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aSlowOneIsWaitedFor(int slow) throws Exception {
        int[] batches = new int[PacketBatch.SHARES];
        List<PacketReader.Visitor> visitors = new ArrayList<>();
        for (int i = 0; i < PacketBatch.SHARES; i++) {
            int share = i;
            visitors.add((packets, rows) -> {
                batches[share]++;
                if (share == slow) {
                    work();
                }
            });
        }
        try (CaptureFile file = CaptureFile.open(capture(), InputStream.nullInputStream())) {
            new PacketReader(List.of(file), what -> {}).read(visitors);
        }

        assertThat(batches[0]).isEqualTo(batches[1]).isGreaterThanOrEqualTo(CHUNKS);
    }

    /// Takes longer than to read a chunk.
    private static void work() {
        long until = System.nanoTime() + 1_000_000;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private static final class FailsAtTheThird implements PacketReader.Visitor {
        private int count;

        @Override
        public void visit(PacketBatch packets, PacketRows rows) throws IOException {
            if (++count == 3) {
                throw new IOException("the third");
            }
        }
    }

    /// A pcap of many chunks.
    private Path capture() throws IOException {
        int frame = 64 << 10;
        int frames = CHUNKS * 4;
        ByteBuffer bytes =
                ByteBuffer.allocate(24 + frames * (16 + frame)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0xa1b2c3d4).putInt(0x00040002).putLong(0).putInt(frame).putInt(1);
        for (int i = 0; i < frames; i++) {
            bytes.putLong(i).putInt(frame).putInt(frame).position(bytes.position() + frame);
        }
        return Files.write(folder.resolve("capture"), bytes.array());
    }
}
