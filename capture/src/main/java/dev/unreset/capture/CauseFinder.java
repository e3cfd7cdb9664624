package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Place;
import dev.unreset.Remedy;
import dev.unreset.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Why a connection ended badly: each rule is one method, named as in
/// docs/how-resets-are-attributed.md, and says what it saw in decibans.
final class CauseFinder {

    /// A reset so soon after data answers the data.
    private static final long AT_ONCE = 50_000_000;

    /// Parting words come so shortly before the end; a TLS server waits for an answer to its own.
    private static final long FAREWELL = 500_000_000;

    /// No host is up again sooner.
    private static final long QUICKER_THAN_A_BOOT = 500_000_000;

    /// What is on the way forgets no connection sooner.
    private static final long LEAST_ON_THE_WAY = 2 * Idle.LEAST_NANOS;

    /// Fewer bytes are no transfer that could be cut.
    private static final int LEAST_TRANSFER = 10_000;

    /// More bytes from the server are no error text.
    private static final int LONGEST_MESSAGE = 1 << 10;

    private final List<String> files;
    private final Neighbours neighbours;
    private final ServerEnds serverEnds;
    private final Framing framing;

    /// @param files the names of the captures, for places
    /// @param connections all that are looked at
    CauseFinder(
            List<String> files,
            List<Connection> connections,
            Neighbours neighbours,
            Framing framing) {
        this.files = files;
        this.neighbours = neighbours;
        this.serverEnds = new ServerEnds(connections);
        this.framing = framing;
    }

    /// What the story speaks for; `sender` is who sent its RST.
    List<Evidence> evidence(Story story, Sender sender) {
        List<Evidence> evidence = new ArrayList<>();
        if (story.decisive().isEmpty()) {
            return evidence;
        }
        Packet packet = story.decisive().get();
        switch (story.end()) {
            case REFUSED -> {
                evidence.add(refused(story, packet, sender));
                if (sender != Sender.MIDDLEBOX) {
                    serverEnds
                            .before(story.connection().server(), packet.nanos(), place(packet))
                            .ifPresent(evidence::add);
                }
            }
            case TIMEOUT -> evidence.add(silence(story, packet));
            case REJECTED_RESET -> evidence.add(rejected(packet));
            case RESET -> reset(story, packet, sender, evidence);
            case CLOSED, OPEN -> {}
        }
        return evidence;
    }

    private Place place(Packet packet) {
        return new Place.Packet(files.get(packet.file()), packet.number());
    }

    private Evidence fact(Packet packet, String what) {
        return Evidence.of(what, place(packet));
    }

    private static String whoseDefault(long nanos) {
        return Idle.product(nanos).map(name -> ": the default of " + name).orElse("");
    }

    private void reset(Story story, Packet rst, Sender sender, List<Evidence> evidence) {
        switch (sender) {
            case CLIENT -> {
                evidence.add(clientGaveUp(story, rst));
                differentProtocols(story).ifPresent(evidence::add);
            }
            case MIDDLEBOX -> {
                evidence.add(betweenBoth(story, rst));
                sameLength(story, rst).or(() -> sameAge(story, rst)).ifPresent(evidence::add);
            }
            case SERVER, UNKNOWN -> {
                evidence.add(serverReset(story, rst));
                serverSaid(story).or(() -> differentProtocols(story)).ifPresent(evidence::add);
                framingBroken(story).ifPresent(evidence::add);
                serverEnds.beside(story, place(rst)).ifPresent(evidence::add);
                endedTogether(story, rst).ifPresent(evidence::add);
                sameLength(story, rst).or(() -> sameAge(story, rst)).ifPresent(evidence::add);
                livesOn(story, rst).ifPresent(evidence::add);
            }
        }
    }

