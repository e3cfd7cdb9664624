package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;

/// Whether an answer is over, where its protocol does not tell: by the size of its packets, beside
/// that of segments and of what programs write at once.
final class ShortAnswer {

    /// An answer of no more bytes was not cut by the size of packets.
    private static final int ONE_PACKET = 1200;

    /// Of the option, as it is padded (RFC 7323, appendix A).
    private static final int TIMESTAMP_BYTES = 12;

    /// Programs write multiples of this, in the middle of an answer.
    private static final int WRITTEN_AT_ONCE = 512;

    /// Packets that differ by no more than one in so many say the same kind of thing.
    private static final int ANOTHER = 16;

    /// As many that say the same kind of thing are a stream.
    private static final int EVENTS = 3;

    private ShortAnswer() {}

    /// Whether `last` is shorter than packets can be: alone, or beside the others of its answer. A
    /// host sees several of its own as one (TSO, GRO): then the last of these is.
    static boolean ends(List<Packet> before, Packet last) {
        List<Packet> answer = lastAnswer(before);
        int all = 0;
        int longest = 0;
        int alike = 0;
        for (Packet packet : answer) {
            all += packet.length();
            longest = Math.max(longest, packet.isSame(last) ? 0 : packet.length());
            alike += Math.abs(packet.length() - last.length()) <= last.length() / ANOTHER ? 1 : 0;
        }
        int segment = segment(before, last);
        if (longest == 0 || (segment > 0 && last.length() > segment && all < 2 * segment)) {
            return isAlone(last, segment);
        }
        boolean atOnce = last.nanos() - answer.getFirst().nanos() < Closing.QUIET;
        // What a stream sends again and again is about as long each time.
        return (all <= ONE_PACKET && atOnce && alike < EVENTS)
                || (last.length() < longest && !mayGoOn(answer));
    }

    /// What the server has said since the client had, but for what it repeated.
    private static List<Packet> lastAnswer(List<Packet> before) {
        int from = before.size();
        while (from > 0 && !(before.get(from - 1).hasData() && before.get(from - 1).fromClient())) {
            from--;
        }
        List<Packet> answer = new ArrayList<>();
        for (Packet packet : before.subList(from, before.size())) {
            boolean isNew = answer.isEmpty() || packet.end() - answer.getLast().end() > 0;
            if (packet.hasData() && isNew) {
                answer.add(packet);
            }
        }
        return answer;
    }

    /// Whether an answer was not cut by the size of segments, nor by what programs write at once.
    ///
    /// @param segment 0 if that is not known
    private static boolean isAlone(Packet answer, int segment) {
        return answer.length() <= ONE_PACKET
                || (segment > 0
                        && answer.length() < 2 * segment
                        && answer.length() % segment != 0
                        && answer.length() % WRITTEN_AT_ONCE != 0);
    }

    /// Whether what a program wrote at once ended in a short packet in the middle of the answer
    /// too, and was no longer than what it wrote last: who writes equal blocks and ends with a
    /// shorter one does not go on. What it wrote first does not count if it was shorter, as a head
    /// is, nor what was not captured as a whole.
    private static boolean mayGoOn(List<Packet> answer) {
        int longest = 0;
        int first = Integer.MAX_VALUE;
        int shortest = Integer.MAX_VALUE;
        int written = 0;
        int writes = 0;
        long next = answer.getFirst().sequence();
        boolean whole = true;
        for (Packet packet : answer.subList(0, answer.size() - 1)) {
            longest = Math.max(longest, packet.length());
            whole &= packet.sequence() == next;
            next = packet.end();
            written += packet.length();
            if (packet.has(Decoder.PSH)) {
                boolean inside = whole && packet.length() < longest;
                if (writes++ == 0) {
                    first = inside ? written : first;
                } else {
                    shortest = inside ? Math.min(shortest, written) : shortest;
                }
                written = 0;
                whole = true;
            }
        }
        int last = written + answer.getLast().length();
        return last == first || last >= shortest;
    }

    /// How many bytes a segment of the server can have, as the client had said in its SYN (RFC
    /// 9293, 3.7.1) and the server too; 0 if that was not captured.
    private static int segment(List<Packet> before, Packet said) {
        int client = Packets.first(before, Packet::isSyn).map(Packet::segmentSize).orElse(0);
        int server = Packets.first(before, Packet::isSynAck).map(Packet::segmentSize).orElse(0);
        int least = Math.min(client, server);
        return least == 0 ? 0 : least - (said.hasTimestamp() ? TIMESTAMP_BYTES : 0);
    }
}
