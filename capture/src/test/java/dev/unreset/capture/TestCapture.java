package dev.unreset.capture;

import static java.math.BigDecimal.TWO;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Builds captures for tests, packet by packet.
final class TestCapture {

    static final int CLIENT = 0x0a000001;
    static final int SERVER = 0xc0000201;
    static final int CLIENT_PORT = 40000;

    private static final int DATAGRAM = 1400;

    private final List<byte[]> frames = new ArrayList<>();
    private final List<Long> nanos = new ArrayList<>();
    private final int serverPort;
    private long now = 1_700_000_000_000_000_000L;
    private int clientId = 100;
    private int serverId = 5000;
    private int serverTtl = 57;
    private int client = CLIENT;
    private int clientPort = CLIENT_PORT;
    private boolean timestamps;
    private int segmentSize = 1460;

    /// Where a packet's window is, behind an IP header without options.
    private static final int WINDOW = 20 + 14;

    // Where fields of an IPv4 packet are.
    private static final int TOTAL_LENGTH = 2;
    private static final int TTL = 8;
    private static final int SOURCE = 12;

    TestCapture(int serverPort) {
        this.serverPort = serverPort;
    }

    TestCapture() {
        this(443);
    }

    /// The packets that follow belong to the client's connection from `port`.
    TestCapture from(int port) {
        clientPort = port;
        return this;
    }

    /// The packets that follow are of a connection from another client.
    TestCapture fromAnotherHost() {
        client = CLIENT + 1;
        return this;
    }

    /// The most bytes of a segment, as SYNs say from now on.
    TestCapture withSegmentsOf(int bytes) {
        segmentSize = bytes;
        return this;
    }

    /// Both stacks send time stamps from now on; what is forged or passive has none.
    TestCapture withTimestamps() {
        timestamps = true;
        return this;
    }

    TestCapture after(double seconds) {
        now += (long) (seconds * 1e9);
        return this;
    }

    /// SYN, SYN-ACK, ACK, 20 ms apart.
    TestCapture handshake() {
        return client("S", 0, 0, "")
                .after(0.02)
                .server("SA", 0, 1, "")
                .after(0.0001)
                .client("A", 1, 1, "");
    }

    TestCapture client(String flags, int sequence, int acknowledged, String payload) {
        return add(true, flags, sequence, acknowledged, payload, 64, clientId++);
    }

    TestCapture server(String flags, int sequence, int acknowledged, String payload) {
        return add(false, flags, sequence, acknowledged, payload, serverTtl, serverId++);
    }

    /// A packet that names the server as its source and comes from elsewhere.
    TestCapture forged(String flags, int sequence, int acknowledged, int ttl) {
        return add(false, flags, sequence, acknowledged, "", ttl, 0);
    }

    /// The same in the client's name.
    TestCapture forgedOfClient(String flags, int sequence, int acknowledged, int ttl) {
        return add(true, flags, sequence, acknowledged, "", ttl, 0);
    }

    /// Data that names the server as its source and comes from elsewhere.
    TestCapture forgedData(String flags, int sequence, int acknowledged, String payload) {
        return add(false, flags, sequence, acknowledged, payload, 119, 7);
    }

    /// The stack's answer for a socket that it does not have: no id, no window.
    TestCapture serverPassive(String flags, int sequence, int acknowledged) {
        return add(false, flags, sequence, acknowledged, "", serverTtl, 0);
    }

    /// The same of the client's stack.
    TestCapture clientPassive(String flags, int sequence, int acknowledged) {
        return add(true, flags, sequence, acknowledged, "", 64, 0);
    }

    /// An acknowledgement of a client that has no room for more: its window is 0.
    TestCapture clientFull(int sequence, int acknowledged) {
        client("A", sequence, acknowledged, "");
        ByteBuffer.wrap(frames.getLast()).putShort(WINDOW, (short) 0);
        return this;
    }

    /// Data of which the capture has the headers alone.
    TestCapture clientHeaders(int sequence, int acknowledged, int length) {
        return client("A", sequence, acknowledged, "").withLength(length);
    }

    /// The same of the server.
    TestCapture serverHeaders(int sequence, int acknowledged, int length) {
        return server("A", sequence, acknowledged, "").withLength(length);
    }