    /// A SYN answered by RST.
    private Evidence refused(Story story, Packet rst, Sender sender) {
        Endpoint server = story.connection().server();
        long open = neighbours.openAt(server, rst.nanos());
        long lately = neighbours.acceptedLately(server, rst.nanos());
        boolean before = neighbours.acceptedBefore(server, rst.nanos());
        boolean after = neighbours.acceptedAfter(server, rst.nanos());
        if (open > 0 && !neighbours.servedBeside(server, open)) {
            return fact(rst, "refused while " + open + " other connections of the server were open")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.RATE_LIMIT, 10);
        }
        if (neighbours.alternates(server)) {
            return fact(rst, "connections are served and refused in turns")
                    .weighs(Cause.RATE_LIMIT, 24)
                    .weighs(Cause.CONNECTION_LIMIT, 10)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        if (sender == Sender.MIDDLEBOX) {
            return before
                    ? fact(
                                    rst,
                                    lately > 0
                                            ? "refused after "
                                                    + lately
                                                    + " connections within two seconds, of which none is open"
                                            : "refused on the way to a server that was reached before")
                            .weighs(Cause.RATE_LIMIT, lately > 0 ? 24 : 20)
                            .weighs(Cause.MIDDLEBOX, 14)
                            .weighs(Cause.CONNECTION_LIMIT, 8)
                    : fact(rst, "refused on the way to the server, which never saw it")
                            .weighs(Cause.MIDDLEBOX, 26);
        }
        return before || after
                ? fact(rst, "refused by a server that accepts connections at other times")
                        .weighs(Cause.SERVER_RESTART, 24)
                        .weighs(Cause.PORT_CLOSED, 4)
                : fact(rst, "refused, and never accepted in this capture")
                        .weighs(Cause.PORT_CLOSED, 24)
                        .weighs(Cause.SERVER_RESTART, 6);
    }

