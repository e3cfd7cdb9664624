package dev.unreset.capture;

import dev.unreset.Evidence;
import dev.unreset.Sender;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntToLongFunction;

/// Who sent a RST: each rule is one method, named as in docs/how-resets-are-attributed.md, and says
/// what it saw in decibans.
final class Attribution {

    /// Below this round trip, time says nothing about distance.
    private static final long LEAST_ROUND_TRIP = 1_000_000;

    /// Bits in which the copies at one point are counted.
    private static final int COPIES = 8;

    private static final long TOGETHER = 10_000_000;
    private static final long TWO_SECONDS = 2_000_000_000L;

    /// What is sent first does not arrive so much later.
    private static final long REORDERED = 5_000_000;

    /// A genuine reset's IP-ID follows the sender's last by no more.
    private static final int NEXT_IDS = 64;

    private final Facts facts;
    private final RoundTrips roundTrips;
    private final UsualTtls ttls;
    private final IntToLongFunction lastNanos;

    /// @param files the names of the captures, for places
    /// @param lastNanos the time of the last packet in each of them
    Attribution(
            List<String> files,
            RoundTrips roundTrips,
            UsualTtls ttls,
            IntToLongFunction lastNanos) {
        this.facts = new Facts(files);
        this.lastNanos = lastNanos;
        this.roundTrips = roundTrips;
        this.ttls = ttls;
    }

    /// What speaks for each sender of the story's RST.
    List<Evidence> evidence(Story story) {
        List<Evidence> evidence = new ArrayList<>();
        story.rejection().map(said -> reporter(story, said)).ifPresent(evidence::add);
        if (story.decisive().isEmpty() || !story.decisive().get().isRst()) {
            return evidence;
        }
        Packet rst = story.decisive().get();
        evidence.add(sourceAddress(rst));
        hopDistance(story, rst).or(() -> neighbourOfClient(story, rst)).ifPresent(evidence::add);
        impossibleBehaviour(story, rst).ifPresent(evidence::add);
        tooFast(story, rst).ifPresent(evidence::add);
        notSeenAtItsSource(story, rst).ifPresent(evidence::add);
        stackForm(story, rst).or(() -> foreignStack(story, rst)).ifPresent(evidence::add);
        bothDirections(story, rst).ifPresent(evidence::add);
        otherHardware(story, rst).ifPresent(evidence::add);
        return evidence;
    }

    private static Sender claimed(Packet rst) {
        return rst.fromClient() ? Sender.CLIENT : Sender.SERVER;
    }

    /// Who rejects by ICMP gives its own address.
    private Evidence reporter(Story story, Unreachable said) {
        boolean server = said.reporter().equals(story.connection().server().address());
        return facts.of(said.packet(), said.words())
                .weighs(server ? Sender.SERVER : Sender.MIDDLEBOX, 35);
    }

    /// The address says who it claims to be from; that is most often true.
    private Evidence sourceAddress(Packet rst) {
        return Evidence.of(
                        "its source address is the " + claimed(rst).label() + "'s",
                        facts.place(rst))
                .weighs(claimed(rst), 14);
    }

    /// Rule 1: a RST that travelled another number of hops comes from another place.
    private Optional<Evidence> hopDistance(Story story, Packet rst) {
        List<Packet.Sighting> sightings = new ArrayList<>(rst.twins());
        sightings.add(rst.sighting());
        for (Packet.Sighting seen : sightings) {
            Optional<Integer> usual = usualTtl(story, rst, seen.vantage());
            if (usual.isPresent()) {
                return Optional.of(compared(rst, seen.ttl(), usual.get()));
            }
        }
        return Optional.empty();
    }

