package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What several connections of a server have in common: when they ended, after how much.
final class Patterns {

    /// Fewer bytes are no transfer that could be cut.
    private static final int LEAST_TRANSFER = 10_000;

    /// An answer of no more bytes may be a complaint.
    static final int A_FEW_WORDS = 1 << 10;

    /// A connection on which a side has spoken so often, after the other had or after a while, is
    /// in use.
    private static final int IN_USE = 6;

    /// A part of what was sent is at least one in so many.
    private static final int PARTS = 8;

    // Of ages that are the same: downloads differ by one in so many, conversations by so much, and
    // where a middlebox waits for the next packet, by one in so many.
    private static final int DOWNLOADS = 50;
    private static final long A_MOMENT = 50_000_000;

    /// Who cuts what it reads does so sooner.
    private static final long LET_THROUGH = 100_000_000;

    private static final int WAITING = 20;

    /// So many that ended at one age were ended by a timer.
    private static final int LEAST_TIMED = 3;

    // So many, of which the ages differ by no more than one in so many, whatever the age is.
    private static final int MANY_TIMED = 5;
    private static final int EXACTLY = 100;

    /// What a middlebox forwarded last differs by one in so many of all.
    private static final int ABOUT = 20;

    /// A server that was asked for the same so often, and answered, understands it.
    private static final int SEVERAL = 3;

    /// Conversations of which the lengths differ by no more than one in so many are at one place.
    private static final int SAME_PLACE = 50;

    /// Few servers allow a connection less.
    private static final long LEAST_LIFE = 3_000_000_000L;

    /// What comes sooner after data of the same side belongs to it.
    private static final long SAME_SPEECH = 100_000_000;

    private final Facts facts;
    private final Neighbours neighbours;
    private final RoundTrips roundTrips;
    private final ServerEnds serverEnds;
    private final Steps steps;