    /// Nobody answers any more, and nobody resets.
    private Evidence silence(Story story, Packet repeated) {
        if (!story.hasHandshake() && story.connection().serverBytes().isEmpty()) {
            long open = neighbours.openAt(story.connection().server(), repeated.nanos());
            return fact(
                            repeated,
                            "a SYN was repeated and never answered ("
                                    + open
                                    + " others of the server were open)")
                    .weighs(Cause.MIDDLEBOX, 14)
                    .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 18 : 6)
                    .weighs(Cause.SERVER_RESTART, 6);
        }
        long synAcks = Packets.count(story.connection().packets(), Packet::isSynAck);
        boolean serverSpoke =
                Packets.any(story.connection().packets(), packet -> !packet.fromClient() && packet.hasData());
        if (synAcks > 1 && !serverSpoke) {
            return fact(repeated, "the server repeats its SYN-ACK: it does not take the connection")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.MIDDLEBOX, 8);
        }
        boolean heardAfterHandshake =
                Packets.any(story.connection().packets(), packet ->
                                !packet.fromClient()
                                        && !packet.has(Decoder.SYN)
                                        && !packet.isRst());
        if (!heardAfterHandshake && story.hasHandshake() && repeated.fromClient()) {
            return fact(
                            repeated,
                            "after the handshake the server never said anything, not even an ACK")
                    .weighs(Cause.CONNECTION_LIMIT, 22)
                    .weighs(Cause.MIDDLEBOX, 14);
        }
        long gap = gapBefore(story, firstCopy(story, repeated));
        if (gap >= Idle.LEAST_NANOS) {
            return fact(
                            repeated,
                            "after "
                                    + Idle.tenths(gap)
                                    + " s of silence, data is repeated and nobody answers"
                                    + whoseDefault(gap))
                    .weighs(Cause.IDLE_TIMEOUT, 24)
                    .weighs(Cause.SERVER_RESTART, 6)
                    .weighs(Cause.MIDDLEBOX, 8);
        }
        return fact(
                        repeated,
                        "in the middle of a conversation, data is repeated and nobody answers")
                .weighs(Cause.MIDDLEBOX, 16)
                .weighs(Cause.SERVER_RESTART, 12);
    }

    private static Packet firstCopy(Story story, Packet repeated) {
        return Packets.first(story.before(repeated), packet ->
                        packet.fromClient() == repeated.fromClient()
                                && packet.end() == repeated.end()
                                && (packet.hasData() || packet.isFin()))
                .orElse(repeated);
    }

    private Evidence rejected(Packet rst) {
        return fact(rst, "the receiver did not accept it: the connection went on (RFC 5961, 3.2)")
                .weighs(Cause.MIDDLEBOX, 24);
    }

    /// The client's own decision.
    private Evidence clientGaveUp(Story story, Packet rst) {
        if (isPassive(rst) && wasThere(story, rst)) {
            return fact(
                            rst,
                            "the client no longer knows a connection that it just had and never closed: it was reset there")
                    .weighs(Cause.MIDDLEBOX, 24)
                    .weighs(Cause.CLIENT_ABORT, 14);
        }
        boolean midway = !story.connection().serverBytes().isEmpty();
        return fact(
                        rst,
                        midway ? "the client reset in the middle of an answer" : "the client reset")
                .weighs(Cause.CLIENT_ABORT, 28);
    }

    /// A firewall, a NAT, a load balancer, an injector: by a timer, or by what it read.
    private Evidence betweenBoth(Story story, Packet rst) {
        long gap = story.trigger().map(trigger -> gapBefore(story, trigger)).orElse(0L);
        long quiet = quietBefore(story, rst);
        long idle = Math.max(gap, quiet);
        if (idle >= Idle.LEAST_NANOS && isLong(story, rst, idle)) {
            return fact(
                            rst,
                            (quiet >= gap
                                            ? "it came without a packet before it, after "
                                            : "it came on the first packet, after ")
                                    + Idle.tenths(idle)
                                    + " s of silence"
                                    + whoseDefault(idle))
                    .weighs(Cause.IDLE_TIMEOUT, idle >= LEAST_ON_THE_WAY ? 26 : 16)
                    .weighs(Cause.MIDDLEBOX, idle >= LEAST_ON_THE_WAY ? 10 : 20);
        }
        return story.trigger().filter(Packet::hasData).isPresent()
                ? fact(rst, "it came upon data, which somebody between read")
                        .weighs(Cause.MIDDLEBOX, 26)
                : fact(rst, "somebody between the two ended the connection")
                        .weighs(Cause.MIDDLEBOX, 24);
    }

    /// The server's own stack sent it: the forms of resets.md, 1.3.
    private Evidence serverReset(Story story, Packet rst) {
        Optional<Packet> fin = serverFin(story, rst);
        if (fin.isPresent()) {
            return closedBefore(story, fin.get());
        }
        return isPassive(rst) ? noSuchSocket(story, rst) : abort(story, rst);
    }

    private static Optional<Packet> serverFin(Story story, Packet rst) {
        return Packets.first(story.before(rst), packet -> packet.isFin() && !packet.fromClient());
    }

    /// `R`, or no options and no window: the stack answered for a socket that it does not have.
    private static boolean isPassive(Packet rst) {
        return !rst.has(Decoder.ACK)
                || (rst.window() == 0 && rst.headerBytes() == 20 && rst.ipId() <= 0);
    }

    /// Whether the RST's side had been heard of so shortly before, after its SYN, that its host
    /// cannot have been restarted, and all that it sent was captured.
    private static boolean wasThere(Story story, Packet rst) {
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

    /// The server had closed; the client did not know, or did not look, and spoke.
    private Evidence closedBefore(Story story, Packet fin) {
        boolean nothingSaid = !Packets.any(story.before(fin), Packet::hasData);
        Packet parting = partingWords(story, fin);
        long idle = silenceBefore(story, parting);
        boolean spokeFirst = parting.hasData();
        if (nothingSaid && idle < Idle.LEAST_NANOS) {
            return turnedAway(
                    story,
                    fin,
                    "the server closed right after the handshake, without a byte",
                    Cause.SERVER_RESTART);
        }
        if (idle >= Idle.LEAST_NANOS) {
            return closedIdle(fin, idle, spokeFirst);
        }
        Optional<Packet> last = lastSpeech(story, fin);
        boolean answered = last.filter(packet -> !packet.fromClient()).isPresent();
        boolean atOnce = fin.nanos() - last.map(Packet::nanos).orElse(0L) <= AT_ONCE;
        if (atOnce && !answered) {
            return upon(
                    story,
                    fin,
                    "the server closed at once upon what it received, without an answer");
        }
        return fact(
                        fin,
                        "the server closed "
                                + Idle.hundredths(idle)
                                + " s after the last packet; the client went on")
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.PROTOCOL_VIOLATION, atOnce ? 14 : 8)
                .weighs(Cause.IDLE_TIMEOUT, 8);
    }

    private Evidence closedIdle(Packet fin, long idle, boolean spokeFirst) {
        boolean timer = spokeFirst || Idle.isRound(idle);
        boolean veryLong = idle >= 10 * Idle.LEAST_NANOS;
        return fact(
                        fin,
                        (spokeFirst
                                        ? "the server said something and closed after "
                                        : "the server closed after ")
                                + Idle.tenths(idle)
                                + " s of silence"
                                + (timer ? ", as a timer does" + whoseDefault(idle) : "")
                                + "; the client used the connection again")
                .weighs(Cause.IDLE_TIMEOUT, timer ? 24 : veryLong ? 20 : 17)
                .weighs(Cause.SERVER_RESTART, timer ? 6 : veryLong ? 10 : 12);
    }

    /// What the server said in one go with its end, unless the client had asked for it; else its
    /// end.
    private static Packet partingWords(Story story, Packet end) {
        Packet first = end;
        for (Packet packet : story.before(end).reversed()) {
            if ((packet.hasData() && packet.fromClient())
                    || end.nanos() - packet.nanos() > FAREWELL) {
                break;
            }
            first = packet.hasData() ? packet : first;
        }
        return first;
    }

    /// The last packet before `packet` that said something: data, or the handshake.
    private static Optional<Packet> lastSpeech(Story story, Packet packet) {
        for (Packet last : story.before(packet).reversed()) {
            boolean probe = last.length() <= 1 && isBelow(story, last);
            if (!last.isRst() && ((last.hasData() && !probe) || last.has(Decoder.SYN))) {
                return Optional.of(last);
            }
        }
        return Optional.empty();
    }

    /// Whether `packet` repeats the byte before its side's next one, as keep-alive probes do.
    private static boolean isBelow(Story story, Packet packet) {
        return Packets.any(story.before(packet), earlier ->
                        earlier.fromClient() == packet.fromClient()
                                && !earlier.isRst()
                                && earlier.end() - packet.sequence() == 1);
    }

    /// How long nobody had said anything: acknowledgements and keep-alive probes are no speech.
    private static long silenceBefore(Story story, Packet packet) {
        return lastSpeech(story, packet)
                .map(last -> packet.nanos() - last.nanos())
                .orElseGet(() -> gapBefore(story, packet));
    }

    /// The server took a connection and ended it before it had said anything.
    private Evidence turnedAway(Story story, Packet end, String what, Cause other) {
        FlowSummary summary = story.connection().summary();
        long open = neighbours.outlasting(summary, end.nanos());
        long alike = neighbours.servedAlikeLately(summary);
        boolean limit = open > 0 && !neighbours.servedBeside(summary.server(), open);
        if (!limit && (alike >= 2 || neighbours.alternates(summary.server()))) {
            return fact(end, what + ", while others like it were served within two seconds")
                    .weighs(Cause.RATE_LIMIT, 24)
                    .weighs(Cause.CONNECTION_LIMIT, 12)
                    .weighs(other, 8);
        }
        if (!limit && neighbours.servesNobody(summary.server())) {
            return fact(end, what + ", as all others: what is behind it is down")
                    .weighs(Cause.SERVER_RESTART, 20)
                    .weighs(Cause.CONNECTION_LIMIT, 16)
                    .weighs(other, other == Cause.SERVER_RESTART ? 0 : 8);
        }
        boolean asked = lastSpeech(story, end).filter(Packet::fromClient).isPresent();
        if (!limit && asked) {
            return upon(story, end, what);
        }
        return fact(end, what + (limit ? ", while " + open + " others stayed open" : ""))
                .weighs(Cause.CONNECTION_LIMIT, limit ? 24 : 22)
                .weighs(Cause.RATE_LIMIT, 10)
                .weighs(other, limit ? 8 : 6);
    }

    /// The server ended the connection at once upon what it received, without an answer to it.
    private Evidence upon(Story story, Packet end, String what) {
        int requests = requestsLikeTheLast(story, end);
        if (requests >= 2) {
            boolean many = requests >= 4;
            return fact(
                            end,
                            what
                                    + ", as the last of "
                                    + requests
                                    + " such requests within a second")
                    .weighs(Cause.RATE_LIMIT, many ? 22 : 17)
                    .weighs(Cause.SERVER_RESTART, many ? 12 : 14)
                    .weighs(Cause.PROTOCOL_VIOLATION, 10);
        }
        return fact(end, what)
                .weighs(Cause.PROTOCOL_VIOLATION, 18)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    /// Requests within the second before `end` that are as long as the last one, each of which but
    /// the last was answered before the next.
    private static int requestsLikeTheLast(Story story, Packet end) {
        List<Packet> requests = new ArrayList<>();
        boolean answered = true;
        for (Packet packet : story.before(end)) {
            boolean lately = end.nanos() - packet.nanos() <= Idle.LEAST_NANOS;
            if (packet.hasData() && packet.fromClient() && answered && lately) {
                requests.add(packet);
            }
            answered = packet.hasData() ? !packet.fromClient() : answered;
        }
        return Packets.count(
                requests, packet -> packet.length() == requests.getLast().length());
    }

    /// The server's kernel has no such connection.
    private Evidence noSuchSocket(Story story, Packet rst) {
        boolean serverHeard =
                Packets.any(story.before(rst), packet ->
                                !packet.fromClient()
                                        && !packet.has(Decoder.SYN)
                                        && !packet.isRst());
        long open = neighbours.openAt(story.connection().server(), rst.nanos()) - 1;
        long gap = story.trigger().map(trigger -> gapBefore(story, trigger)).orElse(0L);
        if (!serverHeard && story.hasHandshake() && (gap < Idle.LEAST_NANOS || open > 0)) {
            return fact(
                            rst,
                            "the handshake was answered, but no socket was behind it ("
                                    + Math.max(0, open)
                                    + " others open)")
                    .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 24 : 18)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        if (gap >= 30 * Idle.LEAST_NANOS && Idle.product(gap).isPresent()) {
            return fact(
                            rst,
                            "on the first packet after "
                                    + Idle.tenths(gap)
                                    + " s of silence"
                                    + whoseDefault(gap))
                    .weighs(Cause.IDLE_TIMEOUT, 24)
                    .weighs(Cause.SERVER_RESTART, 14);
        }
        if (wasThere(story, rst)) {
            return fact(
                            rst,
                            "the server no longer knows a connection that it just had and never closed: a firewall refused the data, or it was reset there")
                    .weighs(Cause.MIDDLEBOX, 22)
                    .weighs(Cause.SERVER_RESTART, 14);
        }
        return fact(rst, "the server no longer knows a connection that it had, and never closed it")
                .weighs(Cause.SERVER_RESTART, 24)
                .weighs(Cause.IDLE_TIMEOUT, gap >= Idle.LEAST_NANOS ? 12 : 0);
    }

    /// The server aborted a connection that it had.
    private Evidence abort(Story story, Packet rst) {
        if (probes(story, rst) >= 2) {
            return fact(rst, probes(story, rst) + " keep-alive probes were not answered")
                    .weighs(Cause.IDLE_TIMEOUT, 26);
        }
        Optional<Packet> last = lastSpeech(story, rst);
        long quiet = silenceBefore(story, rst);
        boolean answered = last.filter(packet -> !packet.fromClient()).isPresent();
        boolean everAnswered =
                Packets.any(story.before(rst), packet -> !packet.fromClient() && packet.hasData());
        FlowSummary summary = story.connection().summary();
        boolean turned =
                neighbours.outlasting(summary, rst.nanos()) > 0
                        || neighbours.servedAlikeLately(summary) >= 2;
        if (!everAnswered && rst.nanos() - summary.startNanos() < Idle.LEAST_NANOS && turned) {
            return turnedAway(
                    story,
                    rst,
                    "the server accepted and aborted at once",
                    Cause.PROTOCOL_VIOLATION);
        }
        if (quiet <= AT_ONCE) {
            return answered
                    ? fact(rst, "the server aborted in the middle of the conversation")
                            .weighs(Cause.SERVER_RESTART, 14)
                            .weighs(Cause.PROTOCOL_VIOLATION, 12)
                    : upon(
                            story,
                            rst,
                            "the server aborted at once upon what it received, without an answer");
        }
        if (quiet >= Idle.LEAST_NANOS) {
            boolean nothingUnread = answered || isUnfinishedRequest(story);
            return abortedIdle(rst, quiet, nothingUnread);
        }
        return fact(
                        rst,
                        "the server aborted " + Idle.hundredths(quiet) + " s after the last packet")
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.PROTOCOL_VIOLATION, 10);
    }

    /// Whether the client has begun an HTTP request and not come to the end of its head: the server
    /// has read it, and waits.
    private static boolean isUnfinishedRequest(Story story) {
        Payload sent = story.connection().clientBytes().bytes();
        return Framing.isHttp(sent) && !sent.contains("\r\n\r\n");
    }

    /// A program that is killed leaves a FIN where it had read everything: RST without anything
    /// unread is a decision (`__tcp_close` in net/ipv4/tcp.c).
    private Evidence abortedIdle(Packet rst, long quiet, boolean nothingUnread) {
        boolean timer = Idle.isRound(quiet);
        String after = "the server aborted after " + Idle.tenths(quiet) + " s of silence";
        if (nothingUnread) {
            return fact(
                            rst,
                            after
                                    + (timer ? ", as a timer does" + whoseDefault(quiet) : "")
                                    + ": it had nothing unread, so it was not killed")
                    .weighs(Cause.IDLE_TIMEOUT, timer ? 24 : 20)
                    .weighs(Cause.SERVER_RESTART, 8);
        }
        return fact(rst, after + ", with data that it had not read")
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.IDLE_TIMEOUT, timer ? 14 : 8)
                .weighs(Cause.PROTOCOL_VIOLATION, 10);
    }

    /// Keep-alive probes of the RST's side since somebody had last said something: no new byte, one
    /// number below the next (RFC 9293, 3.8.4). Probes of a closed window look the same.
    private static long probes(Story story, Packet rst) {
        long probes = 0;
        for (Packet packet : story.before(rst)) {
            boolean own = packet.fromClient() == rst.fromClient();
            boolean probe =
                    own
                            && packet.length() <= 1
                            && !packet.isFin()
                            && !packet.has(Decoder.SYN)
                            && packet.sequence() == rst.sequence() - 1;
            if (probe) {
                probes++;
            } else if (packet.hasData() || (!own && packet.window() == 0)) {
                probes = 0;
            }
        }
        return probes;
    }

    /// The server's last words name the reason.
    private Optional<Evidence> serverSaid(Story story) {
        List<Packet> message = new ArrayList<>();
        int bytes = 0;
        for (Packet packet : story.connection().packets().reversed()) {
            if (packet.hasData() && packet.fromClient() && !message.isEmpty()) {
                break;
            }
            if (packet.hasData() && !packet.fromClient()) {
                message.addFirst(packet);
                bytes += packet.length();
            }
        }
        if (message.isEmpty()) {
            return Optional.empty();
        }
        StringBuilder text = new StringBuilder();
        if (bytes <= LONGEST_MESSAGE) {
            message.forEach(packet -> text.append(packet.payload().text()));
        }
        Packet last = message.getLast();
        String begin = message.getFirst().payload().text();
        return LastWords.of(
                        begin.startsWith("HTTP/")
                                ? begin
                                : story.connection().serverBytes().lastText(),
                        text.toString(),
                        last.payload())
                .map(meaning -> {
                    Evidence said =
                            fact(last, meaning.what()).weighs(meaning.cause(), meaning.weight());
                    return meaning.other().map(other -> said.weighs(other, 12)).orElse(said);
                });
    }

    /// The two sides speak different protocols: TLS on one side alone, or HTTP or TLS to a server
    /// that greeted as another.
    private Optional<Evidence> differentProtocols(Story story) {
        Payload client = story.connection().clientBytes().bytes();
        Payload server = story.connection().serverBytes().bytes();
        if (client.size() < 3 || server.size() < 3) {
            return Optional.empty();
        }
        boolean clientTls = Framing.isTls(client);
        boolean serverTls = Framing.isTls(server);
        Optional<String> greeting = Framing.greeting(server);
        String what;
        if (greeting.isPresent() && (clientTls || Framing.isHttp(client))) {
            what =
                    "the server greets as "
                            + greeting.get()
                            + ", the client speaks "
                            + (clientTls ? "TLS" : "HTTP");
        } else if (clientTls == serverTls || server.startsWith("S") || server.startsWith("N")) {
            return Optional.empty();
        } else {
            what =
                    clientTls
                            ? "the client speaks TLS, the server does not"
                            : "the server speaks TLS, the client does not";
        }
        return Optional.of(
                fact(story.decisive().orElseThrow(), what).weighs(Cause.PROTOCOL_VIOLATION, 34));
    }

    /// The client's bytes break their own protocol, or keep it.
    private Optional<Evidence> framingBroken(Story story) {
        Packet last = story.decisive().orElseThrow();
        // Not a switch: for one over records, the JDK generates a class in each run.
        Framing.Verdict verdict = framing.check(story.connection());
        if (verdict instanceof Framing.Verdict.Violation(int offset, String what)) {
            long number = story.connection().clientBytes().packetAt(offset);
            if (cameAfterTheEnd(story, number)) {
                return Optional.empty();
            }
            return Optional.of(
                    Evidence.of(
                                    what + " at byte " + offset + " of what the client sent",
                                    new Place.Packet(files.get(last.file()), number))
                            .weighs(Cause.PROTOCOL_VIOLATION, 28));
        }
        if (verdict instanceof Framing.Verdict.WellFormed(String protocol)) {
            return Optional.of(
                    fact(last, "what the client sent is well-formed " + protocol)
                            .weighs(Cause.PROTOCOL_VIOLATION, -6));
        }
        return Optional.empty();
    }

    /// Whether the client sent the packet when the server had ended the connection already.
    private static boolean cameAfterTheEnd(Story story, long number) {
        Packet rst = story.decisive().orElseThrow();
        Packet end = serverFin(story, rst).orElse(rst);
        return Packets.any(story.connection().packets(), packet ->
                        packet.fromClient()
                                && packet.number() == number
                                && packet.nanos() > end.nanos());
    }

    /// Several connections of the server ended at the same time, or new ones are refused.
    private Optional<Evidence> endedTogether(Story story, Packet rst) {
        Endpoint server = story.connection().server();
        long together = neighbours.endedTogether(story.connection().summary(), rst.nanos());
        long refused = neighbours.refusedAfter(server, rst.nanos());
        if (refused > 0 && !neighbours.alternates(server)) {
            return Optional.of(
                    fact(rst, "the server refused " + refused + " connections right after")
                            .weighs(Cause.SERVER_RESTART, 20));
        }
        return together >= 3 && neighbours.openAt(server, rst.nanos() + Idle.LEAST_NANOS) == 0
                ? Optional.of(
                        fact(rst, together + " connections of the server ended at the same time")
                                .weighs(Cause.SERVER_RESTART, 8))
                : Optional.empty();
    }

    /// The server was there right after: it did not end as a whole.
    private Optional<Evidence> livesOn(Story story, Packet rst) {
        Packet end = serverFin(story, rst).orElse(rst);
        boolean ended = end.isFin() || !isPassive(rst);
        return ended && neighbours.livesOn(story.connection().server(), end.nanos())
                ? Optional.of(
                        fact(end, "the server was still there for others")
                                .weighs(Cause.SERVER_RESTART, -6))
                : Optional.empty();
    }

    /// Several connections of the server ended after the same number of bytes, one after the other.
    private Optional<Evidence> sameLength(Story story, Packet rst) {
        FlowSummary summary = story.connection().summary();
        long bytes = summary.serverBytes();
        if (bytes < LEAST_TRANSFER || silenceBefore(story, rst) >= Idle.LEAST_NANOS) {
            return Optional.empty();
        }
        long atOnce = neighbours.endedTogether(summary, rst.nanos());
        long exact = neighbours.cutAt(summary.server(), bytes, 1000);
        long about = neighbours.cutAt(summary.server(), bytes, 20);
        boolean several = exact >= 3 || (exact == 2 && about == 2);
        long alike = several ? exact : about;
        if (alike <= atOnce || (alike < 3 && !several)) {
            return Optional.empty();
        }
        return Optional.of(
                fact(
                                rst,
                                String.format(
                                        Locale.ROOT,
                                        "%d connections ended after %s%,d bytes from the server",
                                        alike,
                                        several ? "" : "about ",
                                        bytes))
                        .weighs(Cause.TRANSFER_LIMIT, alike < 3 ? 26 : several ? 30 : 28));
    }

    /// Several connections of the server ended at the same age, in the middle of an answer.
    private Optional<Evidence> sameAge(Story story, Packet rst) {
        FlowSummary summary = story.connection().summary();
        long age = rst.nanos() - summary.startNanos();
        boolean sending =
                summary.serverBytes() >= LEAST_TRANSFER
                        && lastSpeech(story, rst)
                                .filter(last -> !last.fromClient())
                                .filter(last -> rst.nanos() - last.nanos() < age / 4)
                                .isPresent();
        if (!sending || age < Idle.LEAST_NANOS) {
            return Optional.empty();
        }
        long alike = neighbours.cutAfter(summary.server(), age);
        return alike >= 3 && alike > neighbours.endedTogether(summary, rst.nanos())
                ? Optional.of(
                        fact(
                                        rst,
                                        alike
                                                + " connections ended in the middle of an answer after "
                                                + Idle.tenths(age)
                                                + " s")
                                .weighs(Cause.TRANSFER_LIMIT, 27))
                : Optional.empty();
    }

    /// How long nobody had said anything before `packet`.
    private static long gapBefore(Story story, Packet packet) {
        List<Packet> before = story.before(packet);
        for (Packet last : before.reversed()) {
            boolean speech =
                    last.hasData() || last.isFin() || last.has(Decoder.SYN) || last.length() == 0;
            if (speech && !last.isRst()) {
                return packet.nanos() - last.nanos();
            }
        }
        return 0;
    }

    private static long quietBefore(Story story, Packet rst) {
        return gapBefore(story, rst);
    }

    /// Whether `idle` is long beside the connection's other pauses.
    private static boolean isLong(Story story, Packet rst, long idle) {
        List<Packet> packets = story.before(rst);
        long[] gaps = new long[Math.max(0, packets.size() - 1)];
        for (int i = 1; i < packets.size(); i++) {
            gaps[i - 1] = packets.get(i).nanos() - packets.get(i - 1).nanos();
        }
        java.util.Arrays.sort(gaps);
        long median = gaps.length == 0 ? 0 : gaps[gaps.length / 2];
        return idle >= 10 * median;
    }

    /// Remedies with the values that this very connection shows.
    List<Remedy> remedies(Story story, Optional<Cause> cause) {
        if (cause.isEmpty() || cause.get() != Cause.IDLE_TIMEOUT || story.decisive().isEmpty()) {
            return List.of();
        }
        Packet rst = story.decisive().get();
        long idle = gapBefore(story, firstCopy(story, rst));
        idle = Math.max(idle, story.trigger().map(trigger -> gapBefore(story, trigger)).orElse(0L));
        Optional<Packet> fin =
                Packets.first(story.before(rst), packet -> packet.isFin() && !packet.fromClient());
        idle = fin.isPresent() ? gapBefore(story, fin.get()) : idle;
        if (idle < Idle.LEAST_NANOS) {
            return List.of();
        }
        long seconds = Math.max(1, (long) (idle / 1e9 * 0.8));
        return List.of(
                new Remedy(
                        Remedy.Where.CLIENT,
                        "Keep pooled connections for at most "
                                + seconds
                                + " s, or send TCP keep-alives every "
                                + Math.max(1, seconds / 2)
                                + " s (idle when it ended: "
                                + Idle.tenths(idle)
                                + " s)."));
    }
}