    private Evidence compared(Packet rst, int ttl, int usual) {
        int hops = hops(ttl);
        int usualHops = hops(usual);
        if (ttl == usual) {
            return Evidence.of(
                            "it came as far as the "
                                    + claimed(rst).label()
                                    + "'s other packets (TTL "
                                    + ttl
                                    + ")",
                            facts.place(rst))
                    .weighs(claimed(rst), 8);
        }
        if (hops == usualHops) {
            return Evidence.of(
                            "the same distance, but another stack: TTL " + ttl + ", else " + usual,
                            facts.place(rst))
                    .weighs(claimed(rst), 3)
                    .weighs(Sender.MIDDLEBOX, 8);
        }
        return Evidence.of(
                        "it travelled "
                                + hops
                                + (hops == 1 ? " hop (TTL " : " hops (TTL ")
                                + ttl
                                + "), the "
                                + claimed(rst).label()
                                + "'s other packets "
                                + usualHops
                                + " (TTL "
                                + usual
                                + ")",
                        facts.place(rst))
                .weighs(Sender.MIDDLEBOX, Math.abs(hops - usualHops) == 1 ? 30 : 35);
    }

    /// Initial TTLs are 32, 64, 128 and 255.
    private static int hops(int ttl) {
        for (int initial : new int[] {32, 64, 128, 255}) {
            if (ttl <= initial) {
                return initial - ttl;
            }
        }
        return 0;
    }

    /// The TTL that packets of the RST's side have at `vantage`; empty if it varies or none was
    /// seen.
    private Optional<Integer> usualTtl(Story story, Packet rst, int vantage) {
        List<Integer> own = new ArrayList<>();
        List<Integer> handshake = new ArrayList<>();
        for (Packet packet : story.before(rst)) {
            if (packet.fromClient() == rst.fromClient() && !packet.isRst()) {
                List<Integer> into = packet.has(Decoder.SYN) ? handshake : own;
                if (packet.vantage() == vantage) {
                    into.add(packet.ttl());
                }
                for (Packet.Sighting twin : packet.twins()) {
                    if (twin.vantage() == vantage) {
                        into.add(twin.ttl());
                    }
                }
            }
        }
        List<Integer> seen = own.isEmpty() ? handshake : own;
        if (!seen.isEmpty()) {
            for (Integer ttl : seen) {
                if (!ttl.equals(seen.getLast())) {
                    return Optional.empty();
                }
            }
            return Optional.of(seen.getLast());
        }
        Connection connection = story.connection();
        Endpoint side = rst.fromClient() ? connection.client() : connection.server();
        return ttls.of(side, vantage);
    }

    /// Rule 1 without anything to compare: a RST that travelled no hop, from a server of another
    /// network, was made beside the client.
    private Optional<Evidence> neighbourOfClient(Story story, Packet rst) {
        boolean adjacent =
                !rst.fromClient()
                        && hops(rst.ttl()) == 0
                        && rst.twins().stream().allMatch(twin -> twin.ttl() == rst.ttl());
        boolean atClient = story.trigger().filter(trigger -> hops(trigger.ttl()) == 0).isPresent();
        Connection connection = story.connection();
        if (!adjacent || !atClient || isSameNetwork(connection.client(), connection.server())) {
            return Optional.empty();
        }
        return Optional.of(
                Evidence.of(
                                "it travelled no hop, but the server is in another network",
                                facts.place(rst))
                        .weighs(Sender.MIDDLEBOX, 22));
    }

    private static boolean isSameNetwork(Endpoint a, Endpoint b) {
        return a.isIpv4() ? a.low() >>> 8 == b.low() >>> 8 : a.high() == b.high();
    }

