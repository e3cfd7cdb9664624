package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Packets are found again where they were, however far apart they are, in one file or several.
class PacketIndexTest {

    private static final int PACKETS = 150_000;

    @TempDir private Path folder;

    /// Of each file.
    private final List<ByteBuffer> bytes = new ArrayList<>();

    private record Place(int file, long offset, long number) {}

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void everyPacketOfAFlowIsFoundAgain(int files) throws Exception {
        List<CaptureFile> captures = new ArrayList<>();
        for (int i = 0; i < files; i++) {
            captures.add(CaptureFile.open(capture(i), InputStream.nullInputStream()));
        }
        List<PacketIndex> indexes = new ArrayList<>();
        List<List<Place>> expected = List.of(new ArrayList<>(), new ArrayList<>());
        List<PacketReader.Visitor> visitors = new ArrayList<>();
        for (int share = 0; share < PacketBatch.SHARES; share++) {
            PacketIndex index = new PacketIndex(Long.MAX_VALUE);
            List<Place> places = expected.get(share);
            indexes.add(index);
            visitors.add((packets, rows) -> {
                for (int row = 0; row < rows.count(); row++) {
                    int flow = PacketRows.asInPacket(rows.ports(row)) >>> 16 & 15;
                    index.add(packets, rows, row, flow);
                    int place = rows.place(row);
                    if (flow == 3) {
                        places.add(
                                new Place(
                                        packets.file(place),
                                        packets.offset(place),
                                        packets.number(place)));
                    }
                }
            });
        }
        new PacketReader(captures, what -> {}).read(visitors);

        for (int share = 0; share < PacketBatch.SHARES; share++) {
            List<Place> found = new ArrayList<>();
            indexes.get(share)
                    .forEach(
                            FlowSet.of(3),
                            (_, file, offset, number) ->
                                    found.add(new Place(file, offset, number)));
            assertThat(found).isEqualTo(expected.get(share)).hasSizeGreaterThan(1000);
            found.forEach(place -> assertThat(place.number()).isEqualTo(numberAt(place)));
        }
        for (CaptureFile capture : captures) {
            capture.close();
        }
    }

    /// Each packet says in its sequence number which one it is.
    private long numberAt(Place place) {
        return bytes.get(place.file()).getInt((int) place.offset() + 16 + 14 + 20 + 4);
    }

    /// Most packets are small, some are so large that the next is far away, and in between are many
    /// that are not TCP.
    private Path capture(int file) throws IOException {
        Random random = new Random(file);
        ByteBuffer out = ByteBuffer.allocate(64 << 20).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0xa1b2c3d4).putInt(0x00040002).putLong(0).putInt(1 << 18).putInt(1);
        for (int i = 1; i <= PACKETS / 3; i++) {
            int kind = random.nextInt(1000);
            int length = kind == 0 ? 100_000 + random.nextInt(100_000) : kind < 500 ? 0 : kind;
            if (out.remaining() < 16 + 54 + length) {
                break;
            }
            boolean tcp = kind % 7 != 0;
            out.putInt(i / 1000).putInt(i % 1000).putInt(54 + length).putInt(54 + length);
            int at = out.position();
            out.order(ByteOrder.BIG_ENDIAN);
            out.putShort(at + 12, (short) 0x0800).put(at + 14, (byte) 0x45);
            out.putShort(at + 16, (short) (40 + Math.min(length, 60_000)));
            out.put(at + 22, (byte) 64).put(at + 23, (byte) (tcp ? 6 : 1));
            out.putInt(at + 26, 0x0a000000 + i % 50).putInt(at + 30, 0x0a010000);
            out.putShort(at + 34, (short) i).putShort(at + 36, (short) 80).putInt(at + 38, i);
            out.putShort(at + 46, (short) 0x5010);
            out.order(ByteOrder.LITTLE_ENDIAN).position(at + 54 + length);
        }
        byte[] all = Arrays.copyOf(out.array(), out.position());
        bytes.add(ByteBuffer.wrap(all));
        return Files.write(folder.resolve("capture" + file), all);
    }
}