    private TestCapture withLength(int length) {
        byte[] frame = frames.getLast();
        ByteBuffer.wrap(frame).putShort(TOTAL_LENGTH, (short) (frame.length + length));
        return this;
    }

    /// `reporter` says by ICMP, type 3, that a segment of the client could not be delivered.
    TestCapture unreachable(int reporter, int code, int sequence) {
        ByteBuffer ip = ByteBuffer.allocate(20 + 8 + 20 + 8);
        ip.putShort((short) 0x4500).putShort((short) ip.capacity());
        ip.putInt(0).put((byte) 64).put((byte) 1).putShort((short) 0);
        ip.putInt(reporter).putInt(CLIENT);
        ip.put((byte) 3).put((byte) code).putShort((short) 0).putInt(0);
        ip.putShort((short) 0x4500).putShort((short) 60).putInt(0);
        ip.put((byte) 63).put((byte) 6).putShort((short) 0);
        ip.putInt(CLIENT).putInt(SERVER);
        ip.putShort((short) clientPort).putShort((short) serverPort).putInt(sequence);
        return add(ip);
    }

    /// So many UDP datagrams of the server, each of 1400 bytes.
    TestCapture datagrams(int count) {
        for (int i = 0; i < count; i++) {
            ByteBuffer ip = ByteBuffer.allocate(20 + DATAGRAM);
            ip.putShort((short) 0x4500).putShort((short) ip.capacity());
            ip.putInt(0).put((byte) 64).put((byte) 17).putShort((short) 0);
            ip.putInt(SERVER).putInt(CLIENT);
            ip.putShort((short) 5000).putShort((short) 5000);
            ip.putShort((short) DATAGRAM).putShort((short) 0);
            add(ip.position(ip.capacity()));
        }
        return this;
    }

    private TestCapture add(ByteBuffer packet) {
        frames.add(bytes(packet));
        nanos.add(now);
        now += 100_000;
        return this;
    }

    private TestCapture add(
            boolean fromClient,
            String flags,
            int sequence,
            int acknowledged,
            String payload,
            int ttl,
            int id) {
        byte[] data = payload.getBytes(StandardCharsets.ISO_8859_1);
        boolean syn = (bits(flags) & Decoder.SYN) != 0;
        boolean stamped = timestamps && id != 0;
        int options = (syn ? 4 : 0) + (stamped ? 12 : 0);
        ByteBuffer ip = ByteBuffer.allocate(40 + options + data.length);
        ip.putShort((short) 0x4500).putShort((short) (40 + options + data.length));
        ip.putShort((short) id)
                .putShort((short) 0x4000)
                .put((byte) ttl)
                .put((byte) 6)
                .putShort((short) 0);
        ip.putInt(fromClient ? client : SERVER).putInt(fromClient ? SERVER : client);
        ip.putShort((short) (fromClient ? clientPort : serverPort));
        ip.putShort((short) (fromClient ? serverPort : clientPort));
        int words = 5 + options / 4;
        ip.putInt(sequence).putInt(acknowledged).putShort((short) (words << 12 | bits(flags)));
        ip.putShort((short) (id == 0 ? 0 : 500)).putInt(0);
        if (syn) {
            // Kind 2, 4 bytes.
            ip.putShort((short) 0x0204).putShort((short) segmentSize);
        }
        if (stamped) {
            // Two NOPs, then the option: kind 8, 10 bytes, milliseconds, nothing echoed.
            ip.putInt(0x0101080a).putInt((int) (now / 1_000_000)).putInt(0);
        }
        return add(ip.put(data));
    }