    /// Rule 2: what no TCP does (Weaver, Sommer and Paxson, NDSS 2009).
    private Optional<Evidence> impossibleBehaviour(Story story, Packet rst) {
        List<Packet> packets = story.connection().packets();
        for (Packet other : packets) {
            boolean sameSide = other.fromClient() == rst.fromClient() && !other.isSame(rst);
            long later = other.nanos() - rst.nanos();
            if (!sameSide || Math.abs(later) > TWO_SECONDS) {
                continue;
            }
            if (other.isRst() && other.ttl() != rst.ttl() && other.vantage() == rst.vantage()) {
                return impossible(other, "resets of one side have different TTLs");
            }
            if (other.isRst() && later >= 0 && jumps(packets, rst, other)) {
                return impossible(
                        other, "a second reset has a sequence number that nobody had reached");
            }
            if (!other.isRst()
                    && later > 0
                    && other.hasData()
                    && !rst.startsAtZero()
                    && other.end() - rst.sequence() > 0) {
                return Optional.of(
                        Evidence.of(
                                        "the side that seems to have reset sent more data",
                                        facts.place(other))
                                .weighs(Sender.MIDDLEBOX, later > REORDERED ? 50 : 32));
            }
            boolean stale =
                    !other.isRst()
                            && later <= 0
                            && other.hasData()
                            && other.end() - rst.sequence() > 0
                            && !wasAcknowledged(packets, rst);
            if (stale) {
                return impossible(rst, "its sequence number is below data sent before");
            }
        }
        return copiedId(story, rst).or(() -> twoVersions(packets));
    }

    /// A page that a censor puts in place of the server's, for instance.
    private Optional<Evidence> twoVersions(List<Packet> packets) {
        return otherVersion(packets)
                .flatMap(packet ->
                        impossible(
                                packet,
                                "the server seems to have said two things with one number"));
    }

    /// A packet in which the server says something else than in one from another distance.
    static Optional<Packet> otherVersion(List<Packet> packets) {
        Map<Long, Packet> fromServer = new HashMap<>();
        for (Packet packet : packets) {
            if (packet.fromClient() || !packet.hasData()) {
                continue;
            }
            Packet other = fromServer.putIfAbsent(packet.sequence(), packet);
            if (other != null
                    && other.ttl() != packet.ttl()
                    && !packet.payload().agreesWith(other.payload())) {
                return Optional.of(packet);
            }
        }
        return Optional.empty();
    }

    private static boolean jumps(List<Packet> packets, Packet first, Packet second) {
        boolean fins =
                Packets.any(packets, packet -> packet.isFin() && packet.nanos() < first.nanos());
        return !fins
                && second.sequence() - first.sequence() > 2
                && !first.startsAtZero()
                && !wasAcknowledged(packets, second);
    }

    /// A RST that answers a segment takes its number from that segment's acknowledgement.
    private static boolean wasAcknowledged(List<Packet> packets, Packet rst) {
        return Packets.any(
                packets,
                packet ->
                        packet.fromClient() != rst.fromClient()
                                && packet.has(Decoder.ACK)
                                && packet.acknowledged() == rst.sequence());
    }

    private Optional<Evidence> copiedId(Story story, Packet rst) {
        return story.trigger()
                .filter(trigger ->
                        rst.ipId() > 0
                                && (rst.ipId() == trigger.ipId()
                                        || rst.ipId() == trigger.ipId() - 26))
                .filter(trigger -> !isNextId(story, rst))
                .flatMap(trigger -> impossible(rst, "its IP-ID is copied from the packet before"));
    }

    private Optional<Evidence> impossible(Packet packet, String what) {
        return Optional.of(Evidence.of(what, facts.place(packet)).weighs(Sender.MIDDLEBOX, 32));
    }

    /// Rule 3: an answer that comes sooner than its sender can be reached.
    private Optional<Evidence> tooFast(Story story, Packet rst) {
        Connection connection = story.connection();
        Endpoint side = rst.fromClient() ? connection.client() : connection.server();
        long roundTrip = roundTrips.least(side, rst.vantage());
        // Of several packets with the same acknowledgement, any may be the one that it answers.
        Optional<Packet> trigger =
                Packets.first(
                        story.before(rst),
                        packet ->
                                packet.fromClient() != rst.fromClient()
                                        && packet.has(Decoder.ACK)
                                        && packet.acknowledged() == rst.sequence());
        if (roundTrip < LEAST_ROUND_TRIP || trigger.isEmpty()) {
            return Optional.empty();
        }
        long took = rst.nanos() - trigger.get().nanos();
        if (took >= roundTrip / 2) {
            return Optional.empty();
        }
        return Optional.of(
                Evidence.of(
                                String.format(
                                        Locale.ROOT,
                                        "it came %.2f ms after its trigger, the %s is %.2f ms away",
                                        took / 1e6,
                                        claimed(rst).label(),
                                        roundTrip / 1e6),
                                facts.place(rst))
                        .weighs(Sender.MIDDLEBOX, 28));
    }

