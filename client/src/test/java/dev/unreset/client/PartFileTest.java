package dev.unreset.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.lab.Content;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PartFileTest {

    private static final int MIB = 1 << 20;

    @TempDir private Path folder;

    private Path file;
    private PartFile part;

    @BeforeEach
    void open() throws IOException {
        file = folder.resolve("content");
        part = begun();
    }

    @AfterEach
    void close() throws IOException {
        part.close();
    }

    private PartFile begun() throws IOException {
        PartFile opened = PartFile.open(file, 4);
        opened.begin(
                new Journal.Saved(
                        "http://localhost/", OptionalLong.empty(), Optional.empty(), List.of()));
        return opened;
    }

    private void write(long from, long to) throws Exception {
        PartFile.Writer writer = part.new Writer(memory -> {});
        for (long at = from; at < to; ) {
            ByteBuffer slice = Content.slice(0, at, Math.min(100_000, to - at));
            int count = slice.remaining();
            writer.write(slice, at, to, false);
            at += count;
        }
        writer.leave(to % 2 == 0);
    }

    private void assertReadable(long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            long start = at;
            at +=
                    part.read(
                            at,
                            to,
                            bytes ->
                                    assertThat(bytes)
                                            .isEqualTo(expected(start, bytes.remaining())));
        }
    }

    private static ByteBuffer expected(long from, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            bytes.put(Content.slice(0, from + bytes.position(), bytes.remaining()));
        }
        return bytes.flip();
    }

    private void assertWhole(long length) throws IOException {
        part.publish(length);
        assertThat(ByteBuffer.wrap(Files.readAllBytes(file)))
                .isEqualTo(expected(0, Math.toIntExact(length)));
    }

    @Test
    void spansThatBeginAndEndAnywhereBecomeOneFile() throws Exception {
        Random random = new Random(7);
        long length = 50 * MIB + 12345;
        List<Segments.Span> spans = new ArrayList<>();
        for (long at = 0; at < length; ) {
            long to = Math.min(length, at + 1 + random.nextInt(3 * MIB));
            spans.add(new Segments.Span(at, to));
            at = to;
        }
        Collections.shuffle(spans, random);
        for (Segments.Span span : spans) {
            write(span.from(), span.to());
        }
        assertWhole(length);
    }

    @Test
    void moreUnfinishedBlocksThanFitTheWindowAreWrittenAsTheyAre() throws Exception {
        for (int i = 0; i < 40; i++) {
            write((long) i * MIB, (long) i * MIB + 1000);
        }
        for (int i = 0; i < 40; i++) {
            write((long) i * MIB + 1000, (long) (i + 1) * MIB);
        }
        assertWhole(40 * MIB);
    }

    @Test
    void whatIsReadBackIsTheSameFromMemoryAndFromDisk() throws Exception {
        part.keepFrom(0);
        write(60 * MIB, 80 * MIB);
        write(0, 60 * MIB);

        assertReadable(0, 80 * MIB);
        part.keepFrom(80 * MIB);
        assertReadable(70 * MIB, 80 * MIB);
    }

    @Test
    void aBlockThatIsStillBeingFilledCanBeRead() throws Exception {
        part.keepFrom(0);
        write(0, 1000);

        assertReadable(0, 1000);
    }

    @Test
    void whatWasReceivedIsThereForTheNextRun() throws Exception {
        write(0, 3 * MIB + 500);
        part.close();

        part = PartFile.open(file, 4);

        assertThat(part.saved().orElseThrow().have())
                .containsExactly(new Segments.Span(0, 3 * MIB + 500));
        assertReadable(0, 3 * MIB + 500);
    }

    @Test
    void bytesAreTakenWhereTheyWereOffered() throws Exception {
        List<ByteBuffer> offers = new ArrayList<>();
        PartFile.Writer writer = part.new Writer(offers::add);
        writer.write(expected(0, 1000), 0, 2 * MIB, false);
        ByteBuffer room = offers.getLast();
        assertThat(room.remaining()).isEqualTo(MIB - 1000);

        room.duplicate().put(expected(1000, MIB - 1000));
        writer.write(room.duplicate(), 1000, 2 * MIB, true);
        assertThat(offers).hasSize(2);
        writer.write(expected(MIB, MIB), MIB, 2 * MIB, false);
        writer.leave(false);

        assertWhole(2 * MIB);
    }

    @Test
    void aWriterThatLeavesAnEmptyBlockTakesNoRoom() throws Exception {
        for (int i = 0; i < 20; i++) {
            PartFile.Writer writer = part.new Writer(memory -> {});
            writer.write(expected((long) i * MIB, MIB), (long) i * MIB, 100 * MIB, false);
            writer.leave(false);
        }
        assertWhole(20 * MIB);
    }
}
