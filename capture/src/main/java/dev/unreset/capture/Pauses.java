package dev.unreset.capture;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Who had spoken when, before a packet: what rules ask of the time before an end.
final class Pauses {

    /// Parting words come so shortly before the end; a TLS server waits for an answer to its own.
    static final long FAREWELL = 500_000_000;

    /// No host is up again sooner.
    private static final long QUICKER_THAN_A_BOOT = 500_000_000;

    private Pauses() {}

    /// How long no packet had come before `packet`, resets aside.
    static long pauseBefore(Story story, Packet packet) {
        return Packets.last(story.before(packet), last -> !last.isRst())
                .map(last -> packet.nanos() - last.nanos())
                .orElse(0L);
    }

    /// Whether `idle` is long beside the connection's other pauses.
    static boolean isLong(Story story, Packet rst, long idle) {
        List<Packet> packets = story.before(rst);
        long[] gaps = new long[Math.max(0, packets.size() - 1)];
        for (int i = 1; i < packets.size(); i++) {
            gaps[i - 1] = packets.get(i).nanos() - packets.get(i - 1).nanos();
        }
        Arrays.sort(gaps);
        long median = gaps.length == 0 ? 0 : gaps[gaps.length / 2];
        return idle >= 10 * median;
    }

    /// How long nobody had said anything: acknowledgements and keep-alive probes are no speech. 0
    /// where the capture lacks what was said.
    static long silenceBefore(Story story, Packet packet) {
        if (!story.connection().uncapturedBefore(packet).isNothing()) {
            return 0;
        }
        return lastSpeech(story, packet)
                .map(last -> packet.nanos() - last.nanos())
                .orElseGet(() -> pauseBefore(story, packet));
    }

    /// The last packet before `packet` that said something: data, or the handshake. What `packet`
    /// does not acknowledge had not come to its sender: it is not counted.
    static Optional<Packet> lastSpeech(Story story, Packet packet) {
        for (Packet last : story.before(packet).reversed()) {
            boolean probe = last.length() <= 1 && isRepeated(story, last);
            boolean speech = (last.hasData() && !probe) || last.has(Decoder.SYN);
            if (speech && !last.isRst() && !crossed(last, packet)) {
                return Optional.of(last);
            }
        }
        return Optional.empty();
    }

    /// Whether the data `said` met `packet`, of the other side, on the way.
    static boolean crossed(Packet said, Packet packet) {
        return said.fromClient() != packet.fromClient()
                && said.hasData()
                && packet.has(Decoder.ACK)
                && said.end() - packet.acknowledged() > 0;
    }

    /// Whether all that `packet` says had been said before it: a copy, or a keep-alive probe.
    private static boolean isRepeated(Story story, Packet packet) {
        return Packets.any(
                story.before(packet),
                earlier ->
                        earlier.fromClient() == packet.fromClient()
                                && !earlier.isRst()
                                && earlier.end() - packet.end() >= 0);
    }

    /// What the server said in one go with its end, unless the client had asked for it; else its
    /// end.
    static Packet partingWords(Story story, Packet end) {
        Packet first = end;
        for (Packet packet : story.before(end).reversed()) {
            if (end.nanos() - packet.nanos() > FAREWELL) {
                break;
            }
            boolean heard = packet.hasData() && packet.fromClient() && !crossed(packet, end);
            if (heard && !isRepeated(story, packet)) {
                return end;
            }
            first = packet.hasData() && !packet.fromClient() ? packet : first;
        }
        return first;
    }

    static Packet firstCopy(Story story, Packet repeated) {
        return Packets.first(
                        story.before(repeated),
                        packet ->
                                packet.fromClient() == repeated.fromClient()
                                        && packet.end() == repeated.end()
                                        && (packet.hasData() || packet.isFin()))
                .orElse(repeated);
    }

    static Optional<Packet> serverFin(Story story, Packet rst) {
        return story.connection().hasFin(false)
                ? Packets.first(story.before(rst), packet -> packet.isFin() && !packet.fromClient())
                : Optional.empty();
    }

    /// `R`, or no options and no window: the stack answered for a socket that it does not have.
    static boolean isPassive(Packet rst) {
        return !rst.has(Decoder.ACK)
                || (rst.window() == 0 && rst.headerBytes() == 20 && rst.ipId() <= 0);
    }

    /// Whether the RST's side had been heard of so shortly before, after its SYN, that its host
    /// cannot have been restarted, and all that it sent was captured.
    static boolean wasThere(Story story, Packet rst) {
        List<Packet> before = story.before(rst);
        for (Packet packet : before.reversed()) {
            boolean own = packet.fromClient() == rst.fromClient();
            if (own && (packet.isFin() || packet.isRst())) {
                return false;
            }
            if (own && !packet.has(Decoder.SYN)) {
                return rst.nanos() - packet.nanos() < QUICKER_THAN_A_BOOT
                        && rst.sequence() - packet.end() <= 0;
            }
        }
        return false;
    }

    /// Keep-alive probes of the RST's side since somebody had last said something: no new byte, one
    /// number below the next (RFC 9293, 3.8.4). Probes of a closed window look the same.
    static long probes(List<Packet> before, Packet rst) {
        long probes = 0;
        boolean spoke = false;
        long sent = 0;
        for (Packet packet : before) {
            boolean own = packet.fromClient() == rst.fromClient();
            boolean isNew = own && packet.hasData() && spoke && packet.end() > sent;
            boolean probe =
                    own
                            && packet.length() <= 1
                            && !packet.isFin()
                            && !packet.has(Decoder.SYN)
                            && !isNew
                            && packet.sequence() == rst.sequence() - 1;
            if (probe) {
                probes++;
            } else if (packet.hasData() || (!own && packet.window() == 0)) {
                probes = 0;
            }
            if (own) {
                sent = spoke ? Math.max(sent, packet.end()) : packet.end();
                spoke = true;
            }
        }
        return probes;
    }
}
