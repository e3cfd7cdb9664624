package dev.unreset.capture;

import java.util.List;
import java.util.stream.IntStream;

/// One TCP segment of a connection that is looked at closely.
///
/// @param file index of its file
/// @param number in that file, from 1, as Wireshark shows it
/// @param fromClient whether the client's address is its source
/// @param sequence see [SideNumbers]
/// @param acknowledged a number of the other side; where that is 0 on the wire, it may be that none
///   is meant
/// @param length payload bytes on the wire
/// @param ipId -1 where there is none
/// @param tsValue TCP time stamp; 0 where there is none
/// @param segmentSize the most bytes of a segment that its side takes, as it says in a SYN (RFC
///   9293, 3.7.1); 0 where it says nothing
/// @param vantage where it was seen: file and interface
/// @param twins the same packet seen elsewhere
/// @param payload what was captured of the payload, at most the first bytes
record Packet(
        int file,
        long number,
        long nanos,
        boolean fromClient,
        long sequence,
        long acknowledged,
        int flags,
        int window,
        int headerBytes,
        int length,
        int ttl,
        int ipId,
        boolean hasTimestamp,
        int tsValue,
        int segmentSize,
        long sourceMac,
        int vantage,
        Payload payload,
        List<Sighting> twins) {

    /// No path has more points at which a packet was seen.
    private static final int MOST_TWINS = 16;

    /// Of these, a port that mirrors others shows no more; what comes more often are packets that
    /// say the same.
    private static final int MOST_COPIES = 4;

    /// By the five flags that are shown.
    private static final List<String> FLAG_TEXTS =
            IntStream.range(0, 32).mapToObj(Packet::flagText).toList();

    /// The same packet at another point of the path.
    record Sighting(int vantage, int ttl, long nanos, int file, long number) {}

    /// A message that quotes a segment and is none: without flags, payload or window.
    ///
    /// @param sequence of the segment that it quotes
    static Packet ofMessage(
            int file,
            long number,
            long nanos,
            boolean fromClient,
            long sequence,
            int ttl,
            int vantage) {
        return new Packet(
                file,
                number,
                nanos,
                fromClient,
                sequence,
                0,
                0,
                0,
                0,
                0,
                ttl,
                -1,
                false,
                0,
                0,
                0,
                vantage,
                Payload.NONE,
                List.of());
    }

    /// Notes that it was seen once more, as `twin`, of which more of the payload may be captured.
    void addSighting(Packet twin) {
        if (length > 0) {
            payload.takeMoreOf(twin.payload);
        }
        if (twins.size() < MOST_TWINS && timesAt(twin.vantage) < MOST_COPIES) {
            twins.add(twin.sighting());
        }
    }

    private int timesAt(int point) {
        int times = vantage == point ? 1 : 0;
        for (Sighting twin : twins) {
            times += twin.vantage == point ? 1 : 0;
        }
        return times;
    }

    /// As it was seen first.
    Sighting sighting() {
        return new Sighting(vantage, ttl, nanos, file, number);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean isSame(Packet other) {
        return file == other.file && number == other.number;
    }

    boolean isRst() {
        return has(Decoder.RST);
    }

    boolean isSyn() {
        return has(Decoder.SYN) && !has(Decoder.ACK);
    }

    boolean isSynAck() {
        return has(Decoder.SYN) && has(Decoder.ACK);
    }

    boolean isFin() {
        return has(Decoder.FIN);
    }

    boolean hasData() {
        return length > 0 && !has(Decoder.SYN);
    }

    /// The sequence number after it.
    long end() {
        return sequence + length + (has(Decoder.SYN) ? 1 : 0) + (has(Decoder.FIN) ? 1 : 0);
    }

    /// `[S]`, `[R.]` and so on, as tcpdump prints them.
    String flagText() {
        return FLAG_TEXTS.get(flags & 31);
    }

    private static String flagText(int flags) {
        return "["
                + ((flags & Decoder.SYN) != 0 ? "S" : "")
                + ((flags & Decoder.FIN) != 0 ? "F" : "")
                + ((flags & Decoder.RST) != 0 ? "R" : "")
                + ((flags & Decoder.PSH) != 0 ? "P" : "")
                + ((flags & Decoder.ACK) != 0 ? "." : "")
                + "]";
    }

    double seconds() {
        return nanos / 1e9;
    }

    /// Whether its sequence number is 0 on the wire: some stacks set none in a RST.
    boolean startsAtZero() {
        return (int) sequence == 0;
    }

    /// Whether it acknowledges the other side's number 0: some stacks set none in a RST.
    boolean acknowledgesZero() {
        return (int) acknowledged == 0;
    }
}