    /// Rule 4: the other packets of its side were seen at a point that this one did not pass.
    private Optional<Evidence> notSeenAtItsSource(Story story, Packet rst) {
        Set<Long> own = points(rst);
        boolean passedAll =
                Packets.first(story.before(rst), packet -> isOther(packet, rst))
                        .map(first -> own.containsAll(points(first)))
                        .orElse(true);
        if (passedAll) {
            return Optional.empty();
        }
        Set<Long> points = passedByAll(story, rst);
        int all = points.size();
        points.removeAll(own);
        points.removeIf(point -> !recordsAfter(rst, (int) (point >> COPIES)));
        if (points.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                Evidence.of(
                                "it was seen at "
                                        + (all - points.size())
                                        + " of the "
                                        + all
                                        + " points that the "
                                        + claimed(rst).label()
                                        + "'s packets pass",
                                facts.place(rst))
                        .weighs(Sender.MIDDLEBOX, 20));
    }

    /// Where all packets of its side were seen that came before `rst`.
    private static Set<Long> passedByAll(Story story, Packet rst) {
        Set<Long> passed = new HashSet<>();
        boolean first = true;
        for (Packet packet : story.before(rst)) {
            if (isOther(packet, rst)) {
                if (first) {
                    passed.addAll(points(packet));
                    first = false;
                } else {
                    passed.retainAll(points(packet));
                }
            }
        }
        return passed;
    }

    /// Whether a packet comes from the same side as `rst` claims, and is none.
    private static boolean isOther(Packet packet, Packet rst) {
        return packet.fromClient() == rst.fromClient() && !packet.isRst();
    }

    /// Where a packet was seen: vantages, each of them, where it was seen there several times, with
    /// a number below it.
    private static Set<Long> points(Packet packet) {
        Set<Long> points = new HashSet<>();
        points.add((long) packet.vantage() << COPIES);
        for (Packet.Sighting twin : packet.twins()) {
            long point = (long) twin.vantage() << COPIES;
            while (!points.add(point)) {
                point++;
            }
        }
        return points;
    }

    /// Whether packets were still captured at `point` after `rst`: a capture may have been stopped,
    /// or cut off, before that came by.
    private boolean recordsAfter(Packet rst, int point) {
        int file = Gatherer.fileOf(point);
        return file == rst.file() || lastNanos.applyAsLong(file) > rst.nanos();
    }

    /// Rule 5: a reset that continues its sender's own counters was made by its stack.
    private Optional<Evidence> stackForm(Story story, Packet rst) {
        boolean nextTimestamp =
                rst.hasTimestamp()
                        && lastOfSide(story, rst)
                                .filter(last ->
                                        last.hasTimestamp()
                                                && rst.tsValue() - last.tsValue() >= 0
                                                && rst.tsValue() - last.tsValue() < 100_000_000)
                                .isPresent();
        if (isNextId(story, rst) || nextTimestamp) {
            String what = nextTimestamp ? "time stamp" : "IP-ID";
            return Optional.of(
                    Evidence.of(
                                    "its "
                                            + what
                                            + " continues the "
                                            + claimed(rst).label()
                                            + "'s own",
                                    facts.place(rst))
                            .weighs(claimed(rst), 25));
        }
        return Optional.empty();
    }

    /// Rule 5, the other way round: a stack that counts the IP-IDs of a connection up and sends
    /// time stamps is Linux, which resets a connection with the next IP-ID and a time stamp, and
    /// without ACK and IP-ID where it has no socket (resets.md, 0.2); before version 4.18 that had
    /// an IP-ID.
    private Optional<Evidence> foreignStack(Story story, Packet rst) {
        boolean noSocket = !rst.has(Decoder.ACK) && rst.ipId() == 0;
        if (rst.hasTimestamp() || rst.ipId() < 0 || noSocket || !countsLikeLinux(story, rst)) {
            return Optional.empty();
        }
        return Optional.of(
                Evidence.of(
                                "it has neither the time stamp nor the IP-ID of the "
                                        + claimed(rst).label()
                                        + "'s stack",
                                facts.place(rst))
                        .weighs(Sender.MIDDLEBOX, rst.has(Decoder.ACK) ? 28 : 12));
    }

