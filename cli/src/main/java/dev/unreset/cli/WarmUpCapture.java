package dev.unreset.cli;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A capture for the training run: many interleaved connections, a few of them reset.
final class WarmUpCapture {

    private static final int FLOWS = 4000;
    private static final int ROUNDS = 40;
    private static final int DATA = 400;

    private WarmUpCapture() {}

    static void write(Path file) throws IOException {
        byte[] data = new byte[DATA];
        try (DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.writeInt(0xa1b2c3d4);
            out.writeInt(0x00020004);
            out.writeLong(0);
            out.writeInt(65535);
            out.writeInt(1);
            for (int round = 0; round < ROUNDS; round++) {
                for (int flow = 0; flow < FLOWS; flow++) {
                    packet(out, flow, round, data);
                }
            }
        }
    }

    /// SYN, SYN-ACK, then data in turn; at last FIN from both, or RST.
    private static void packet(DataOutputStream out, int flow, int round, byte[] data)
            throws IOException {
        boolean fromClient = round % 2 == 0;
        boolean opening = round < 2;
        boolean closing = round >= ROUNDS - 2;
        int flags =
                opening ? round == 0 ? 0x02 : 0x12 : closing ? flow % 200 == 0 ? 0x14 : 0x11 : 0x18;
        int length = opening || closing ? 0 : data.length;
        int said = Math.max(0, (round - 2) / 2);
        out.writeInt(round);
        out.writeInt(flow);
        out.writeInt(54 + length);
        out.writeInt(54 + length);
        out.writeLong(0x0200000000010200L);
        out.writeInt(fromClient ? 2 : 1);
        out.writeShort(0x0800);
        out.writeInt(0x45000000 | 40 + length);
        out.writeInt(round << 16 | 0x4000);
        out.writeInt(fromClient ? 0x40060000 : 0x3f060000);
        out.writeInt(fromClient ? 0x0a000001 : 0xc0000201);
        out.writeInt(fromClient ? 0xc0000201 : 0x0a000001);
        out.writeShort(fromClient ? 10_000 + flow : 8080);
        out.writeShort(fromClient ? 8080 : 10_000 + flow);
        out.writeInt(opening ? 0 : 1 + said * DATA);
        out.writeInt(round == 0 ? 0 : 1 + (round < 3 ? 0 : said * DATA));
        out.writeInt(0x50000000 | flags << 16 | 1000);
        out.writeInt(0);
        out.write(data, 0, length);
    }
}
