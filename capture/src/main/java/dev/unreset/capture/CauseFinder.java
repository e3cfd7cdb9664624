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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Why a connection ended badly: each rule is one method, named as in
/// docs/how-resets-are-attributed.md, and says what it saw in decibans.
final class CauseFinder {

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([45]\\d\\d)");

    /// What servers say before they close a connection that is one too many.
    private static final Pattern TOO_MANY =
            Pattern.compile(
                    "too many (connections|clients)|max number of clients|remaining connection slots|MaxStartups|connection limit exceeded|no more connections",
                    Pattern.CASE_INSENSITIVE);

    private static final Pattern GOING_DOWN =
            Pattern.compile(
                    "shutting down|due to administrator command|Server shutdown in progress|CONNECTION_FORCED",
                    Pattern.CASE_INSENSITIVE);

    private static final Pattern NOT_UNDERSTOOD =
            Pattern.compile(
                    "Protocol mismatch|Protocol error|invalid length of startup packet|Bad handshake|Packets out of order|unsupported frontend protocol|Malformed packet",
                    Pattern.CASE_INSENSITIVE);

    /// A reset so soon after data answers the data.
    private static final long AT_ONCE = 50_000_000;

    private final List<String> files;
    private final Neighbours neighbours;
    private final Framing framing;

    CauseFinder(List<String> files, Neighbours neighbours, Framing framing) {
        this.files = files;
        this.neighbours = neighbours;
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
            case REFUSED -> evidence.add(refused(story, packet, sender));
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
            case MIDDLEBOX -> evidence.add(betweenBoth(story, rst));
            case SERVER, UNKNOWN -> {
                evidence.add(serverReset(story, rst));
                serverSaid(story).or(() -> differentProtocols(story)).ifPresent(evidence::add);
                framingBroken(story).ifPresent(evidence::add);
                endedTogether(story, rst).ifPresent(evidence::add);
                sameLength(story, rst).ifPresent(evidence::add);
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
        if (open > 0) {
            return fact(rst, "refused while " + open + " other connections of the server were open")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.RATE_LIMIT, 10);
        }
        if (sender == Sender.MIDDLEBOX) {
            return before && lately > 0
                    ? fact(
                                    rst,
                                    "refused after "
                                            + lately
                                            + " connections within two seconds, of which none is open")
                            .weighs(Cause.RATE_LIMIT, 24)
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
        long synAcks = story.connection().packets().stream().filter(Packet::isSynAck).count();
        boolean serverSpoke =
                story.connection().packets().stream()
                        .anyMatch(packet -> !packet.fromClient() && packet.hasData());
        if (synAcks > 1 && !serverSpoke) {
            return fact(repeated, "the server repeats its SYN-ACK: it does not take the connection")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.MIDDLEBOX, 8);
        }
        boolean heardAfterHandshake =
                story.connection().packets().stream()
                        .anyMatch(packet ->
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
        return story.before(repeated).stream()
                .filter(packet ->
                        packet.fromClient() == repeated.fromClient()
                                && packet.end() == repeated.end()
                                && (packet.hasData() || packet.isFin()))
                .findFirst()
                .orElse(repeated);
    }

    private Evidence rejected(Packet rst) {
        return fact(rst, "the receiver did not accept it: the connection went on (RFC 5961, 3.2)")
                .weighs(Cause.MIDDLEBOX, 24);
    }

    /// The client's own decision.
    private Evidence clientGaveUp(Story story, Packet rst) {
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
                    .weighs(Cause.IDLE_TIMEOUT, 26)
                    .weighs(Cause.MIDDLEBOX, 10);
        }
        return story.trigger().filter(Packet::hasData).isPresent()
                ? fact(rst, "it came upon data, which somebody between read")
                        .weighs(Cause.MIDDLEBOX, 26)
                : fact(rst, "somebody between the two ended the connection")
                        .weighs(Cause.MIDDLEBOX, 24);
    }

    /// The server's own stack sent it: the forms of resets.md, 1.3.
    private Evidence serverReset(Story story, Packet rst) {
        Optional<Packet> fin =
                story.before(rst).stream()
                        .filter(packet -> packet.isFin() && !packet.fromClient())
                        .findFirst();
        if (fin.isPresent()) {
            return closedBefore(story, fin.get());
        }
        return isPassive(rst) ? noSuchSocket(story, rst) : abort(story, rst);
    }

    /// `R`, or no options and no window: the stack answered for a socket that it does not have.
    private static boolean isPassive(Packet rst) {
        return !rst.has(Decoder.ACK)
                || (rst.window() == 0 && rst.headerBytes() == 20 && rst.ipId() <= 0);
    }

