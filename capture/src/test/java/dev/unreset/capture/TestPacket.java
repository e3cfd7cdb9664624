package dev.unreset.capture;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A packet of a connection, for tests of rules that look at what [TestCapture] cannot vary: by
/// default an acknowledgement without data, 64 hops at most and none travelled, at one point.
final class TestPacket {

    private final boolean fromClient;
    private final long nanos;
    private long sequence = 1;
    private long acknowledged = 1;
    private int flags = Decoder.ACK;
    private String said = "";
    private int length;
    private int ttl = 64;
    private int ipId = -1;
    private int timestamp;
    private long sourceMac;
    private int file;
    private final List<Packet.Sighting> twins = new ArrayList<>();

    private TestPacket(boolean fromClient, double seconds) {
        this.fromClient = fromClient;
        this.nanos = Math.round(seconds * 1e9);
    }

    static TestPacket client(double seconds) {
        return new TestPacket(true, seconds);
    }

    static TestPacket server(double seconds) {
        return new TestPacket(false, seconds);
    }

    TestPacket flags(int each) {
        this.flags = each;
        return this;
    }

    TestPacket numbers(long own, long other) {
        this.sequence = own;
        this.acknowledged = other;
        return this;
    }

    TestPacket says(String words) {
        this.said = words;
        this.length = words.length();
        return this;
    }

    TestPacket ttl(int left) {
        this.ttl = left;
        return this;
    }

    TestPacket ipId(int id) {
        this.ipId = id;
        return this;
    }

    TestPacket timestamp(int value) {
        this.timestamp = value;
        return this;
    }

    TestPacket mac(long address) {
        this.sourceMac = address;
        return this;
    }

    /// Captured in the file with this index.
    TestPacket in(int index) {
        this.file = index;
        return this;
    }

    /// Seen at another point too: at the first interface of the file with this index.
    TestPacket alsoIn(int index, int left) {
        twins.add(new Packet.Sighting(vantage(index), left, nanos, index, 1));
        return this;
    }

    private static int vantage(int file) {
        return file << 16;
    }

    Packet build(long number) {
        return new Packet(
                file,
                number,
                nanos,
                fromClient,
                sequence,
                acknowledged,
                flags,
                500,
                20,
                length,
                ttl,
                ipId,
                timestamp != 0,
                timestamp,
                0,
                sourceMac,
                vantage(file),
                said.isEmpty()
                        ? Payload.NONE
                        : new Payload(said.getBytes(StandardCharsets.ISO_8859_1)),
                twins);
    }
}