    private static int bits(String flags) {
        int bits = 0;
        for (int i = 0; i < flags.length(); i++) {
            bits |=
                    switch (flags.charAt(i)) {
                        case 'F' -> Decoder.FIN;
                        case 'S' -> Decoder.SYN;
                        case 'R' -> Decoder.RST;
                        case 'P' -> Decoder.PSH;
                        default -> Decoder.ACK;
                    };
        }
        return bits;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.position()];
        buffer.get(0, bytes);
        return bytes;
    }

    /// The same IPv4 packets as they are seen at the server, one router and so many seconds away.
    TestCapture atServer(double seconds) {
        long way = (long) (seconds * 1e9);
        TestCapture there = new TestCapture(serverPort);
        IntStream.range(0, frames.size())
                .boxed()
                .sorted(Comparator.comparingLong(i -> nanos.get(i) + later(i, way)))
                .forEach(i -> {
                    byte[] frame = frames.get(i).clone();
                    frame[TTL] -= (byte) Long.signum(later(i, way));
                    there.frames.add(frame);
                    there.nanos.add(nanos.get(i) + later(i, way));
                });
        return there;
    }

    /// The client's packets come there later, and those of the server are there sooner.
    private long later(int i, long way) {
        return ByteBuffer.wrap(frames.get(i)).getInt(SOURCE) == SERVER ? -way : way;
    }

    /// A point that shows each packet twice, as a bridge's interfaces do.
    TestCapture twice() {
        TestCapture twice = new TestCapture(serverPort);
        for (int i = 0; i < frames.size(); i++) {
            for (int copy = 0; copy < 2; copy++) {
                twice.frames.add(frames.get(i));
                twice.nanos.add(nanos.get(i) + copy * 50_000L);
            }
        }
        return twice;
    }

    /// A capture of the same IPv4 packets that keeps at most so many bytes of each.
    TestCapture cutTo(int bytes) {
        TestCapture cut = new TestCapture(serverPort);
        frames.forEach(
                frame -> cut.frames.add(Arrays.copyOf(frame, Math.min(frame.length, bytes))));
        cut.nanos.addAll(nanos);
        return cut;
    }

    /// A capture that lost the packets from the one with the index `from` to the one before `to`.
    TestCapture without(int from, int to) {
        TestCapture without = new TestCapture(serverPort);
        for (int i = 0; i < frames.size(); i++) {
            if (i < from || i >= to) {
                without.frames.add(frames.get(i));
                without.nanos.add(nanos.get(i));
            }
        }
        return without;
    }

    /// The same packets, by a clock that is so many seconds ahead.
    TestCapture ahead(double seconds) {
        TestCapture ahead = new TestCapture(serverPort);
        ahead.frames.addAll(frames);
        nanos.forEach(time -> ahead.nanos.add(time + (long) (seconds * 1e9)));
        return ahead;
    }

    /// The same TCP segments in IPv6, which numbers no packets.
    TestCapture inIpv6() {
        frames.replaceAll(TestCapture::inIpv6);
        return this;
    }

    private static byte[] inIpv6(byte[] ipv4) {
        ByteBuffer from = ByteBuffer.wrap(ipv4);
        ByteBuffer ip = ByteBuffer.allocate(40 + ipv4.length - 20);
        ip.putInt(0x60000000).putShort((short) (ipv4.length - 20)).put((byte) 6).put(from.get(8));
        for (int address = 12; address < 20; address += 4) {
            ip.putLong(0x20010db800000000L).putLong(Integer.toUnsignedLong(from.getInt(address)));
        }
        return bytes(ip.put(ipv4, 20, ipv4.length - 20));
    }

    List<byte[]> ipPackets() {
        return frames;
    }

    /// As pcap with raw IP.
    byte[] pcap() {
        return pcap(ByteOrder.LITTLE_ENDIAN, false, LinkTypes.RAW, new byte[0]);
    }

    /// @param prefix what comes before each IP packet on the link
    byte[] pcap(ByteOrder order, boolean inNanos, int linkType, byte[] prefix) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteBuffer head = ByteBuffer.allocate(24).order(order);
        head.putInt(inNanos ? 0xa1b23c4d : 0xa1b2c3d4).putShort((short) 2).putShort((short) 4);
        head.putInt(0).putInt(0).putInt(65535).putInt(linkType);
        out.writeBytes(bytes(head));
        for (int i = 0; i < frames.size(); i++) {
            int size = prefix.length + frames.get(i).length;
            ByteBuffer record = ByteBuffer.allocate(16).order(order);
            long time = nanos.get(i);
            record.putInt((int) (time / 1_000_000_000L));
            record.putInt((int) (time % 1_000_000_000L / (inNanos ? 1 : 1000)));
            record.putInt(size).putInt(prefix.length + onTheWire(frames.get(i)));
            out.writeBytes(bytes(record));
            out.writeBytes(prefix);
            out.writeBytes(frames.get(i));
        }
        return out.toByteArray();
    }

    /// How long an IP packet was before it was cut.
    private static int onTheWire(byte[] ip) {
        int length = ByteBuffer.wrap(ip).getShort(TOTAL_LENGTH) & 0xffff;
        return ip[0] >>> 4 == 4 ? Math.max(ip.length, length) : ip.length;
    }

    /// As pcapng: a section with an unknown block, an interface that counts in `10^-resolution` s.
    byte[] pcapng(ByteOrder order, int resolution) {
        return pcapng(order, resolution, 0);
    }

    /// @param resolution as `if_tsresol`
    /// @param offset seconds, as `if_tsoffset`
    byte[] pcapng(ByteOrder order, int resolution, long offset) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        section(out, order);
        block(out, order, 0x0bad, ByteBuffer.allocate(8).order(order).putLong(1));
        link(out, order, resolution, offset);
        for (int i = 0; i < frames.size(); i++) {
            packet(out, order, units(nanos.get(i) - offset * 1_000_000_000, resolution), 0, i);
        }
        return out.toByteArray();
    }

    /// @param time in nanoseconds, unsigned
    private static long units(long time, int resolution) {
        BigDecimal seconds = new BigDecimal(Long.toUnsignedString(time)).movePointLeft(9);
        int power = resolution & 0x7f;
        BigDecimal perSecond =
                resolution == power ? BigDecimal.ONE.movePointRight(power) : TWO.pow(power);
        return seconds.multiply(perSecond).toBigInteger().longValue();
    }

    /// As pcapng, these packets at the first interface and those of `other` at the second, in order
    /// of time.
    byte[] mergedWith(TestCapture other) {
        ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        section(out, order);
        link(out, order, 9, 0);
        link(out, order, 9, 0);
        int next = 0;
        for (int i = 0; i < frames.size(); i++) {
            while (next < other.frames.size() && other.nanos.get(next) < nanos.get(i)) {
                other.packet(out, order, other.nanos.get(next), 1, next++);
            }
            packet(out, order, nanos.get(i), 0, i);
        }
        while (next < other.frames.size()) {
            other.packet(out, order, other.nanos.get(next), 1, next++);
        }
        return out.toByteArray();
    }

    private static void section(ByteArrayOutputStream out, ByteOrder order) {
        ByteBuffer section = ByteBuffer.allocate(16).order(order);
        section.putInt(0x1a2b3c4d).putShort((short) 1).putShort((short) 0).putLong(-1);
        block(out, order, 0x0a0d0d0a, section);
    }

    private static void link(
            ByteArrayOutputStream out, ByteOrder order, int resolution, long offset) {
        ByteBuffer link = ByteBuffer.allocate(offset == 0 ? 20 : 32).order(order);
        link.putShort((short) LinkTypes.RAW).putShort((short) 0).putInt(0);
        link.putShort((short) 9).putShort((short) 1).put((byte) resolution).position(16);
        if (offset != 0) {
            link.putShort((short) 14).putShort((short) 8).putLong(offset);
        }
        link.putInt(0);
        block(out, order, 1, link);
    }

    private void packet(ByteArrayOutputStream out, ByteOrder order, long units, int at, int i) {
        byte[] frame = frames.get(i);
        ByteBuffer packet = ByteBuffer.allocate(20 + ((frame.length + 3) & ~3)).order(order);
        packet.putInt(at).putInt((int) (units >>> 32)).putInt((int) units);
        packet.putInt(frame.length).putInt(frame.length).put(frame);
        packet.position(packet.capacity());
        block(out, order, 6, packet);
    }

    private static void block(
            ByteArrayOutputStream out, ByteOrder order, int type, ByteBuffer body) {
        int length = 12 + body.position();
        out.writeBytes(bytes(ByteBuffer.allocate(8).order(order).putInt(type).putInt(length)));
        out.writeBytes(bytes(body));
        out.writeBytes(bytes(ByteBuffer.allocate(4).order(order).putInt(length)));
    }
}
