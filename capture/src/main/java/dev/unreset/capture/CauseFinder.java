package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
import dev.unreset.Sender;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Why a connection ended badly: which rules are asked, by how it ended and who sent the reset.
/// Each rule is one method, here or in the class that it belongs to, named as in
/// docs/how-resets-are-attributed.md, and says what it saw in decibans.
final class CauseFinder {

    /// What is on the way forgets no connection sooner.
    private static final long LEAST_ON_THE_WAY = 2 * Idle.LEAST_NANOS;

    /// As many equal requests within a second are more than people make.
    private static final int MANY = 6;

    private final List<Connection> connections;
    private final Facts facts;
    private final Neighbours neighbours;
    private final Unanswered unanswered;
    private final ForgottenConnections forgotten;
    private final ServerResets serverResets;
    private final Protocols protocols;
    private final Patterns patterns;
    private final ServerEnds serverEnds;

    /// @param files the names of the captures, for places
    /// @param connections all that are looked at
    CauseFinder(
            List<String> files,
            List<Connection> connections,
            Neighbours neighbours,
            RoundTrips roundTrips,
            UsualSpeech usual,
            Framing framing) {
        this.connections = connections;
        this.facts = new Facts(files);
        this.neighbours = neighbours;
        this.forgotten = new ForgottenConnections(facts, neighbours, connections);
        this.unanswered = new Unanswered(facts, neighbours, forgotten);
        this.serverResets = new ServerResets(facts, neighbours, roundTrips, usual, forgotten);
        this.protocols = new Protocols(facts, neighbours, usual, framing);
        this.serverEnds = new ServerEnds(connections, neighbours);
        this.patterns =
                new Patterns(facts, neighbours, roundTrips, serverEnds, new Steps(connections));
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
                Optional<Unreachable> rejection = story.rejection();
                evidence.add(
                        rejection.isPresent()
                                ? unanswered.rejected(story, rejection.get())
                                : unanswered.refused(story, packet, sender));
                if (rejection.isEmpty() && sender != Sender.MIDDLEBOX) {
                    serverEnds
                            .before(
                                    story.connection().server(),
                                    packet.nanos(),
                                    facts.place(packet))
                            .ifPresent(evidence::add);
                }
            }
            case TIMEOUT -> {
                evidence.add(unanswered.silence(story, packet));
                if (Patterns.wasTransferring(story, packet)
                        && !Unanswered.isTooLarge(story, packet)) {
                    patterns.sameLength(story, packet, true).ifPresent(evidence::add);
                }
            }
            case REJECTED_RESET -> evidence.add(rejected(packet));
            case RESET -> reset(story, packet, sender, evidence);
            case CLOSED, OPEN -> {}
        }
        return evidence;
    }

    private void reset(Story story, Packet rst, Sender sender, List<Evidence> evidence) {
        switch (sender) {
            case CLIENT -> {
                evidence.add(clientGaveUp(story, rst));
                protocols
                        .differentProtocols(story)
                        .or(() -> protocols.answerBroken(story))
                        .or(() -> protocols.refusedEarly(story))
                        .ifPresent(evidence::add);
            }
            case MIDDLEBOX -> {
                evidence.add(betweenBoth(story, rst));
                patterns.sameLength(story, rst, true)
                        .or(() -> patterns.sameTotal(story, rst))
                        .or(() -> patterns.sameAge(story, rst, true))
                        .ifPresent(evidence::add);
            }
            case SERVER, UNKNOWN -> {
                evidence.add(serverResets.serverReset(story, rst));
                Optional<Evidence> said = protocols.serverSaid(story);
                said.or(() -> protocols.differentProtocols(story))
                        .or(() -> protocols.unlikeOthers(story))
                        .ifPresent(evidence::add);
                // Where no socket was, nobody read what came.
                if (!Pauses.isPassive(rst) || Pauses.serverFin(story, rst).isPresent()) {
                    protocols.framingBroken(story).ifPresent(evidence::add);
                }
                Optional<Evidence> missed = protocols.keepAliveMissed(story, rst);
                missed.ifPresent(evidence::add);
                // Whoever gave another reason, or had one, was not killed.
                boolean explained =
                        missed.isPresent() || (said.isPresent() && protocols.spokeLast(story, rst));
                Optional<Evidence> transferLimit =
                        explained
                                ? Optional.empty()
                                : patterns.sameLength(story, rst, false)
                                        .or(() -> patterns.sameAge(story, rst, false));
                transferLimit.ifPresent(evidence::add);
                if (transferLimit.isEmpty() && !explained) {
                    patterns.roundAge(story, rst).ifPresent(evidence::add);
                }
                // What others met at other times is no restart either.
                boolean restarted =
                        said.filter(each -> each.decibans().containsKey(Cause.SERVER_RESTART))
                                .isPresent();
                boolean limited =
                        neighbours.admissions().limit(story.connection().summary()).isPresent();
                if (restarted || (!explained && !limited && transferLimit.isEmpty())) {
                    ended(story, rst, evidence);
                }
                patterns.livesOn(story, rst).ifPresent(evidence::add);
            }
        }
    }

    /// With which others the server ended the connection.
    private void ended(Story story, Packet rst, List<Evidence> evidence) {
        boolean othersStayed = patterns.othersOutlast(story, rst);
        boolean wentOn = othersStayed || patterns.serverAcceptsNext(story, rst);
        Optional<ServerEnds.Beside> beside = serverEnds.beside(story);
        boolean swept = wentOn && beside.isPresent() && beside.get().wereSwept(othersStayed);
        boolean again = beside.filter(ServerEnds.Beside::wereSweptAgain).isPresent();
        boolean timer =
                swept || again || beside.filter(ServerEnds.Beside::fellSilentTogether).isPresent();
        beside.flatMap(each -> each.evidence(facts.place(rst), wentOn, swept))
                .ifPresent(evidence::add);
        patterns.endedTogether(story, rst, timer).ifPresent(evidence::add);
    }

    private Evidence rejected(Packet rst) {
        return facts.of(
                        rst,
                        "the receiver did not accept it: the connection went on (RFC 5961, 3.2)")
                .weighs(Cause.MIDDLEBOX, 24);
    }

    /// The client's own decision.
    private Evidence clientGaveUp(Story story, Packet rst) {
        if (Pauses.isPassive(rst) && Pauses.wasThere(story, rst)) {
            return facts.of(
                            rst,
                            "the client no longer knows a connection that it just had and never closed: it was reset there")
                    .weighs(Cause.MIDDLEBOX, 24)
                    .weighs(Cause.CLIENT_ABORT, 14);
        }
        long probes = Pauses.probes(story.before(rst), rst);
        if (probes >= 2) {
            return facts.of(rst, probes + " keep-alive probes were not answered")
                    .weighs(Cause.IDLE_TIMEOUT, 26);
        }
        boolean midway = !story.connection().serverBytes().isEmpty();
        return facts.of(
                        rst,
                        midway ? "the client reset in the middle of an answer" : "the client reset")
                .weighs(Cause.CLIENT_ABORT, 28);
    }

    /// A firewall, a NAT, a load balancer, an injector: by a timer, by what it read, or by a limit.
    private Evidence betweenBoth(Story story, Packet rst) {
        return forgottenBetween(story, rst)
                .or(() -> tooManyRequests(story, rst))
                .or(() -> cutBetween(story, rst))
                .or(() -> limitedBetween(story, rst))
                .orElseGet(() ->
                        facts.of(rst, "somebody between the two ended the connection")
                                .weighs(Cause.MIDDLEBOX, 24));
    }

    private Optional<Evidence> forgottenBetween(Story story, Packet rst) {
        long gap = story.trigger().map(trigger -> Pauses.pauseBefore(story, trigger)).orElse(0L);
        long quiet = Pauses.pauseBefore(story, rst);
        long idle = Math.max(gap, quiet);
        Packet end = quiet >= gap ? rst : story.trigger().orElse(rst);
        boolean midway = Answer.in(story.before(end)) == Answer.CUT;
        if (idle < Idle.LEAST_NANOS || midway || !Pauses.isLong(story, rst, idle)) {
            return Optional.empty();
        }
        String how =
                quiet >= gap
                        ? "it came without a packet before it, after "
                        : "it came on the first packet, after ";
        return Optional.of(
                facts.of(rst, how + Idle.tenths(idle) + " s of silence" + Idle.whoseDefault(idle))
                        .weighs(Cause.IDLE_TIMEOUT, idle >= LEAST_ON_THE_WAY ? 26 : 16)
                        .weighs(Cause.MIDDLEBOX, idle >= LEAST_ON_THE_WAY ? 10 : 20));
    }

    private Optional<Evidence> tooManyRequests(Story story, Packet rst) {
        int alike = Patterns.answeredAlike(story);
        // Who cuts several at once does not count what each asks for.
        boolean alone = neighbours.endedTogether(story.connection().summary(), rst.nanos()) <= 1;
        return alike >= MANY && alone
                ? Optional.of(
                        facts.of(
                                        rst,
                                        "it came upon the last of "
                                                + alike
                                                + " equal requests within a second, of which the others were answered")
                                .weighs(Cause.RATE_LIMIT, 24)
                                .weighs(Cause.MIDDLEBOX, 18))
                : Optional.empty();
    }

    private Optional<Evidence> cutBetween(Story story, Packet rst) {
        return Patterns.cutData(story, rst)
                .map(data ->
                        facts.of(rst, "it came upon data, which somebody between read")
                                .weighs(Cause.MIDDLEBOX, 26));
    }

    /// A limit that turned it away before either side had said a byte.
    private Optional<Evidence> limitedBetween(Story story, Packet rst) {
        FlowSummary summary = story.connection().summary();
        if (summary.clientBytes() > 0 || summary.serverBytes() > 0) {
            return Optional.empty();
        }
        Optional<Admission> limit =
                rst.fromClient()
                        ? neighbours.admissions().limitOfForgedResets(summary, this::forgedAtOnce)
                        : neighbours.admissions().limit(summary);
        return limit.map(each -> each.evidenceBetween(facts, rst));
    }

    /// When connections of a server began that somebody reset in their client's name before
    /// anything was said: by the distance that the RST travelled. A client that only looks whether
    /// somebody listens sends the same.
    private Set<Long> forgedAtOnce(Endpoint server) {
        Set<Long> starts = new HashSet<>();
        for (Connection connection : connections) {
            FlowSummary summary = connection.summary();
            boolean silent = summary.clientBytes() == 0 && summary.serverBytes() == 0;
            if (silent && summary.server().equals(server)) {
                Packets.first(connection.packets(), Packet::isRst)
                        .filter(Packet::fromClient)
                        .filter(rst -> !Closing.looksLikeItsSide(connection.before(rst), rst))
                        .ifPresent(rst -> starts.add(summary.startNanos()));
            }
        }
        return starts;
    }

    /// The idle time that ended the connection, measured as the evidence for it is.
    private static long idleBefore(Story story, Packet end) {
        Optional<Packet> fin = Pauses.serverFin(story, end);
        if (fin.isPresent()) {
            return Pauses.silenceBefore(story, Pauses.partingWords(story, fin.get()));
        }
        boolean serverDecided = end.isRst() && !end.fromClient() && !Pauses.isPassive(end);
        long own =
                serverDecided
                        ? Pauses.silenceBefore(story, end)
                        : Pauses.pauseBefore(story, Pauses.firstCopy(story, end));
        long before = story.trigger().map(trigger -> Pauses.pauseBefore(story, trigger)).orElse(0L);
        return Math.max(own, before);
    }

    /// Remedies with the values that this very connection, and those beside it, show.
    List<Remedy> remedies(Story story, Optional<Cause> cause) {
        if (cause.isEmpty() || story.decisive().isEmpty()) {
            return List.of();
        }
        return switch (cause.get()) {
            case IDLE_TIMEOUT -> {
                Packet decisive = story.decisive().get();
                yield protocols
                        .keepAliveRemedy(story, decisive)
                        .map(List::of)
                        .orElseGet(() -> beforeItIsIdle(story, decisive));
            }
            case CONNECTION_LIMIT, RATE_LIMIT ->
                    neighbours
                            .admissions()
                            .limit(story.connection().summary())
                            .flatMap(admission -> admission.remedy(cause.get()))
                            .map(List::of)
                            .orElse(List.of());
            default -> List.of();
        };
    }

    private List<Remedy> beforeItIsIdle(Story story, Packet rst) {
        long idle = Math.max(idleBefore(story, rst), forgotten.silenceBeforeItMoved(story));
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