    Patterns(
            Facts facts,
            Neighbours neighbours,
            RoundTrips roundTrips,
            ServerEnds serverEnds,
            Steps steps) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.roundTrips = roundTrips;
        this.serverEnds = serverEnds;
        this.steps = steps;
    }

    /// Several connections of the server ended at the same time, or new ones are refused.
    ///
    /// @param timer whether they had been silent for so equal a time that a timer ends them
    ///   together too
    Optional<Evidence> endedTogether(Story story, Packet rst, boolean timer) {
        Endpoint server = story.connection().server();
        FlowSummary summary = story.connection().summary();
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        long together = neighbours.endedTogether(summary, rst.nanos());
        long refused = neighbours.refusedAfter(server, end.nanos());
        boolean lives =
                neighbours.livesThrough(server, end.nanos() - Idle.LEAST_NANOS, rst.nanos());
        if (refused > 0 && !lives && !neighbours.alternates(server)) {
            return Optional.of(
                    facts.of(
                                    rst,
                                    "the server refused "
                                            + refused
                                            + (refused == 1 ? " connection" : " connections")
                                            + " right after")
                            .weighs(Cause.SERVER_RESTART, 20));
        }
        boolean alone = neighbours.outlasting(summary, end.nanos()) > 0;
        if (refused == 0 && !lives && !alone && neighbours.refusesNext(server, end.nanos())) {
            return Optional.of(
                    facts.of(end, "the next that the server did was to refuse a connection")
                            .weighs(Cause.SERVER_RESTART, 16));
        }
        long closed = end.isFin() ? neighbours.closedWithAll(summary, end.nanos()) : 0;
        // What had just begun, and got a few words, or none, upon what it asked last, was ended for
        // that, if the server went on.
        boolean forWhatItAsked =
                summary.serverBytes() > 0
                        && Packets.saidSinceAsked(story.before(end)) <= A_FEW_WORDS
                        && end.nanos() - summary.letInNanos() < ServerHistory.TOGETHER
                        && serverLivesOn(story, rst);
        if (closed >= 2 && !timer && !forWhatItAsked) {
            return Optional.of(
                    facts.of(
                                    end,
                                    "the server closed all that were open together with it: "
                                            + closed)
                            .weighs(Cause.SERVER_RESTART, 24));
        }
        return together >= 3
                        && !timer
                        && !forWhatItAsked
                        && neighbours.openAt(server, rst.nanos() + Idle.LEAST_NANOS) == 0
                ? Optional.of(
                        facts.of(
                                        rst,
                                        together
                                                + " connections of the server ended at the same time")
                                .weighs(Cause.SERVER_RESTART, 8))
                : Optional.empty();
    }

    /// The server was there right after: it did not end as a whole.
    Optional<Evidence> livesOn(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        return serverLivesOn(story, rst)
                ? Optional.of(
                        facts.of(end, "the server was still there for others")
                                .weighs(Cause.SERVER_RESTART, -6))
                : Optional.empty();
    }

    /// Whether the server ended the connection, and was there for others right after.
    boolean serverLivesOn(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        boolean ended = end.isFin() || !Pauses.isPassive(rst);
        boolean paused = Pauses.silenceBefore(story, end) >= Idle.LEAST_NANOS;
        return ended
                && (neighbours.livesOn(story.connection().server(), end.nanos())
                        || (paused && anotherWentOn(story, end)));
    }

    /// Whether others of the server stayed open when it ended the connection.
    boolean othersOutlast(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        return neighbours.outlasting(story.connection().summary(), end.nanos()) > 0;
    }

    /// Whether the server was there for others right after it had ended the connection, or the next
    /// that it did was to accept one.
    boolean serverAcceptsNext(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        return serverLivesOn(story, rst)
                || neighbours.acceptsNext(story.connection().server(), end.nanos());
    }

    /// Whether another connection was in use before and after the server's end of this one.
    private boolean anotherWentOn(Story story, Packet end) {
        return neighbours.livesThrough(
                story.connection().server(),
                end.nanos() - Idle.LEAST_NANOS,
                end.nanos() + Idle.LEAST_NANOS / 4);
    }

    /// Several connections of the server ended after the same number of bytes in one direction, one
    /// after the other.
    ///
    /// @param few whether two that are about equal are enough: nothing but a middlebox counts for
    ///   many connections, and what it forwarded last is seen only roughly
    Optional<Evidence> sameLength(Story story, Packet rst, boolean few) {
        FlowSummary summary = story.connection().summary();
        long bytes = Math.max(summary.serverBytes(), summary.clientBytes());
        boolean idle = idleBefore(story, rst) >= Idle.LEAST_NANOS && !wasCut(story, rst);
        boolean fromServer = bytes == summary.serverBytes();
        boolean flowing =
                Packets.last(story.before(rst), Packet::hasData)
                        .filter(last -> last.fromClient() != fromServer)
                        .isPresent();
        if (bytes < LEAST_TRANSFER
                || idle
                || (few && !(flowing && hadArrived(story, rst, fromServer)))
                || neighbours.gotAsFar(summary.server(), bytes, fromServer)) {
            return Optional.empty();
        }
        long atOnce = neighbours.endedTogether(summary, rst.nanos());
        long exact = neighbours.cutAt(summary.server(), bytes, 1000);
        long about = neighbours.cutAt(summary.server(), bytes, ABOUT);
        boolean several = exact >= 3 || (exact == 2 && about == 2);
        long alike = several ? exact : about;
        if (alike <= atOnce || alike < (several || few ? 2 : 3)) {
            return Optional.empty();
        }
        Evidence evidence =
                facts.of(
                        rst,
                        String.format(
                                Locale.ROOT,
                                "%d connections ended after %s%,d bytes from the %s",
                                alike,
                                several ? "" : "about ",
                                bytes,
                                fromServer ? "server" : "client"));
        // What is sent as a whole each time, and refused each time, is a request that is too large;
        // unless a timer did it, or some of it had been answered.
        boolean whole = neighbours.cutAt(summary.server(), bytes, Integer.MAX_VALUE) == alike;
        long age = rst.nanos() - summary.letInNanos();
        boolean timed =
                Idle.isRound(age)
                        && neighbours.cutAfter(summary.server(), age, age / DOWNLOADS)
                                >= LEAST_TIMED;
        return Optional.of(
                several
                                && !few
                                && !fromServer
                                && whole
                                && !timed
                                && !hasAnsweredAPart(story, rst, bytes)
                        ? evidence.weighs(Cause.PROTOCOL_VIOLATION, 22)
                                .weighs(Cause.TRANSFER_LIMIT, 18)
                        : evidence.weighs(
                                Cause.TRANSFER_LIMIT,
                                few ? 30 : alike < 3 ? 26 : several ? 30 : 28));
    }

    /// The same of a middlebox, which may count what passes in both directions: where each side
    /// sends a part of it, neither need have sent as much each time.
    Optional<Evidence> sameTotal(Story story, Packet rst) {
        FlowSummary summary = story.connection().summary();
        long total = summary.clientBytes() + summary.serverBytes();
        boolean mutual = Math.min(summary.clientBytes(), summary.serverBytes()) * PARTS >= total;
        long alike = neighbours.cutAtTotal(summary.server(), total, ABOUT);
        boolean idle = idleBefore(story, rst) >= Idle.LEAST_NANOS;
        return total >= LEAST_TRANSFER
                        && mutual
                        && !idle
                        && alike >= LEAST_TIMED
                        && alike > neighbours.endedTogether(summary, rst.nanos())
                ? Optional.of(
                        facts.of(
                                        rst,
                                        String.format(
                                                Locale.ROOT,
                                                "%d connections ended after about %,d bytes of both sides",
                                                alike,
                                                total))
                                .weighs(Cause.TRANSFER_LIMIT, 28))
                : Optional.empty();
    }

    /// Whether the server answered a part of the `bytes` that the client sent: after some of them,
    /// and before others. What was said before that, of other requests or to greet, is no part of
    /// them; and an answer of HTTP is one to a whole request, after which the client has another. A
    /// last request that came as a whole was not cut by a quota, unless several like it were
    /// answered.
    private static boolean hasAnsweredAPart(Story story, Packet rst, long bytes) {
        List<Packet> before = story.before(rst);
        Optional<Packet> first =
                Packets.first(before, packet -> packet.hasData() && packet.fromClient());
        if (first.isEmpty()) {
            return false;
        }
        boolean http =
                HttpFraming.isRequest(first.get().payload()) && !isTunnel(before, first.get());
        if (http && Answer.hasWholeRequest(before) && !asksAsBefore(story, rst, SEVERAL)) {
            return false;
        }
        Optional<Packet> last =
                Packets.last(
                        before,
                        packet ->
                                packet.fromClient()
                                        && packet.hasData()
                                        && (!http || HttpFraming.isRequest(packet.payload())));
        long part = bytes / PARTS;
        long from = first.get().sequence() + part;
        long to = http ? last.get().sequence() : last.get().end() - part;
        return Packets.any(
                before,
                packet ->
                        packet.hasData()
                                && !packet.fromClient()
                                && packet.acknowledged() >= from
                                && packet.acknowledged() <= to);
    }

    /// Whether a request of HTTP, and all that follows, is for another protocol.
    private static boolean isTunnel(List<Packet> packets, Packet request) {
        return request.payload().startsWith("CONNECT ")
                || Packets.any(
                        packets,
                        packet ->
                                !packet.fromClient()
                                        && packet.payload().startsWith(HttpFraming.SWITCHING));
    }

    /// Whether some of what the side sent had been acknowledged when somebody between cut it: else
    /// all that came was as much as a host sends at once, which is as much each time. Where nothing
    /// of the other side was captured, it may have been.
    private static boolean hadArrived(Story story, Packet rst, boolean fromServer) {
        Optional<Packet> first =
                Packets.first(
                        story.connection().packets(),
                        packet -> packet.hasData() && packet.fromClient() != fromServer);
        boolean oneWay =
                !Packets.any(
                        story.before(rst),
                        packet -> packet.fromClient() == fromServer && !packet.has(Decoder.SYN));
        if (oneWay || first.isEmpty()) {
            return oneWay;
        }
        return Packets.any(
                story.before(rst),
                packet ->
                        packet.fromClient() == fromServer
                                && packet.has(Decoder.ACK)
                                && packet.acknowledged() - first.get().sequence() > 0);
    }

    /// Whether enough of what the side of `lost` had sent before it had arrived.
    static boolean wasTransferring(Story story, Packet lost) {
        return Packets.first(
                        story.connection().packets(),
                        packet -> packet.hasData() && packet.fromClient() == lost.fromClient())
                .filter(first -> lost.sequence() - first.sequence() >= LEAST_TRANSFER)
                .isPresent();
    }

    /// Whether what the server says among `packets` is too much for a complaint.
    static boolean isTransfer(List<Packet> packets) {
        Optional<Packet> first = Packets.first(packets, packet -> !packet.fromClient());
        Optional<Packet> last = Packets.last(packets, packet -> !packet.fromClient());
        return first.isPresent() && last.get().end() - first.get().sequence() >= LEAST_TRANSFER;
    }

    /// How long nobody had spoken before the server's end, or before the client found that nobody
    /// knew of the connection any more.
    private static long idleBefore(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        if (end.isRst() && Pauses.isPassive(end) && story.trigger().isPresent()) {
            return Pauses.pauseBefore(story, story.trigger().get());
        }
        return Pauses.silenceBefore(story, Pauses.partingWords(story, end));
    }

    /// Whether an answer was cut that its client was reading: who does not read is waited for, and
    /// not cut.
    private static boolean wasCut(Story story, Packet rst) {
        List<Packet> before = story.before(Pauses.serverFin(story, rst).orElse(rst));
        return !Packets.clientIsFull(before) && Answer.in(before) == Answer.CUT;
    }

    /// How often a side spoke, after the other had or after a while.
    private static int speeches(List<Packet> packets) {
        int speeches = 0;
        @Nullable Packet last = null;
        for (Packet packet : packets) {
            if (packet.hasData()) {
                speeches += last == null || isAnew(packet, last) ? 1 : 0;
                last = packet;
            }
        }
        return speeches;
    }

    private static boolean isAnew(Packet packet, Packet last) {
        return packet.fromClient() != last.fromClient()
                || packet.nanos() - last.nanos() >= SAME_SPEECH;
    }

    /// Whether a conversation, or a stream, ended at an age of whole seconds; who speaks by the
    /// second is at one too.
    ///
    /// @param many whether so many others ended at the same age that it may be any
    private boolean wasCutByATimer(Story story, Packet end, Packet parting, boolean many) {
        FlowSummary summary = story.connection().summary();
        long start = summary.startNanos();
        // The server counts from when it accepted, or from the request.
        long way = roundTrips.least(summary.server(), end.vantage());
        long age = end.nanos() - start;
        long sinceLetIn = end.nanos() - summary.letInNanos();
        boolean round =
                Idle.isRound(age)
                        || Idle.isRound(age - way)
                        || Idle.isRound(age - 2 * way)
                        || Idle.isRound(sinceLetIn);
        return (round || many) && isConversation(story.before(parting), start);
    }

    private static boolean isConversation(List<Packet> packets, long start) {
        return speeches(packets) >= IN_USE && !speaksByTheSecond(packets, start);
    }

    /// Whether half of what was said unasked was said whole seconds after `start`.
    private static boolean speaksByTheSecond(List<Packet> packets, long start) {
        int unasked = 0;
        int round = 0;
        @Nullable Packet last = null;
        for (Packet packet : packets) {
            if (!packet.hasData()) {
                continue;
            }
            boolean answer =
                    last != null
                            && !packet.fromClient()
                            && packet.nanos() - last.nanos() < SAME_SPEECH;
            unasked += answer ? 0 : 1;
            round += !answer && Idle.isRound(packet.nanos() - start) ? 1 : 0;
            last = packet;
        }
        return round * 2 >= unasked;
    }

    /// Data upon which a RST came that somebody between sent. What had been answered before it is
    /// none; where the other side only acknowledges, so is what had been acknowledged.
    static Optional<Packet> cutData(Story story, Packet rst) {
        FlowSummary summary = story.connection().summary();
        return story.trigger()
                .filter(Packet::hasData)
                .filter(data ->
                        rst.nanos() - data.nanos() < LET_THROUGH
                                || !Packets.any(
                                        story.before(rst),
                                        packet ->
                                                packet.fromClient() != data.fromClient()
                                                        && (packet.hasData()
                                                                || saysNothing(
                                                                        summary,
                                                                        packet.fromClient()))
                                                        && packet.acknowledged() - data.end()
                                                                >= 0));
    }

    private static boolean saysNothing(FlowSummary summary, boolean client) {
        return (client ? summary.clientBytes() : summary.serverBytes()) == 0;
    }

    /// Whether what somebody read, and cut, had passed before: it is not for its words.
    private static boolean hadPassed(Story story, Packet rst) {
        Optional<Packet> trigger = cutData(story, rst);
        return trigger.isEmpty()
                || Packets.any(
                        story.before(trigger.get()),
                        packet ->
                                packet.fromClient() == trigger.get().fromClient()
                                        && packet.length() == trigger.get().length()
                                        && packet.payload().agreesWith(trigger.get().payload()));
    }

    /// How many packets of the client within a second say the same as the one upon which somebody
    /// ended the connection, which is one of them; 0 if it is no packet of the client with data, or
    /// one of the others was not answered.
    static int answeredAlike(Story story) {
        Optional<Packet> trigger =
                story.trigger().filter(Packet::hasData).filter(Packet::fromClient);
        if (trigger.isEmpty()) {
            return 0;
        }
        int alike = 1;
        boolean answered = true;
        for (Packet packet : story.before(trigger.get())) {
            boolean asks =
                    packet.fromClient()
                            && packet.hasData()
                            && trigger.get().nanos() - packet.nanos() <= Idle.LEAST_NANOS
                            && packet.length() == trigger.get().length()
                            && packet.payload().agreesWith(trigger.get().payload());
            if (asks && !answered) {
                return 0;
            }
            alike += asks ? 1 : 0;
            answered = !asks && (answered || (packet.hasData() && !packet.fromClient()));
        }
        return answered ? alike : 0;
    }

    /// Several connections of the server ended at the same age, in use, and not upon a question.
    ///
    /// @param between whether a middlebox ended them: it may wait for the next packet
    Optional<Evidence> sameAge(Story story, Packet rst, boolean between) {
        FlowSummary summary = story.connection().summary();
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        long age = end.nanos() - summary.letInNanos();
        if (age < Idle.LEAST_NANOS) {
            return Optional.empty();
        }
        // A server that closes an idle connection may say so; a transfer says nothing.
        Packet words = Pauses.partingWords(story, end);
        Packet parting = end.sequence() - words.sequence() < LEAST_TRANSFER ? words : end;
        Optional<Packet> last = Pauses.lastSpeech(story, parting);
        long quiet = last.map(said -> parting.nanos() - said.nanos()).orElse(Long.MAX_VALUE);
        if (quiet >= Math.min(age / 4, Idle.LEAST_NANOS)) {
            return Optional.empty();
        }
        boolean waits =
                between
                        || (isOldest(summary.server(), age)
                                && (steps.differ(summary.server(), age, age / WAITING)
                                        || asksAsBefore(story, end, 1)));
        if (!waits && last.get().fromClient()) {
            return Optional.empty();
        }
        long together = together(summary, rst, end);
        // Those that had begun with it, and ended with it, are as old.
        ServerEnds.Company company = serverEnds.company(story);
        boolean alone = company.isOfTwins(together);
        boolean sending = summary.serverBytes() >= LEAST_TRANSFER;
        // Conversations are alike by chance sooner: each must have ended alone.
        long exactly = waits ? age / WAITING : Math.min(A_MOMENT, age / EXACTLY);
        boolean many = areMany(summary, age, exactly);
        boolean conversing =
                alone
                        && (between
                                ? speeches(story.before(end)) >= IN_USE
                                        && (many || hadPassed(story, rst))
                                : wasCutByATimer(story, end, parting, many));
        if (!sending && !conversing) {
            return Optional.empty();
        }
        long differ = waits ? age / WAITING : conversing ? A_MOMENT : age / DOWNLOADS;
        long alike = neighbours.cutAfter(summary.server(), age, differ);
        // Who cuts those of other ages too, now, does not look at the age.
        boolean swept = waits && neighbours.cutAround(summary.server(), rst.nanos()) > alike;
        return alike >= LEAST_TIMED && alike > Math.max(together, company.twins() + 1) && !swept
                ? Optional.of(
                        facts.of(
                                        rst,
                                        alike
                                                + " connections ended while they were in use, after "
                                                + Idle.tenths(age)
                                                + " s")
                                .weighs(Cause.TRANSFER_LIMIT, 27))
                : Optional.empty();
    }

    /// Whether many ended at about this age, and nobody became older: a server that looks at the
    /// age when the next request comes.
    private boolean isOldest(Endpoint server, long age) {
        long about = age / WAITING;
        return neighbours.cutAfter(server, age, about) >= MANY_TIMED
                && !neighbours.getsOlder(server, age + about);
    }

    /// Whether most of what the client had asked, and was answered, was like its last request, and
    /// at least so much: it is not for what it asked.
    private static boolean asksAsBefore(Story story, Packet end, int least) {
        List<Packet> before = story.before(end);
        Optional<Packet> last =
                Packets.last(before, packet -> packet.hasData() && packet.fromClient());
        if (last.isEmpty()) {
            return false;
        }
        List<Packet> answered = answeredRequests(before);
        int alike = Packets.count(answered, packet -> UsualSpeech.areAlike(packet, last.get()));
        return alike >= least && alike * 2 >= answered.size();
    }

    /// The last packets of the client before each answer.
    private static List<Packet> answeredRequests(List<Packet> packets) {
        List<Packet> answered = new ArrayList<>();
        @Nullable Packet asked = null;
        for (Packet packet : packets) {
            if (packet.hasData() && packet.fromClient()) {
                asked = packet;
            } else if (packet.hasData() && asked != null) {
                answered.add(asked);
                asked = null;
            }
        }
        return answered;
    }

    /// Whether many ended at the same age, whatever it is, and at different places: who says the
    /// same by the same clock comes to the same place at the same age.
    private boolean areMany(FlowSummary summary, long age, long exactly) {
        long aged = neighbours.cutAfter(summary.server(), age, exactly);
        long length = Math.max(summary.serverBytes(), summary.clientBytes());
        return aged >= MANY_TIMED && neighbours.cutAt(summary.server(), length, SAME_PLACE) < aged;
    }

    /// How many of the server's connections ended with it.
    private long together(FlowSummary summary, Packet rst, Packet end) {
        return Math.max(
                neighbours.endedTogether(summary, rst.nanos()),
                end.isFin() ? neighbours.closedTogether(summary.server(), end.nanos()) : 0);
    }

    /// The server aborted a conversation, or a stream, at an age of whole seconds, with nothing
    /// unread: a program that is killed leaves a FIN then (`__tcp_close` in net/ipv4/tcp.c).
    Optional<Evidence> roundAge(Story story, Packet rst) {
        FlowSummary summary = story.connection().summary();
        long start = summary.startNanos();
        long way = roundTrips.least(summary.server(), rst.vantage());
        // From when the server had accepted it.
        long age = rst.nanos() - summary.letInNanos() - way;
        boolean inUse = Pauses.silenceBefore(story, rst) < Math.min(age / 4, Idle.LEAST_NANOS);
        return age >= LEAST_LIFE
                        && abortedWithNothingUnread(story, rst)
                        && inUse
                        && Idle.isWholeSeconds(age)
                        && isConversation(story.before(rst), start)
                        && neighbours.endedTogether(summary, rst.nanos()) <= 1
                        && !neighbours.getsOlder(summary.server(), age + age / WAITING)
                ? Optional.of(
                        facts.of(
                                        rst,
                                        "the server aborted it in use, with nothing unread, "
                                                + Idle.hundredths(age)
                                                + " s after it had accepted it, as a timer does")
                                .weighs(Cause.TRANSFER_LIMIT, 24))
                : Optional.empty();
    }

    private static boolean abortedWithNothingUnread(Story story, Packet rst) {
        boolean abort = !Pauses.isPassive(rst) && Pauses.serverFin(story, rst).isEmpty();
        return abort
                && story.connection().uncapturedBefore(rst).isNothing()
                && Pauses.lastSpeech(story, rst).filter(last -> !last.fromClient()).isPresent();
    }
}
