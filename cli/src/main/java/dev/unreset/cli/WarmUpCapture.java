package dev.unreset.cli;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A capture for the training run: many interleaved connections of several protocols, some of them
/// reset in several ways, so that the classes and call sites for all of them are known.
final class WarmUpCapture {

    /// Enough that the table of flows grows.
    private static final int FLOWS = 12_000;

    private static final int ROUNDS = 14;
    private static final int DATA = 400;

    /// Of so many connections, each in turn ends differently, on all of the ports.
    private static final int ENDINGS = 61;

    private static final int[] PORTS = {8080, 8443, 6379, 7000};

    /// So many connections are those of a server that aborts each upon a request, when it has
    /// reached an age, and as many those of one that aborts them when they are idle.
    private static final int TIMED = 40;

    private static final int PORT_OF_TIMED = 7001;
    private static final int PORT_OF_IDLE = 7002;

    private static final int FIN_ACK = 0x11;
    private static final int SYN = 0x02;
    private static final int SYN_ACK = 0x12;
    private static final int PSH_ACK = 0x18;
    private static final int RST = 0x04;
    private static final int RST_ACK = 0x14;

    private final DataOutputStream out;

    /// What clients and servers say: HTTP, a text protocol, TLS, and what no protocol begins with.
    private final List<byte[]> requests =
            padded(
                    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                    "*1\r\n$4\r\nPING\r\n",
                    "\u0016\u0003\u0001\u0001\u0000\u0001",
                    "\u0000\u0001");

    private final List<byte[]> answers =
            padded(
                    "HTTP/1.1 503 Service Unavailable\r\n\r\n",
                    "-ERR max number of clients reached\r\n",
                    "\u0015\u0003\u0003\u0000\u0002\u0002(",
                    "\u0000\u0001");

    private WarmUpCapture(DataOutputStream out) {
        this.out = out;
    }

    static void write(Path file) throws IOException {
        try (DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.writeInt(0xa1b2c3d4);
            out.writeInt(0x00020004);
            out.writeLong(0);
            out.writeInt(65535);
            out.writeInt(1);
            WarmUpCapture capture = new WarmUpCapture(out);
            for (int round = 0; round < ROUNDS; round++) {
                for (int flow = 0; flow < FLOWS; flow++) {
                    capture.packet(flow, round);
                }
            }
        }
    }

    private static List<byte[]> padded(String... texts) {
        return Arrays.stream(texts)
                .map(text -> Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), DATA))
                .toList();
    }

    /// SYN, SYN-ACK, then data in turn; at last FIN from both, or RST.
    private void packet(int flow, int round) throws IOException {
        boolean fromClient = round % 2 == 0;
        boolean opening = round < 2;
        boolean timed = flow < TIMED;
        boolean idle = !timed && flow < 2 * TIMED;
        if (idle && round == ROUNDS - 2) {
            return;
        }
        boolean closing = round >= (timed ? ROUNDS - 1 : ROUNDS - 2);
        int length = opening || closing ? 0 : DATA;
        int segments = Math.max(0, (round - 2) / 2);
        int client = 10_000 + flow;
        int server = timed ? PORT_OF_TIMED : idle ? PORT_OF_IDLE : PORTS[flow % PORTS.length];
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
        out.writeShort(fromClient ? client : server);
        out.writeShort(fromClient ? server : client);
        out.writeInt(opening ? 0 : 1 + segments * DATA);
        out.writeInt(round == 0 ? 0 : 1 + (round < 3 ? 0 : segments * DATA));
        int flags = opening ? round == 0 ? SYN : SYN_ACK : closing ? ending(flow, round) : PSH_ACK;
        out.writeInt(0x50000000 | flags << 16 | (flags == RST ? 0 : 1000));
        out.writeInt(0);
        List<byte[]> said = fromClient ? requests : answers;
        out.write(said.get(flow / ENDINGS % said.size()), 0, length);
    }

    /// One in twenty is reset: by the client, by the server, or by a stack that does not know it.
    private static int ending(int flow, int round) {
        if (flow < 2 * TIMED) {
            return RST_ACK;
        }
        boolean first = round == ROUNDS - 2;
        return switch (flow % ENDINGS) {
            case 0 -> first ? FIN_ACK : RST_ACK;
            case 20, 21 -> first ? PSH_ACK : RST_ACK;
            case 40 -> first ? RST_ACK : FIN_ACK;
            case 41 -> first ? PSH_ACK : RST;
            default -> FIN_ACK;
        };
    }
}