    /// The server had closed; the client did not know, or did not look, and spoke.
    private Evidence closedBefore(Story story, Packet fin) {
        long idle = gapBefore(story, fin);
        boolean nothingSaid = story.before(fin).stream().noneMatch(Packet::hasData);
        if (nothingSaid && idle < Idle.LEAST_NANOS) {
            return fact(fin, "the server closed right after the handshake, without a byte")
                    .weighs(Cause.CONNECTION_LIMIT, 22)
                    .weighs(Cause.SERVER_RESTART, 6);
        }
        if (idle >= Idle.LEAST_NANOS && Idle.isRound(idle)) {
            return fact(
                            fin,
                            "the server closed after "
                                    + Idle.tenths(idle)
                                    + " s of silence, as a timer does"
                                    + whoseDefault(idle)
                                    + "; the client used the connection again")
                    .weighs(Cause.IDLE_TIMEOUT, 24)
                    .weighs(Cause.SERVER_RESTART, 6);
        }
        if (idle >= Idle.LEAST_NANOS) {
            boolean veryLong = idle >= 10 * Idle.LEAST_NANOS;
            return fact(
                            fin,
                            "the server closed after "
                                    + Idle.tenths(idle)
                                    + " s of silence; the client used the connection again")
                    .weighs(Cause.IDLE_TIMEOUT, veryLong ? 20 : 17)
                    .weighs(Cause.SERVER_RESTART, veryLong ? 10 : 12);
        }
        return fact(
                        fin,
                        "the server closed "
                                + Idle.hundredths(idle)
                                + " s after the last packet; the client went on")
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.IDLE_TIMEOUT, 8);
    }

    /// The server's kernel has no such connection.
    private Evidence noSuchSocket(Story story, Packet rst) {
        boolean serverSpoke =
                story.before(rst).stream()
                        .anyMatch(packet -> !packet.fromClient() && packet.hasData());
        long open = neighbours.openAt(story.connection().server(), rst.nanos()) - 1;
        long gap = story.trigger().map(trigger -> gapBefore(story, trigger)).orElse(0L);
        if (!serverSpoke && story.hasHandshake() && (gap < Idle.LEAST_NANOS || open > 0)) {
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
        long quiet = quietBefore(story, rst);
        boolean answered =
                story.before(rst).stream()
                        .anyMatch(packet -> !packet.fromClient() && packet.hasData());
        long others = neighbours.outlasting(story.connection().server(), rst.nanos());
        long age = rst.nanos() - story.connection().summary().startNanos();
        if (!answered && age < Idle.LEAST_NANOS && others > 0) {
            return fact(
                            rst,
                            "the server accepted and aborted at once, while "
                                    + others
                                    + " other connections stayed open")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.RATE_LIMIT, 10)
                    .weighs(Cause.PROTOCOL_VIOLATION, 10);
        }
        if (quiet <= AT_ONCE) {
            return answered
                    ? fact(rst, "the server aborted in the middle of the conversation")
                            .weighs(Cause.SERVER_RESTART, 14)
                            .weighs(Cause.PROTOCOL_VIOLATION, 12)
                    : fact(
                                    rst,
                                    "the server aborted at once upon what it received, without an answer")
                            .weighs(Cause.PROTOCOL_VIOLATION, 18)
                            .weighs(Cause.SERVER_RESTART, 10);
        }
        if (answered && quiet >= Idle.LEAST_NANOS && Idle.isRound(quiet)) {
            return fact(
                            rst,
                            "the server aborted after "
                                    + Idle.tenths(quiet)
                                    + " s of silence, as a timer does")
                    .weighs(Cause.IDLE_TIMEOUT, 22)
                    .weighs(Cause.SERVER_RESTART, 8);
        }
        return fact(
                        rst,
                        "the server aborted "
                                + Idle.hundredths(quiet)
                                + " s after the last packet, with data that it had not read")
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.PROTOCOL_VIOLATION, 10);
    }

    /// Keep-alive probes of the RST's side: no new byte, one number below the next (RFC 9293,
    /// 3.8.4).
    private static long probes(Story story, Packet rst) {
        return story.before(rst).stream()
                .filter(packet -> packet.fromClient() == rst.fromClient())
                .filter(packet ->
                        packet.length() <= 1 && !packet.isFin() && !packet.has(Decoder.SYN))
                .filter(packet -> packet.sequence() == rst.sequence() - 1)
                .count();
    }

    /// The server's last words name the reason.
    private Optional<Evidence> serverSaid(Story story) {
        Connection connection = story.connection();
        String text = connection.serverBytes().lastText();
        Optional<Packet> said =
                connection.packets().stream()
                        .filter(packet -> !packet.fromClient() && packet.hasData())
                        .reduce((first, last) -> last);
        if (said.isEmpty()) {
            return Optional.empty();
        }
        if (!isText(text)) {
            return tlsAlert(said.get());
        }
        Matcher status = STATUS.matcher(text);
        String last = "";
        while (status.find()) {
            last = status.group(1);
        }
        if (TOO_MANY.matcher(text).find()) {
            return Optional.of(
                    fact(said.get(), "the server said that it has too many connections")
                            .weighs(Cause.CONNECTION_LIMIT, 32));
        }
        if (GOING_DOWN.matcher(text).find()) {
            return Optional.of(
                    fact(said.get(), "the server said that it shuts down")
                            .weighs(Cause.SERVER_RESTART, 32));
        }
        if (NOT_UNDERSTOOD.matcher(text).find()) {
            return Optional.of(
                    fact(said.get(), "the server said that it did not understand")
                            .weighs(Cause.PROTOCOL_VIOLATION, 30));
        }
        return switch (last) {
            case "429" ->
                    Optional.of(
                            fact(said.get(), "the server had answered 429")
                                    .weighs(Cause.RATE_LIMIT, 32));
            case "503" ->
                    Optional.of(
                            fact(said.get(), "the server had answered 503")
                                    .weighs(Cause.CONNECTION_LIMIT, 16)
                                    .weighs(Cause.RATE_LIMIT, 10));
            case "400", "408", "411", "413", "414", "417", "426", "431", "501", "505" ->
                    Optional.of(
                            fact(said.get(), "the server had answered " + last)
                                    .weighs(Cause.PROTOCOL_VIOLATION, 28));
            default -> tlsAlert(said.get());
        };
    }

    /// Whether most of it can be read by people: patterns are looked for in nothing else.
    private static boolean isText(String text) {
        int printable = 0;
        for (int i = 0; i < text.length(); i++) {
            printable += text.charAt(i) >= ' ' && text.charAt(i) < 127 ? 1 : 0;
        }
        return 2 * printable > text.length();
    }

    private Optional<Evidence> tlsAlert(Packet said) {
        Payload last = said.payload();
        boolean alert = last.size() == 7 && last.at(0) == 21 && last.at(1) == 3 && last.at(5) == 2;
        return alert
                ? Optional.of(
                        fact(said, "the server sent TLS alert " + last.at(6))
                                .weighs(Cause.PROTOCOL_VIOLATION, 28))
                : Optional.empty();
    }

    /// One side speaks TLS and the other does not.
    private Optional<Evidence> differentProtocols(Story story) {
        Payload client = story.connection().clientBytes().bytes();
        Payload server = story.connection().serverBytes().bytes();
        if (client.size() < 3 || server.size() < 3) {
            return Optional.empty();
        }
        boolean clientTls = Framing.isTls(client);
        boolean serverTls = Framing.isTls(server);
        return clientTls == serverTls || server.startsWith("S") || server.startsWith("N")
                ? Optional.empty()
                : Optional.of(
                        fact(
                                        story.decisive().orElseThrow(),
                                        clientTls
                                                ? "the client speaks TLS, the server does not"
                                                : "the server speaks TLS, the client does not")
                                .weighs(Cause.PROTOCOL_VIOLATION, 34));
    }

    /// The client's bytes break their own protocol, or keep it.
    private Optional<Evidence> framingBroken(Story story) {
        Packet last = story.decisive().orElseThrow();
        // Not a switch: for one over records, the JDK generates a class in each run.
        Framing.Verdict verdict = framing.check(story.connection());
        if (verdict instanceof Framing.Verdict.Violation(int offset, String what)) {
            long number = story.connection().clientBytes().packetAt(offset);
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

    /// Several connections of the server ended within a second.
    private Optional<Evidence> endedTogether(Story story, Packet rst) {
        Endpoint server = story.connection().server();
        long together = neighbours.endedTogether(server, rst.nanos());
        long refused = neighbours.refusedAfter(server, rst.nanos());
        if (refused > 0) {
            return Optional.of(
                    fact(rst, "the server refused " + refused + " connections right after")
                            .weighs(Cause.SERVER_RESTART, 20));
        }
        return together >= 3 && neighbours.openAt(server, rst.nanos() + Idle.LEAST_NANOS) == 0
                ? Optional.of(
                        fact(rst, together + " connections of the server ended within a second")
                                .weighs(Cause.SERVER_RESTART, 8))
                : Optional.empty();
    }

    /// Several connections of the server ended after the same number of bytes.
    private Optional<Evidence> sameLength(Story story, Packet rst) {
        long bytes = story.connection().summary().serverBytes();
        long alike = bytes < 10_000 ? 0 : neighbours.cutAt(story.connection().server(), bytes);
        return alike >= 3
                ? Optional.of(
                        fact(
                                        rst,
                                        String.format(
                                                Locale.ROOT,
                                                "%d connections ended after %,d bytes from the server",
                                                alike,
                                                bytes))
                                .weighs(Cause.TRANSFER_LIMIT, 30))
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
                story.before(rst).stream()
                        .filter(packet -> packet.isFin() && !packet.fromClient())
                        .findFirst();
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
