package dev.unreset.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/// Writes a large capture: connections that are all open at once and interleaved packet by packet;
/// one in a hundred ends by RST.
final class CaptureGenerator {

    /// Packets of a connection, from its SYN to its end.
    static final int WHOLE = 23;

    /// Of these, those of its handshake.
    static final int HANDSHAKE = 3;

    private static final int MICROS_BETWEEN_PACKETS = 10;
    private static final int DATA_BYTES = 780;
    private static final int HEADERS = 14 + 20 + 20;
    private static final int TLS_HEADER = 5;
    private static final byte[] ENCRYPTED = new byte[DATA_BYTES - TLS_HEADER];
    private static final int BLOCK = 8 << 20;

    private static final int FIN = 1;
    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int PSH = 8;
    private static final int ACK = 16;

    static {
        new Random(1).nextBytes(ENCRYPTED);
    }

    private final FileChannel out;
    private final int flows;
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    private long packets;

    private CaptureGenerator(FileChannel out, int flows) {
        this.out = out;
        this.flows = flows;
    }

    /// Writes the first `rounds` packets of each of `flows` connections; returns how many packets
    /// that are.
    static long write(Path file, int flows, int rounds) throws IOException {
        try (FileChannel out =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            CaptureGenerator generator = new CaptureGenerator(out, flows);
            generator.writeAll(rounds);
            // What is still being written to the disk would disturb who reads.
            out.force(true);
            return generator.packets;
        }
    }

    private void writeAll(int rounds) throws IOException {
        block.order(ByteOrder.LITTLE_ENDIAN);
        block.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4);
        block.putInt(0).putInt(0).putInt(262144).putInt(1);
        for (int round = 0; round < rounds; round++) {
            for (int flow = 0; flow < flows; flow++) {
                packet(flow, round);
            }
        }
        flush();
    }

    /// SYN, SYN-ACK, ACK; requests and answers in turn; FIN, FIN, ACK, or RST.
    private void packet(int flow, int round) throws IOException {
        int said = Math.clamp(round - HANDSHAKE, 0, WHOLE - 6);
        int fromClient = (said + 1) / 2 * DATA_BYTES;
        int fromServer = said / 2 * DATA_BYTES;
        boolean reset = flow % 100 == 0;
        switch (round) {
            case 0 -> segment(flow, round, true, SYN, 0, 0, 0);
            case 1 -> segment(flow, round, false, SYN | ACK, 0, 1, 0);
            case 2 -> segment(flow, round, true, ACK, 1, 1, 0);
            case WHOLE - 3 ->
                    segment(
                            flow,
                            round,
                            false,
                            reset ? RST | ACK : FIN | ACK,
                            1 + fromServer,
                            1 + fromClient,
                            0);
            case WHOLE - 2 -> {
                if (!reset) {
                    segment(flow, round, true, FIN | ACK, 1 + fromClient, 2 + fromServer, 0);
                }
            }
            case WHOLE - 1 -> {
                if (!reset) {
                    segment(flow, round, false, ACK, 2 + fromServer, 2 + fromClient, 0);
                }
            }
            default -> {
                boolean client = said % 2 == 0;
                segment(
                        flow,
                        round,
                        client,
                        PSH | ACK,
                        1 + (client ? fromClient : fromServer),
                        1 + (client ? fromServer : fromClient),
                        DATA_BYTES);
            }
        }
    }

    private void segment(
            int flow,
            int round,
            boolean fromClient,
            int flags,
            int sequence,
            int acknowledged,
            int length)
            throws IOException {
        int size = HEADERS + length;
        if (block.remaining() < size + 16) {
            flush();
        }
        long micros = ((long) round * flows + flow) * MICROS_BETWEEN_PACKETS;
        block.order(ByteOrder.LITTLE_ENDIAN);
        block.putInt((int) (1_700_000_000 + micros / 1_000_000)).putInt((int) (micros % 1_000_000));
        block.putInt(size).putInt(size);
        block.order(ByteOrder.BIG_ENDIAN);
        block.putLong(0x0200000000010200L).putInt(fromClient ? 2 : 1).putShort((short) 0x0800);
        int client = 0x0a000000 + flow / 50;
        int server = 0x0ac80000 + flow % 500;
        block.putShort((short) 0x4500)
                .putShort((short) (40 + length))
                .putShort((short) packets)
                .putShort((short) 0x4000);
        block.putShort((short) (fromClient ? 0x4006 : 0x3f06)).putShort((short) 0);
        block.putInt(fromClient ? client : server).putInt(fromClient ? server : client);
        short port = (short) (20_000 + flow % 40_000);
        block.putShort(fromClient ? port : (short) 8443).putShort(fromClient ? (short) 8443 : port);
        block.putInt(sequence).putInt(acknowledged);
        block.putShort((short) (0x5000 | flags)).putShort((short) 1000).putInt(0);
        if (length > 0) {
            block.put((byte) 23).putShort((short) 0x0303).putShort((short) (length - TLS_HEADER));
            block.put(ENCRYPTED);
        }
        packets++;
    }

    private void flush() throws IOException {
        block.flip();
        while (block.hasRemaining()) {
            out.write(block);
        }
        block.clear();
    }
}