    /// Whether the RST's side has sent at least two packets after its SYN, each with a time stamp
    /// and with an IP-ID that continues the one before.
    private static boolean countsLikeLinux(Story story, Packet rst) {
        int ids = 0;
        int known = 0;
        for (Packet packet : story.before(rst)) {
            if (packet.fromClient() != rst.fromClient() || packet.isRst() || packet.isSynAck()) {
                continue;
            }
            int step = packet.ipId() - known & 0xffff;
            boolean next = ids == 0 || (step >= 1 && step <= NEXT_IDS);
            if (!packet.hasTimestamp() || packet.ipId() <= 0 || !next) {
                return false;
            }
            known = packet.ipId();
            ids++;
        }
        return ids >= 2;
    }

    private static boolean isNextId(Story story, Packet rst) {
        return lastOfSide(story, rst)
                .filter(last -> last.ipId() > 0 && rst.ipId() > 0)
                .map(last -> rst.ipId() - last.ipId() & 0xffff)
                .filter(step -> step >= 1 && step <= NEXT_IDS)
                .isPresent();
    }

    private static Optional<Packet> lastOfSide(Story story, Packet rst) {
        for (Packet packet : story.before(rst).reversed()) {
            boolean sameSide = packet.fromClient() == rst.fromClient();
            if (sameSide && !packet.isRst() && !packet.isSynAck()) {
                return Optional.of(packet);
            }
        }
        return Optional.empty();
    }

    /// Rule 6: both sides reset at once, without a cause: somebody between reset both.
    private Optional<Evidence> bothDirections(Story story, Packet rst) {
        return Packets.first(
                        story.connection().packets(),
                        other ->
                                other.isRst()
                                        && other.fromClient() != rst.fromClient()
                                        && Math.abs(other.nanos() - rst.nanos()) <= TOGETHER
                                        && !isAnswer(story, rst, other)
                                        && !isAnswer(story, other, rst)
                                        && Pauses.pauseBefore(story, rst) > TOGETHER)
                .map(other ->
                        Evidence.of(
                                        "both sides were reset at once, and neither had spoken",
                                        facts.place(other))
                                .weighs(Sender.MIDDLEBOX, 25));
    }

    /// Whether `second` answers a packet that crossed `first`.
    private static boolean isAnswer(Story story, Packet first, Packet second) {
        return Packets.any(
                story.connection().packets(),
                packet ->
                        !packet.isRst()
                                && packet.fromClient() == first.fromClient()
                                && packet.nanos() > first.nanos() - TOGETHER
                                && packet.nanos() <= second.nanos());
    }

    /// Rule 4 on one link: it came from another network card than the rest of its side.
    private Optional<Evidence> otherHardware(Story story, Packet rst) {
        long usual = 0;
        for (Packet packet : story.before(rst)) {
            boolean comparable =
                    packet.fromClient() == rst.fromClient()
                            && packet.vantage() == rst.vantage()
                            && packet.sourceMac() != 0;
            if (comparable && usual != 0 && usual != packet.sourceMac()) {
                // Its side has several.
                return Optional.empty();
            }
            usual = comparable ? packet.sourceMac() : usual;
        }
        if (usual == 0 || rst.sourceMac() == 0 || usual == rst.sourceMac()) {
            return Optional.empty();
        }
        return Optional.of(
                Evidence.of(
                                String.format(
                                        Locale.ROOT,
                                        "it came from hardware address %012x, its side's other packets from %012x",
                                        rst.sourceMac(),
                                        usual),
                                facts.place(rst))
                        .weighs(Sender.MIDDLEBOX, 25));
    }
}
